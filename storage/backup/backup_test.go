package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/backup"
	"latchkey/storage/bolt"
	"latchkey/storage/kv"
	"latchkey/storage/people"
	"latchkey/storage/store"
)

var errWrongKey = errors.New("the master key is another one")

// anyKey is a master key that opens everything.
func anyKey(context.Context, *store.Store) error { return nil }

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a data file, making it if there is none.
func open(t *testing.T, path string) (*bolt.Engine, *store.Store) {
	t.Helper()
	e, err := bolt.Open(path, bolt.Options{})
	must(t, err)
	t.Cleanup(func() { e.Close() })
	s, err := store.Open(t.Context(), e, store.Options{})
	must(t, err)
	return e, s
}

// addPeople adds users, whom a test counts afterwards.
func addPeople(t *testing.T, s *store.Store, names ...string) {
	t.Helper()
	for _, name := range names {
		_, err := s.Users.Create(t.Context(), storage.Operator, people.User{Username: name})
		must(t, err)
	}
}

// who lists the usernames in a data file that nobody has open.
func who(t *testing.T, path string) string {
	t.Helper()
	e, s := open(t, path)
	defer e.Close()
	var names []string
	for after := []byte(nil); ; {
		list, next, err := s.Users.List(t.Context(), after, 100)
		must(t, err)
		for _, u := range list {
			names = append(names, u.Username)
		}
		if next == nil {
			slices.Sort(names)
			return strings.Join(names, " ")
		}
		after = next
	}
}

// files lists a directory.
func files(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// aBackup is one of ada and bob.
func aBackup(t *testing.T) string {
	t.Helper()
	e, s := open(t, filepath.Join(t.TempDir(), "data"))
	addPeople(t, s, "ada", "bob")
	path := filepath.Join(t.TempDir(), "backup")
	c, err := backup.Write(t.Context(), e, path, anyKey, noon)
	must(t, err)
	if len(c.Faults) > 0 {
		t.Fatalf("faults %v", c.Faults)
	}
	must(t, e.Close())
	return path
}

func TestABackupIsANewFileForItsOwnerOnlyThatWasReadAgain(t *testing.T) {
	path := aBackup(t)
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode() != 0o600 || files(t, filepath.Dir(path)) != "backup" {
		t.Errorf("mode %v, files %s", info.Mode(), files(t, filepath.Dir(path)))
	}
	if faults, err := backup.Examine(t.Context(), path, anyKey); err != nil || len(faults) > 0 {
		t.Errorf("%v, %v", faults, err)
	}
	e, _ := open(t, filepath.Join(t.TempDir(), "data"))
	before, _ := os.ReadFile(path)
	if _, err := backup.Write(t.Context(), e, path, anyKey, noon); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file is another one")
	}
}

func TestACopyThatTheMasterKeyDoesNotOpenIsNotKept(t *testing.T) {
	e, _ := open(t, filepath.Join(t.TempDir(), "data"))
	dir := t.TempDir()
	wrong := func(context.Context, *store.Store) error { return errWrongKey }
	if _, err := backup.Write(t.Context(), e, filepath.Join(dir, "b"), wrong, noon); !errors.Is(err, errWrongKey) {
		t.Errorf("answered %v", err)
	}
	if left := files(t, dir); left != "" {
		t.Errorf("left %s", left)
	}
}

// spoiled is a source whose disk writes something else than it was told.
type spoiled struct {
	backup.Source
	how func(path string) error
}

func (s spoiled) Compact(ctx context.Context, path string) error {
	if err := s.Source.Compact(ctx, path); err != nil {
		return err
	}
	return s.how(path)
}

func TestACopyIsReadBeforeItGetsItsName(t *testing.T) {
	e, s := open(t, filepath.Join(t.TempDir(), "data"))
	addPeople(t, s, "ada")
	for name, how := range map[string]func(string) error{
		"cut":    func(path string) error { return os.Truncate(path, 9000) },
		"zeroed": func(path string) error { return errors.Join(os.Truncate(path, 9000), os.Truncate(path, 1<<20)) },
		"empty":  func(path string) error { return os.Truncate(path, 0) },
	} {
		dir := t.TempDir()
		if _, err := backup.Write(t.Context(), spoiled{e, how}, filepath.Join(dir, "b"), anyKey, noon); err == nil {
			t.Errorf("%s: kept", name)
		}
		if left := files(t, dir); left != "" {
			t.Errorf("%s: left %s", name, left)
		}
	}
}

