package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"latchkey/storage/bolt"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// ErrPresent: there are data already, and they were not to be replaced.
var ErrPresent = errors.New("there are data already")

// Restore puts a backup in the place of a data file that no process has open.
type Restore struct {
	From string // the backup
	To   string // the data file
	Keys Keys
	// Force replaces data that are there; they get another name.
	Force bool
	// DespiteFaults restores what can be read of a backup that is damaged.
	DespiteFaults bool
	Now           func() time.Time
}

// Restored is what Run did.
type Restored struct {
	Kept   string // where the replaced data are; "" if there were none
	Bytes  int64
	Faults []table.Fault // what was not restored, or not as it should be
}

// lockWait is how long to wait for another process to let go of the data.
const lockWait = 200 * time.Millisecond

// Run restores all or changes nothing. It returns *Damaged if something of the
// backup is lost, ErrPresent if there are data and Force is not set, a
// *kv.LockedError if they are in use, and what Examine returns.
func (r Restore) Run(ctx context.Context) (done Restored, err error) {
	if to, err := filepath.EvalSymlinks(r.To); err == nil { // the link stays
		r.To = to
	}
	lock, present, err := r.hold()
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	draft := draftOf(r.To)
	defer func() { err = errors.Join(err, remove(draft)) }()
	// The copy is what is examined, so it does not matter what becomes of the
	// backup meanwhile.
	report, err := bolt.Salvage(ctx, r.From, draft)
	if err != nil {
		return done, fmt.Errorf("%s: %w", r.From, err)
	}
	if done.Faults, err = r.examine(ctx, draft, report); err != nil {
		return done, err
	}
	info, err := os.Stat(draft)
	if err != nil {
		return done, err
	}
	done.Bytes = info.Size()
	if !present {
		return done, publish(draft, r.To)
	}
	done.Kept, err = replace(draft, r.To, r.Now())
	return done, err
}

// hold keeps servers away from the data that are there, if there are any.
func (r Restore) hold() (lock io.Closer, present bool, err error) {
	have, err := os.Stat(r.To)
	if errors.Is(err, fs.ErrNotExist) {
		return io.NopCloser(nil), false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if from, err := os.Stat(r.From); err == nil && os.SameFile(have, from) {
		return nil, false, fmt.Errorf("%s is the data file itself, not a backup of it", r.From)
	}
	if !r.Force {
		return nil, false, fmt.Errorf("%w in %s", ErrPresent, r.To)
	}
	lock, err = bolt.Lock(r.To, lockWait)
	return lock, true, err
}

// examine returns what is lost, as an error unless that is accepted.
func (r Restore) examine(ctx context.Context, draft string, report bolt.Report) ([]table.Fault, error) {
	faults := faultsOf(report)
	more, err := examineRecords(ctx, draft, r.Keys)
	// Lost keys are a consequence of lost pages, which tell more.
	if err != nil && len(faults) == 0 {
		return nil, fmt.Errorf("%s: %w", r.From, err)
	}
	faults = append(faults, more...)
	if len(faults) > 0 && (err != nil || !r.DespiteFaults) {
		return nil, errors.Join(&Damaged{Path: r.From, Missing: report.Missing, Faults: faults}, err)
	}
	return faults, nil
}

// replace puts draft in the place of the data, which the caller has locked, and
// returns the name that they have now. At every moment one or the other has the
// name: a server that found neither would begin anew.
func replace(draft, path string, now time.Time) (kept string, err error) {
	kept, err = keep(path, now)
	if err != nil {
		return "", fmt.Errorf("the present data could not be kept: %w", err)
	}
	if err := kv.SyncDir(filepath.Dir(path)); err != nil {
		return "", err
	}
	return kept, swap(draft, path)
}

// swap puts a finished file in the place of another, durably.
func swap(draft, path string) error {
	if err := os.Rename(draft, path); err != nil {
		return err
	}
	return kv.SyncDir(filepath.Dir(path))
}

// keep gives a file a second name that tells when it was replaced.
func keep(path string, now time.Time) (kept string, err error) {
	stem := path + ".replaced-" + stamp(now)
	kept = stem
	for n := 2; ; n++ {
		err := os.Link(path, kept)
		switch {
		case err == nil:
			return kept, nil
		case !errors.Is(err, fs.ErrExist):
			return kept, duplicate(path, kept) // a file system without links
		}
		kept = fmt.Sprintf("%s-%d", stem, n)
	}
}

func duplicate(path, to string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	return kv.NewFile(context.Background(), to, func(w io.Writer) error {
		_, err := io.Copy(w, from)
		return err
	})
}

// stamp is an instant as names have it: sorted by name is sorted by time.
func stamp(t time.Time) string { return t.UTC().Format(stampForm) }

const stampForm = "20060102T150405Z"
