package socket

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
)

// OtherOwner says that the data belongs to another user than the one who runs
// this process.
type OtherOwner struct {
	Dir        string
	Owner, Me  string // as in "ada (uid 1000)"
	ownerLogin string
}

func (e *OtherOwner) Error() string {
	text := fmt.Sprintf("the data in %s belongs to %s and this is %s: run the command as its owner, for example with “sudo -u %s”",
		e.Dir, e.Owner, e.Me, e.ownerLogin)
	if e.ownerLogin == login(0) { // as a new mount does
		text += fmt.Sprintf(", or hand it over with “chown -R %d %s”", os.Geteuid(), e.Dir)
	}
	return text
}

// CheckOwner returns *OtherOwner if dir exists and belongs to another user. Root
// is refused as well: files it makes there would lock the owner out.
func CheckOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return nil // missing, or hidden from us: opening it will say so
	}
	uid, known := owner(info)
	if me := os.Geteuid(); known && uid != me {
		return &OtherOwner{Dir: dir, Owner: userName(uid), Me: userName(me), ownerLogin: login(uid)}
	}
	return nil
}

func userName(uid int) string {
	if name := login(uid); name[0] != '#' {
		return fmt.Sprintf("%s (uid %d)", name, uid)
	}
	return fmt.Sprintf("uid %d", uid)
}

// login is how sudo spells a user.
func login(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil && u.Username != "" {
		return u.Username
	}
	return "#" + strconv.Itoa(uid)
}