func TestADataSetWithFaultsIsStillBackedUpAndTheyAreTold(t *testing.T) {
	e, s := open(t, filepath.Join(t.TempDir(), "data"))
	addPeople(t, s, "ada")
	must(t, e.Update(t.Context(), func(tx kv.Txn) error { return tx.Put([]byte{0xee, 1}, nil) }))
	path := filepath.Join(t.TempDir(), "b")
	c, err := backup.Write(t.Context(), e, path, anyKey, noon)
	must(t, err)
	if len(c.Faults) != 1 {
		t.Errorf("faults %v", c.Faults)
	}
	to := filepath.Join(t.TempDir(), "data")
	r := backup.Restore{From: path, To: to, Keys: anyKey, Now: clock}
	if _, err := r.Run(t.Context()); !strings.Contains(err.Error(), "belongs to no table") {
		t.Errorf("restored: %v", err)
	}
	r.DespiteFaults = true
	if done, err := r.Run(t.Context()); err != nil || len(done.Faults) != 1 || who(t, to) != "ada" {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestRestoreKeepsWhatItReplaces(t *testing.T) {
	from, dir := aBackup(t), t.TempDir()
	to := filepath.Join(dir, "data")
	e, s := open(t, to)
	addPeople(t, s, "carl")
	r := backup.Restore{From: from, To: to, Keys: anyKey, Now: clock, Force: true}
	if _, err := r.Run(t.Context()); !errors.Is(err, kv.ErrLocked) {
		t.Errorf("while they are in use: %v", err)
	}
	must(t, e.Close())
	r.Force = false
	if _, err := r.Run(t.Context()); !errors.Is(err, backup.ErrPresent) {
		t.Errorf("without force: %v", err)
	}
	r.Force = true
	for _, want := range []string{"data.replaced-20261121T120000Z", "data.replaced-20261121T120000Z-2"} {
		done, err := r.Run(t.Context())
		must(t, err)
		if filepath.Base(done.Kept) != want || who(t, to) != "ada bob" {
			t.Errorf("kept %s, restored %s", done.Kept, who(t, to))
		}
	}
	if kept := who(t, to+".replaced-20261121T120000Z"); kept != "carl" {
		t.Errorf("kept %s", kept)
	}
	if left := files(t, dir); left != "data data.replaced-20261121T120000Z data.replaced-20261121T120000Z-2" {
		t.Errorf("left %s", left)
	}
	if info, _ := os.Stat(to); info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestABackupIsNotRestoredOntoItself(t *testing.T) {
	path := aBackup(t)
	link := filepath.Join(t.TempDir(), "data")
	must(t, os.Link(path, link))
	r := backup.Restore{From: path, To: link, Keys: anyKey, Now: clock, Force: true}
	if _, err := r.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "itself") {
		t.Errorf("answered %v", err)
	}
}

// damages are what disks and people do to files; each is told in these words.
var damages = []struct {
	name string
	to   func(t *testing.T, raw []byte) []byte
	keys backup.Keys
	want string
}{
	{name: "empty", to: func(*testing.T, []byte) []byte { return nil }, want: "the file is empty"},
	{name: "text", to: func(*testing.T, []byte) []byte { return []byte("not a backup") },
		want: "not a Latchkey data file"},
	{name: "zeroed", to: func(_ *testing.T, raw []byte) []byte { return make([]byte, len(raw)) },
		want: "not a Latchkey data file"},
	{name: "beginning lost", to: func(_ *testing.T, raw []byte) []byte { return raw[100:] },
		want: "not a Latchkey data file"},
	{name: "half", to: func(_ *testing.T, raw []byte) []byte { return raw[:len(raw)/2] }, want: "is cut short"},
	{name: "another master key", to: func(_ *testing.T, raw []byte) []byte { return raw },
		keys: func(context.Context, *store.Store) error { return errWrongKey }, want: errWrongKey.Error()},
	{name: "a newer schema", to: func(t *testing.T, raw []byte) []byte {
		return edited(t, raw, func(tx kv.Txn) error { return tx.Put([]byte{1}, []byte{1, 0xa1, 1, 0x18, 99}) })
	}, want: "written by a newer Latchkey (schema 99"},
	{name: "of another program", to: func(t *testing.T, raw []byte) []byte {
		return edited(t, raw, func(tx kv.Txn) error { return tx.Delete([]byte{1}) })
	}, want: "not Latchkey's data"},
	{name: "a record is nonsense", to: func(t *testing.T, raw []byte) []byte {
		return edited(t, raw, func(tx kv.Txn) error {
			pairs, err := tx.Scan(kv.Range{Prefix: []byte{0x10}, Limit: 1})
			if err != nil {
				return err
			}
			return tx.Put(pairs[0].Key, []byte("nonsense"))
		})
	}, want: "users 10"},
	{name: "a record's name is gone", to: func(t *testing.T, raw []byte) []byte {
		return edited(t, raw, func(tx kv.Txn) error { return tx.Delete([]byte("\x11ada\x00\x00")) })
	}, want: "is missing or leads elsewhere"},
	{name: "a byte of a name", to: func(_ *testing.T, raw []byte) []byte {
		raw[bytes.LastIndex(raw, []byte("bob"))] ^= 1
		return raw
	}, want: "it is not as it was written; lost is everything"},
}

// edited is a data file's bytes after a change.
func edited(t *testing.T, raw []byte, change func(kv.Txn) error) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "edited")
	must(t, os.WriteFile(path, raw, 0o600))
	e, err := bolt.Open(path, bolt.Options{})
	must(t, err)
	must(t, e.Update(t.Context(), change))
	must(t, e.Close())
	raw, err = os.ReadFile(path)
	must(t, err)
	return raw
}

