package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync/atomic"
	"time"
)

// Schedule keeps a directory of the newest backups. Their names hold whose they are
// and when they were taken, in UTC; no other file in the directory is ever deleted.
// Tick is for one goroutine, Last for any.
type Schedule struct {
	Directory string // made if it is missing
	Name      string // whose backups: of letters, digits, dots, dashes, underscores
	Every     time.Duration
	Keep      int // how many; at least 1
	Source    Source
	Keys      Keys

	last  atomic.Pointer[time.Time]
	again time.Time // not to try before, after a failure
}

// retry is how long to wait after a failure: the log shall tell of it, not consist
// of it.
const retry = time.Hour

// Last is when the newest backup was taken, as far as is known; zero: never.
func (s *Schedule) Last() time.Time {
	if last := s.last.Load(); last != nil {
		return *last
	}
	return time.Time{}
}

// Tick makes a backup if one is due and deletes the oldest that are too many. A
// backup of data that have faults is an error, and deletes none: the last good one
// may be among them.
func (s *Schedule) Tick(ctx context.Context, now time.Time) error {
	if now.Before(s.again) && s.again.Sub(now) <= retry { // else the clock was set back
		return nil
	}
	err := s.tick(ctx, now)
	if err != nil {
		s.again = now.Add(min(retry, s.Every))
		err = fmt.Errorf("scheduled backup: %w", err)
	}
	return err
}

func (s *Schedule) tick(ctx context.Context, now time.Time) error {
	if err := os.MkdirAll(s.Directory, 0o700); err != nil {
		return unwritten(s.Directory, err)
	}
	taken, drafts, err := s.list()
	if err != nil {
		return err
	}
	for _, t := range taken {
		if !t.After(now) { // a later one is of a clock that was wrong then, or is now
			s.last.Store(&t)
			if now.Sub(t) < s.Every {
				return nil
			}
			break
		}
	}
	for _, draft := range drafts { // of a server that was killed
		if err := os.Remove(draft); err != nil {
			return err
		}
	}
	fresh, err := Write(ctx, s.Source, s.path(now), s.Keys, now)
	if err != nil {
		return err
	}
	s.last.Store(&fresh.Taken)
	if len(fresh.Faults) > 0 {
		return fmt.Errorf("%s is true to the data, but these have faults (%d): run latchkey check; no older backup is deleted meanwhile", fresh.Path, len(fresh.Faults))
	}
	return s.prune(taken, now)
}

// prune deletes the oldest of those that were there before the newest one. Those that
// look newer than now are left alone until they are not: if the clock was wrong then they
// must not take the place of true ones, and if it is wrong now they are the true ones.
func (s *Schedule) prune(before []time.Time, now time.Time) (err error) {
	before = slices.DeleteFunc(before, func(t time.Time) bool { return t.After(now) })
	for i, t := range before {
		if i+1 >= s.Keep {
			err = errors.Join(err, os.Remove(s.path(t)))
		}
	}
	return err
}

func (s *Schedule) path(t time.Time) string {
	return filepath.Join(s.Directory, s.Name+"-"+stamp(t)+".db")
}

// list returns when the backups in the directory were taken, newest first, and the
// drafts of some that never were finished.
func (s *Schedule) list() (taken []time.Time, drafts []string, err error) {
	entries, err := os.ReadDir(s.Directory)
	if err != nil {
		return nil, nil, err
	}
	ours := regexp.MustCompile(`^` + regexp.QuoteMeta(s.Name) + `-(\d{8}T\d{6}Z)\.db(\.draft-[A-Z2-7]{8}(\.partial-\d+)?)?$`)
	for _, e := range entries {
		m := ours.FindStringSubmatch(e.Name())
		if m == nil || !e.Type().IsRegular() {
			continue
		}
		t, err := time.Parse(stampForm, m[1])
		switch {
		case err != nil:
		case m[2] != "":
			drafts = append(drafts, filepath.Join(s.Directory, e.Name()))
		default:
			taken = append(taken, t)
		}
	}
	slices.SortFunc(taken, func(a, b time.Time) int { return b.Compare(a) })
	return taken, drafts, nil
}
