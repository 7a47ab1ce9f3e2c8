package keys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Permissions a master key file may have at most: our own file belongs to one user;
// a file named by the operator may be readable by a group, as mounted secrets are.
const (
	ownMode   fs.FileMode = 0o700
	namedMode fs.FileMode = 0o750
)

// LoadMaster reads the master key file that CreateMaster made. It returns an error
// wrapping fs.ErrNotExist if there is none.
func LoadMaster(path string) (Master, error) {
	return loadMaster(path, ownMode, "chmod 600")
}

// LoadNamedMaster reads a master key file that the operator named: it may also be
// readable by its group.
func LoadNamedMaster(path string) (Master, error) {
	return loadMaster(path, namedMode, "chmod 640 (for a mounted Kubernetes secret: defaultMode: 0440)")
}

func loadMaster(path string, most fs.FileMode, remedy string) (Master, error) {
	file, err := os.Open(path)
	if err != nil {
		return Master{}, fmt.Errorf("%w: %w", ErrMaster, err)
	}
	defer file.Close()
	info, err := file.Stat() // of what was opened, not of what the name means by now
	if err != nil {
		return Master{}, fmt.Errorf("%w: %w", ErrMaster, err)
	}
	if !info.Mode().IsRegular() {
		return Master{}, fmt.Errorf("%w: %s is not a regular file", ErrMaster, path)
	}
	if mode := info.Mode().Perm(); mode&^most != 0 {
		return Master{}, fmt.Errorf("%w: %s has mode %04o, so others on this machine can get at it: %s", ErrMaster,
			path, mode, remedy)
	}
	text, err := io.ReadAll(io.LimitReader(file, 1024))
	if err != nil {
		return Master{}, fmt.Errorf("%w: %w", ErrMaster, err)
	}
	if len(text) == 0 {
		return Master{}, fmt.Errorf("%w: %s is empty: restore it from a backup; if no data was ever kept with it, delete it and start again", ErrMaster, path)
	}
	master, err := ParseMaster(string(text))
	if err != nil {
		return Master{}, fmt.Errorf("%s: %w", path, err)
	}
	return master, nil
}

// CreateMaster makes a master key and writes it to a new file of mode 0600. It
// returns once the file and its name are on disk, because data sealed under a key
// that is then lost is lost with it. If the file exists the error wraps fs.ErrExist
// and the file is left alone. The caller holds the lock of the data directory.
func CreateMaster(path string) (Master, error) {
	master := newMaster()
	if err := WriteMaster(path, master); err != nil {
		return Master{}, err
	}
	return master, nil
}

// WriteMaster is CreateMaster for a key that there is already.
func WriteMaster(path string, master Master) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMaster, err)
	}
	_, err = io.WriteString(file, master.text()+"\n")
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		_ = os.Remove(path) // a key that may be torn must not be taken for one later
		return fmt.Errorf("%w: %w", ErrMaster, err)
	}
	return nil
}

// ReplaceMaster puts the key file fresh in the place of the one at path, which is
// kept as kept, unless that is "". At every moment there is a whole key at path, if
// there was one; it returns once the names are on disk.
func ReplaceMaster(fresh, path, kept string) error {
	if kept != "" {
		if err := keep(path, kept); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Rename(fresh, path), syncDir(filepath.Dir(path))); err != nil {
		return fmt.Errorf("%w: %w", ErrMaster, err)
	}
	return nil
}

// keep copies a key file. What has the copy's name already is a copy, or what was
// left of one when the power went.
func keep(path, kept string) error {
	old, err := LoadMaster(path)
	if err != nil {
		return err
	}
	if copied, err := LoadMaster(kept); err == nil && *copied.key == *old.key {
		return nil
	}
	if err := os.Remove(kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrMaster, err)
	}
	return WriteMaster(kept, old)
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