func TestADamagedBackupIsToldApartAndLeavesThePresentDataAsTheyWere(t *testing.T) {
	good, err := os.ReadFile(aBackup(t))
	must(t, err)
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			from, dir := filepath.Join(t.TempDir(), "backup"), t.TempDir()
			must(t, os.WriteFile(from, d.to(t, bytes.Clone(good)), 0o600))
			to := filepath.Join(dir, "data")
			e, s := open(t, to)
			addPeople(t, s, "carl")
			must(t, e.Close())
			present, _ := os.ReadFile(to)
			r := backup.Restore{From: from, To: to, Keys: anyKey, Now: clock, Force: true}
			if d.keys != nil {
				r.Keys = d.keys
			}
			_, err := r.Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), d.want) || !strings.Contains(err.Error(), from) {
				t.Errorf("answered %v, want %q", err, d.want)
			}
			if now, _ := os.ReadFile(to); !bytes.Equal(now, present) || files(t, dir) != "data" {
				t.Errorf("the present data have changed, or there is more: %s", files(t, dir))
			}
		})
	}
}

// Whatever bit flips, and wherever a file ends: either everything comes back, or
// the loss is told and nothing is changed.
func TestEveryFlippedBitAndEveryEndEitherRestoresOrIsTold(t *testing.T) {
	from, to := aBackup(t), filepath.Join(t.TempDir(), "data")
	good, err := os.ReadFile(from)
	must(t, err)
	want := pairsOf(t, from)
	try := func(raw []byte) {
		must(t, os.WriteFile(from, raw, 0o600))
		defer os.Remove(to)
		_, err := backup.Restore{From: from, To: to, Keys: anyKey, Now: clock}.Run(t.Context())
		_, statErr := os.Stat(to)
		switch {
		case err != nil && statErr == nil:
			t.Fatalf("restored all the same: %v", err)
		case err == nil && !maps.Equal(pairsOf(t, to), want):
			t.Fatal("restored something else, and said nothing")
		}
	}
	for at := 5; at < len(good); at += len(good) / 150 {
		raw := bytes.Clone(good)
		raw[at] ^= 1 << (at % 8)
		try(raw)
	}
	for end := len(good) - 1; end > 0; end -= len(good) / 40 {
		try(good[:end])
	}
}

// pairsOf is everything in a data file.
func pairsOf(t *testing.T, path string) map[string]string {
	t.Helper()
	e, err := bolt.Open(path, bolt.Options{ReadOnly: true})
	must(t, err)
	defer e.Close()
	all := map[string]string{}
	must(t, e.View(t.Context(), func(r kv.Reader) error {
		pairs, err := r.Scan(kv.Range{Limit: kv.MaxPage})
		for _, p := range pairs {
			all[string(p.Key)] = string(p.Value)
		}
		return err
	}))
	return all
}

