package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"latchkey/cmd/latchkey/internal/data"
	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/cmd/latchkey/internal/version"
	"latchkey/keys"
)

// files checks who may get at the data and the master key.
func (d *doctor) files() []Finding {
	dir := d.config.DataDir
	if err := socket.CheckOwner(dir); err != nil {
		return []Finding{Fail("data directory", "run doctor as the data's owner", "%v", err)}
	}
	if err := data.CheckLost(d.config); err != nil {
		return []Finding{Fail("data file", "do one or the other before the next start", "%v", err)}
	}
	if data.Missing(dir) {
		return []Finding{warn("data directory", "run latchkey serve, or correct data_dir",
			"there is no data in %s yet (data_dir from %s)", dir, d.config.Source("data_dir"))}
	}
	return []Finding{
		d.private("data directory", dir, 0o700), d.private("data file", filepath.Join(dir, data.File), 0o600),
		d.masterKey(),
	}
}

func (d *doctor) private(check, path string, want fs.FileMode) Finding {
	info, err := os.Stat(path)
	if err != nil {
		return Fail(check, "see to it that this user can read it", "%v", textutil.FileReason(err))
	}
	if mode := info.Mode().Perm(); mode&^want != 0 {
		return warn(check, "chmod "+oct(want)+" "+path, "%s has mode %s: others on this machine can get at it",
			path, oct(mode))
	}
	return ok(check, "%s is its owner's alone", path)
}

func oct(mode fs.FileMode) string {
	return string([]byte{'0', '0' + byte(mode>>6&7), '0' + byte(mode>>3&7), '0' + byte(mode&7)})
}

// masterKey reads the master key as serve would. It never shows any of it.
func (d *doctor) masterKey() Finding {
	const check = "master key"
	c, path := d.config, filepath.Join(d.config.DataDir, data.KeyFile)
	var err error
	switch {
	case c.MasterKey != "":
		return ok(check, "given by %s", c.Source("master_key"))
	case c.MasterKeyFile != "":
		path = c.MasterKeyFile
		_, err = keys.LoadNamedMaster(path)
	default:
		_, err = keys.LoadMaster(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Fail(check, "restore it from its backup, or name it in master_key_file",
			"%s is missing, and the data cannot be read without it", path)
	}
	if err != nil {
		return Fail(check, "mend that before the next start", "%v", err)
	}
	return ok(check, "%s can be read, and by no stranger", path)
}

const setClock = "set the clock, and keep it by NTP"

// clock compares the clock with what must lie in the past.
func (d *doctor) clock() Finding {
	const check = "clock"
	now := d.now()
	if built := version.CommittedAt(); now.Before(built) {
		return Fail(check, setClock, "it says %s, before this program was made", textutil.Clock(now))
	}
	if wrote := data.WroteLater(d.config, now); !wrote.IsZero() {
		return Fail(check, setClock, "it says %s, before the data was last written (%s)", textutil.Clock(now),
			textutil.Clock(wrote))
	}
	return ok(check, "it says %s", textutil.Clock(now))
}

// Space that is little, in bytes: a backup or a compaction needs as much as the
// data file, and a full disk stops the server.
const (
	spaceLow  = 1 << 30
	spaceNone = 100 << 20
)

func (d *doctor) disk() Finding {
	const check = "disk"
	dir := d.config.DataDir
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Dir(dir)
	}
	free, err := freeSpace(dir)
	if err != nil {
		return warn(check, "look at it yourself", "free space beside %s cannot be told: %v", dir, err)
	}
	low := int64(spaceLow)
	if info, err := os.Stat(filepath.Join(dir, data.File)); err == nil {
		low = max(low, info.Size())
	}
	switch {
	case free < spaceNone:
		return Fail(check, "make room: once it is full the server stops", "%d MiB are free beside %s", free>>20, dir)
	case free < low:
		return warn(check, "make room: a backup takes as much as the data", "%d MiB are free beside %s", free>>20, dir)
	}
	return ok(check, "%d MiB are free beside %s", free>>20, dir)
}
