package data

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/policy"
)

// Resealed is what a reseal did.
type Resealed struct {
	From string `json:"from"` // fingerprints
	To   string `json:"to"`
	File string `json:"file"`           // where the new key is
	Kept string `json:"kept,omitempty"` // where the old one is, if we kept it
	Todo string `json:"todo,omitempty"` // what the operator has to do before the next start
}

// ResealNamed leaves the files to the operator, whose they are.
func (h *Opened) ResealNamed(ctx context.Context, file string) (Resealed, error) {
	from := h.masterKey.Fingerprint()
	to, err := namedOrNew(file)
	if err != nil {
		return Resealed{}, err
	}
	done := Resealed{From: from, To: to.Fingerprint(), File: file,
		Todo: fmt.Sprintf("set master_key_file to %s (it is %s)", file, h.Config.Source("master_key_file"))}
	if h.Config.MasterKey != "" {
		done.Todo = fmt.Sprintf("set master_key to what is in %s, or master_key_file to its path (master_key is from %s)", file, h.Config.Source("master_key"))
	}
	return done, h.Ring.Reseal(ctx, storage.Operator, to)
}

// ResealOwn replaces the key file beside the data. The new key is on disk before
// anything is sealed under it, and the old one stays until the new one is in its
// place: whenever the power goes, finishReseal finds the key that opens the data.
func (h *Opened) ResealOwn(ctx context.Context, file string) (Resealed, error) {
	path := filepath.Join(h.Config.DataDir, KeyFile)
	to, err := keys.NewMaster(), error(nil)
	if file != "" {
		if to, err = namedOrNew(file); err != nil {
			return Resealed{}, err
		}
	}
	// What a reseal that did not come to pass has left: the data opens without it.
	if err := os.Remove(path + freshSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Resealed{}, textutil.FileReason(err)
	}
	if err := keys.WriteMaster(path+freshSuffix, to); err != nil {
		return Resealed{}, err
	}
	from := h.masterKey.Fingerprint()
	if err := h.Ring.Reseal(ctx, storage.Operator, to); err != nil {
		return Resealed{}, err
	}
	kept := keptName(path, from)
	return Resealed{From: from, To: to.Fingerprint(), File: path, Kept: kept},
		keys.ReplaceMaster(path+freshSuffix, path, kept)
}

// freshSuffix is that of the new key file while a reseal is under way.
const freshSuffix = ".new"

func keptName(path, fingerprint string) string { return path + ".old-" + fingerprint }

// finishReseal puts the new key file in its place if a reseal was interrupted between
// the data and the file. It does nothing while the file at path opens the data.
func finishReseal(path string, set policy.KeySet) error {
	fresh, err := keys.LoadMaster(path + freshSuffix)
	if err != nil || !fresh.Opens(set) {
		return nil // none, or one that nothing was ever sealed under
	}
	old, err := keys.LoadMaster(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return keys.ReplaceMaster(path+freshSuffix, path, "")
	case err != nil:
		return err
	case old.Opens(set):
		return nil
	}
	return keys.ReplaceMaster(path+freshSuffix, path, keptName(path, old.Fingerprint()))
}

func namedOrNew(file string) (keys.Master, error) {
	master, err := keys.LoadNamedMaster(file)
	if errors.Is(err, fs.ErrNotExist) {
		return keys.CreateMaster(file)
	}
	return master, err
}
