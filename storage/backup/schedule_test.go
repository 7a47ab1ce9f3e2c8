package backup_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/storage/backup"
	"latchkey/storage/kv"
	"latchkey/storage/store"
)

// counted is a source that tells how often it was used, and fails if told to.
type counted struct {
	backup.Source
	n    int
	fail error
}

func (c *counted) Compact(ctx context.Context, path string) error {
	c.n++
	if c.fail != nil {
		return c.fail
	}
	return c.Source.Compact(ctx, path)
}

// scheduled is a daily schedule that keeps three, and the data it is of.
func scheduled(t *testing.T) (*backup.Schedule, *counted, kv.Engine) {
	t.Helper()
	e, s := open(t, filepath.Join(t.TempDir(), "data"))
	addPeople(t, s, "ada")
	source := &counted{Source: e}
	return &backup.Schedule{Directory: filepath.Join(t.TempDir(), "kept"), Name: "id.example.org",
		Every: 24 * time.Hour, Keep: 3,
		Source: source, Keys: anyKey}, source, e
}

func TestAScheduleKeepsTheNewestAndTouchesNothingElse(t *testing.T) {
	s, source, _ := scheduled(t)
	must(t, os.MkdirAll(s.Directory, 0o700))
	for _, name := range []string{"id.example.org-20200101T000000Z.db.txt", "other-20200101T000000Z.db",
		"id.example.org-20209901T000000Z.db",
		"x-id.example.org-20200101T000000Z.db", "idXexample.org-20200101T000000Z.db", "latchkey.db"} {
		must(t, os.WriteFile(filepath.Join(s.Directory, name), nil, 0o600))
	}
	must(t, os.Mkdir(filepath.Join(s.Directory, "id.example.org-20200102T000000Z.db"), 0o700))
	foreign := len(strings.Fields(files(t, s.Directory)))
	for minute := range 5 * 24 * 60 {
		must(t, s.Tick(t.Context(), noon.Add(time.Duration(minute)*time.Minute)))
	}
	names := strings.Fields(files(t, s.Directory))
	var own []string
	for _, name := range names {
		if strings.HasPrefix(name, "id.example.org-2026") {
			own = append(own, name)
		}
	}
	want := "id.example.org-20261123T120000Z.db id.example.org-20261124T120000Z.db id.example.org-20261125T120000Z.db"
	if strings.Join(own, " ") != want || len(names) != foreign+3 || source.n != 5 {
		t.Errorf("%d backups made, left %v", source.n, names)
	}
	if !s.Last().Equal(noon.Add(4 * 24 * time.Hour)) {
		t.Errorf("last %v", s.Last())
	}
	if got := who(t, filepath.Join(s.Directory, own[0])); got != "ada" {
		t.Errorf("it holds %s", got)
	}
}

func TestAScheduleGoesOnWhereTheServerLeftIt(t *testing.T) {
	s, source, _ := scheduled(t)
	must(t, s.Tick(t.Context(), noon))
	leftover := filepath.Join(s.Directory, "id.example.org-20261120T000000Z.db.draft-ABCDEFGH")
	must(t, os.WriteFile(leftover, nil, 0o600))
	next := &backup.Schedule{Directory: s.Directory, Name: s.Name, Every: s.Every, Keep: s.Keep, Source: source,
		Keys: anyKey}
	must(t, next.Tick(t.Context(), noon.Add(23*time.Hour)))
	if source.n != 1 || !next.Last().Equal(noon) {
		t.Errorf("%d backups, last %v", source.n, next.Last())
	}
	must(t, next.Tick(t.Context(), noon.Add(24*time.Hour)))
	if source.n != 2 {
		t.Errorf("%d backups after a day", source.n)
	}
	if _, err := os.Stat(leftover); err == nil {
		t.Error("the draft of a killed server is still there")
	}
}