func TestCompactReplacesTheFileByAnEqualSmallerOne(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "data")
	e, s := open(t, path)
	addPeople(t, s, "ada", "bob")
	for i := range byte(200) {
		must(t, e.Update(t.Context(), func(tx kv.Txn) error { return tx.Put([]byte{0x70, i}, make([]byte, 4000)) }))
	}
	must(t, e.Update(t.Context(), func(tx kv.Txn) error {
		for i := range byte(200) {
			if err := tx.Delete([]byte{0x70, i}); err != nil {
				return err
			}
		}
		return nil
	}))
	if _, err := backup.Compact(t.Context(), path, anyKey); !errors.Is(err, kv.ErrLocked) {
		t.Errorf("while they are in use: %v", err)
	}
	must(t, e.Close())
	done, err := backup.Compact(t.Context(), path, anyKey)
	must(t, err)
	info, _ := os.Stat(path)
	if done.After*2 > done.Before || info.Size() != done.After || who(t, path) != "ada bob" || files(t, dir) != "data" {
		t.Errorf("%+v, %d bytes, %s", done, info.Size(), files(t, dir))
	}
}

func TestCompactLeavesDataWithFaultsAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "data")
	e, _ := open(t, path)
	must(t, e.Update(t.Context(), func(tx kv.Txn) error { return tx.Put([]byte{0xee, 1}, nil) }))
	must(t, e.Close())
	before, _ := os.Stat(path)
	_, err := backup.Compact(t.Context(), path, anyKey)
	if damaged := (*backup.Damaged)(nil); !errors.As(err, &damaged) || len(damaged.Faults) != 1 {
		t.Errorf("answered %v", err)
	}
	if after, _ := os.Stat(path); !os.SameFile(before, after) || files(t, dir) != "data" {
		t.Errorf("replaced, or left %s", files(t, dir))
	}
}

func TestABackupOfDataInUseIsOfOneMoment(t *testing.T) {
	e, s := open(t, filepath.Join(t.TempDir(), "data"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		for n := 0; ctx.Err() == nil; n++ {
			if _, err := s.Users.Create(t.Context(), storage.Operator,
				people.User{Username: fmt.Sprintf("user%d", n)}); err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	for n := range 5 {
		c, err := backup.Write(t.Context(), e, filepath.Join(t.TempDir(), "b"), anyKey, noon)
		if err != nil || len(c.Faults) > 0 {
			t.Errorf("backup %d: %v, %v", n, c.Faults, err)
		}
		if faults, err := backup.Check(t.Context(), e, s); err != nil || len(faults) > 0 {
			t.Errorf("check %d: %v, %v", n, faults, err)
		}
	}
	cancel()
	must(t, <-ended)
}

// What was deleted stays in the free pages of the data file until they are used again.
func TestABackupHoldsNothingOfWhoWasDeleted(t *testing.T) {
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "data"), filepath.Join(dir, "copy")
	e, s := open(t, path)
	addPeople(t, s, "ada")
	u, err := s.Users.Create(t.Context(), storage.Operator,
		people.User{Username: "zenobia", Email: "zenobia@leaves.example"})
	must(t, err)
	must(t, s.Users.Delete(t.Context(), storage.Operator, u.ID))
	holds := func(path string) bool {
		raw, err := os.ReadFile(path)
		must(t, err)
		return strings.Contains(string(raw), "zenobia@leaves.example")
	}
	_, err = backup.Write(t.Context(), e, copied, anyKey, noon)
	must(t, err)
	if !holds(path) || holds(copied) {
		t.Errorf("the data file holds it: %v; the backup: %v", holds(path), holds(copied))
	}
	if got := who(t, copied); got != "ada" {
		t.Errorf("the backup has %q", got)
	}
}

func TestCompactingMakesNoFileLargerAndFollowsALink(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "elsewhere"), filepath.Join(dir, "data")
	e, s := open(t, path)
	addPeople(t, s, "ada")
	must(t, e.Close())
	must(t, os.Symlink(path, link))
	for range 2 {
		done, err := backup.Compact(t.Context(), link, anyKey)
		must(t, err)
		info, err := os.Stat(path)
		must(t, err)
		if done.After > done.Before || info.Size() != done.After {
			t.Errorf("%+v, and it has %d bytes", done, info.Size())
		}
	}
	if at, err := os.Readlink(link); err != nil || at != path {
		t.Errorf("the link is %q, %v", at, err)
	}
	if got := who(t, link); got != "ada" {
		t.Errorf("it has %q", got)
	}
}
