package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/policy"

	"github.com/spf13/cobra"
)

// resealed is what a reseal did.
type resealed struct {
	From string `json:"from"` // fingerprints
	To   string `json:"to"`
	File string `json:"file"`           // where the new key is
	Kept string `json:"kept,omitempty"` // where the old one is, if we kept it
	Todo string `json:"todo,omitempty"` // what the operator has to do before the next start
}

func keyReseal(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "reseal", Short: "Protect the data by another master key", Args: takes(),
		Long: "Protect the data by another master key. The server must be stopped. Sessions, tokens, passwords and client " +
			"secrets stay good: only what wraps their keys changes. Backups made before still need the old master key.",
	}
	file := c.Flags().String("new-key-file", "", "the new key, made if the file does not exist (default: one made in data_dir)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		done, err := t.reseal(c.Context(), *file)
		if err != nil {
			return err
		}
		if t.json {
			return t.writeJSON(done)
		}
		t.say("The data is protected by the master key %s in %s now; %s opens it no more.", done.To, done.File, done.From)
		if done.Kept != "" {
			t.say("The old key is kept as %s. Backups made until now need it: delete it together with them.", done.Kept)
		}
		if done.Todo != "" {
			t.say("Before the next start: %s.", done.Todo)
		}
		return nil
	}
	return c
}

// reseal holds the data file's lock throughout, so that nobody else goes on under the
// old key.
func (t *terminal) reseal(ctx context.Context, file string) (done resealed, err error) {
	c, err := t.config()
	if err != nil {
		return done, err
	}
	own := c.MasterKey == "" && c.MasterKeyFile == ""
	if !own && file == "" {
		return done, usagef("the master key is configured, so Latchkey cannot replace it: name the file of the new one with --new-key-file, and configure it afterwards")
	}
	if err := noData(c); err != nil {
		return done, err
	}
	if caller, err := socket.Dial(ctx, c.DataDir); err == nil {
		caller.Close()
		return done, errors.New("the server runs on this data: stop it, run this again, and start it")
	}
	h, err := openHouse(ctx, c, dialWait)
	if errors.Is(err, kv.ErrLocked) {
		return done, fmt.Errorf("%w: stop it, then run this again", err)
	}
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if own {
		return h.resealOwn(ctx, file)
	}
	return h.resealNamed(ctx, file)
}

// resealNamed leaves the files to the operator, whose they are.
func (h *opened) resealNamed(ctx context.Context, file string) (resealed, error) {
	from := h.masterKey.Fingerprint()
	to, err := namedOrNew(file)
	if err != nil {
		return resealed{}, err
	}
	done := resealed{From: from, To: to.Fingerprint(), File: file,
		Todo: fmt.Sprintf("set master_key_file to %s (it is %s)", file, h.config.source("master_key_file"))}
	if h.config.MasterKey != "" {
		done.Todo = fmt.Sprintf("set master_key to what is in %s, or master_key_file to its path (master_key is from %s)", file, h.config.source("master_key"))
	}
	return done, h.ring.Reseal(ctx, storage.Operator, to)
}

// resealOwn replaces the key file beside the data. The new key is on disk before
// anything is sealed under it, and the old one stays until the new one is in its
// place: whenever the power goes, finishReseal finds the key that opens the data.
func (h *opened) resealOwn(ctx context.Context, file string) (resealed, error) {
	path := filepath.Join(h.config.DataDir, masterFile)
	to, err := keys.NewMaster(), error(nil)
	if file != "" {
		if to, err = namedOrNew(file); err != nil {
			return resealed{}, err
		}
	}
	// What a reseal that did not come to pass has left: the data opens without it.
	if err := os.Remove(path + freshSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return resealed{}, reason(err)
	}
	if err := keys.WriteMaster(path+freshSuffix, to); err != nil {
		return resealed{}, err
	}
	from := h.masterKey.Fingerprint()
	if err := h.ring.Reseal(ctx, storage.Operator, to); err != nil {
		return resealed{}, err
	}
	kept := keptName(path, from)
	return resealed{From: from, To: to.Fingerprint(), File: path, Kept: kept}, keys.ReplaceMaster(path+freshSuffix, path, kept)
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