func TestAClockThatWasWrongKeepsNoBackupFromBeingMade(t *testing.T) {
	s, source, _ := scheduled(t)
	must(t, s.Tick(t.Context(), noon.AddDate(10, 0, 0)))
	must(t, s.Tick(t.Context(), noon))
	must(t, s.Tick(t.Context(), noon.Add(time.Hour)))
	if source.n != 2 || !s.Last().Equal(noon) {
		t.Errorf("%d backups, last %v", source.n, s.Last())
	}
	source.fail = errors.New("full")
	if s.Tick(t.Context(), noon.AddDate(10, 0, 2)) == nil {
		t.Error("a failure passes")
	}
	source.fail = nil
	must(t, s.Tick(t.Context(), noon.AddDate(0, 0, 2)))
	if source.n != 4 {
		t.Errorf("%d backups", source.n)
	}
}

// Backups of a clock that ran ahead look newer than all that are made once it is mended,
// and so do the true ones to a clock that was set back. Neither takes the others' place.
func TestBackupsFromTheFutureAreNeitherCountedNorDeleted(t *testing.T) {
	s, _, _ := scheduled(t)
	for day := range 3 {
		must(t, s.Tick(t.Context(), noon.AddDate(1, 0, day)))
	}
	for day := range 5 {
		must(t, s.Tick(t.Context(), noon.AddDate(0, 0, day)))
	}
	const ahead = "id.example.org-20271121T120000Z.db id.example.org-20271122T120000Z.db id.example.org-20271123T120000Z.db"
	want := "id.example.org-20261123T120000Z.db id.example.org-20261124T120000Z.db id.example.org-20261125T120000Z.db " + ahead
	if got := files(t, s.Directory); strings.Join(strings.Fields(got), " ") != want {
		t.Errorf("left %s", got)
	}
	must(t, s.Tick(t.Context(), noon.AddDate(1, 0, 3))) // their time has come
	if got := files(t, s.Directory); strings.Join(strings.Fields(got), " ") != strings.TrimPrefix(ahead,
		"id.example.org-20271121T120000Z.db ")+" id.example.org-20271124T120000Z.db" {
		t.Errorf("left %s", got)
	}
}

func TestAFailureIsToldOnceAndTriedAgainLater(t *testing.T) {
	s, source, _ := scheduled(t)
	source.fail = errors.New("the disk is full")
	told := 0
	for minute := range 180 {
		if err := s.Tick(t.Context(), noon.Add(time.Duration(minute)*time.Minute)); err != nil {
			told++
			if !strings.Contains(err.Error(), "scheduled backup: the disk is full") {
				t.Error(err)
			}
		}
	}
	if told != 3 || source.n != 3 || !s.Last().IsZero() {
		t.Errorf("told %d times, tried %d times", told, source.n)
	}
	source.fail = nil
	must(t, s.Tick(t.Context(), noon.Add(3*time.Hour)))
	if source.n != 4 || s.Last().IsZero() {
		t.Errorf("tried %d times", source.n)
	}
}

func TestWhileTheDataHaveFaultsNoBackupIsDeleted(t *testing.T) {
	s, _, e := scheduled(t)
	s.Keep = 1
	must(t, s.Tick(t.Context(), noon))
	must(t, e.Update(t.Context(), func(tx kv.Txn) error { return tx.Put([]byte{0xee, 1}, nil) }))
	if err := s.Tick(t.Context(), noon.AddDate(0, 0, 1)); err == nil ||
		!strings.Contains(err.Error(), "latchkey check") {
		t.Errorf("answered %v", err)
	}
	if n := len(strings.Fields(files(t, s.Directory))); n != 2 {
		t.Errorf("%d backups", n)
	}
	must(t, e.Update(t.Context(), func(tx kv.Txn) error { return tx.Delete([]byte{0xee, 1}) }))
	must(t, s.Tick(t.Context(), noon.AddDate(0, 0, 2)))
	if left := files(t, s.Directory); left != "id.example.org-20261123T120000Z.db" {
		t.Errorf("left %s", left)
	}
	s.Keys = func(context.Context, *store.Store) error { return errWrongKey }
	if err := s.Tick(t.Context(), noon.AddDate(0, 0, 3)); !errors.Is(err, errWrongKey) {
		t.Errorf("answered %v", err)
	}
	if left := files(t, s.Directory); left != "id.example.org-20261123T120000Z.db" {
		t.Errorf("after a failure %s", left)
	}
}
