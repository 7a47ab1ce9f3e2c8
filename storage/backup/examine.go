package backup

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"latchkey/storage/bolt"
	"latchkey/storage/store"
	"latchkey/storage/table"
)

// Keys tries the master key: it returns an error that says what to do if the key
// does not open those that a store holds.
type Keys func(context.Context, *store.Store) error

// Examine reads a data file or backup that nobody writes to, all of it, and changes
// nothing. Records that contradict each other come back as faults. The error says
// why the file is of no use as it is: it is none of Latchkey's, a newer one's,
// another master key's, or pages of it are lost, a *Damaged.
func Examine(ctx context.Context, path string, try Keys) ([]table.Fault, error) {
	// Behind a page that cannot be trusted nothing else is safe to read.
	if err := ExaminePages(path); err != nil {
		return nil, err
	}
	faults, err := examineRecords(ctx, path, try)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return faults, nil
}

// ExaminePages is Examine without the records: it needs no master key. It returns a
// *Damaged if pages are lost, and a *kv.LockedError if a process has the file open.
func ExaminePages(path string) error {
	report, err := bolt.Verify(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	// What is missing may be the end of a page that is not full.
	if faults := faultsOf(report); len(faults) > 0 || report.Missing > 0 {
		return &Damaged{Path: path, Missing: report.Missing, Faults: faults}
	}
	return nil
}

// examineRecords reads a file whose pages are sound.
func examineRecords(ctx context.Context, path string, try Keys) (_ []table.Fault, err error) {
	engine, err := bolt.Open(path, bolt.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	store, err := store.Inspect(ctx, engine)
	if err == nil {
		err = try(ctx, store)
	}
	if err != nil {
		return nil, err
	}
	return store.Check(ctx)
}

// Engine is what is read beside traffic: copied, or read as a whole.
type Engine interface {
	Source
	// Verify reads the whole file.
	Verify(ctx context.Context) (bolt.Report, error)
}

// Check is Examine for data that are in use, and whose keys are known to open. All
// that is damaged comes back as faults.
func Check(ctx context.Context, engine Engine, store *store.Store) ([]table.Fault, error) {
	report, err := engine.Verify(ctx)
	if err != nil {
		return nil, err
	}
	if faults := faultsOf(report); len(faults) > 0 {
		return faults, nil
	}
	return store.Check(ctx)
}

// faultsOf says of pages what is lost with them. Neighbours that are lost for the
// same reason are one loss.
func faultsOf(r bolt.Report) (faults []table.Fault) {
	for i := 0; i < len(r.Damage); {
		d := r.Damage[i]
		last, to := d.Page, d.To
		for i++; i < len(r.Damage) && to != nil && string(r.Damage[i].From) == string(to) &&
			r.Damage[i].What == d.What; i++ {
			last, to = r.Damage[i].Page, r.Damage[i].To
		}
		where := fmt.Sprintf("page %d", d.Page)
		if last != d.Page {
			where = fmt.Sprintf("pages %d to %d", d.Page, last)
		}
		faults = append(faults, table.Fault{Table: "file", Key: d.From,
			What: fmt.Sprintf("%s: %s; lost is %s", where, d.What, loss(d.From, to))})
	}
	return faults
}

// loss names a range of keys.
func loss(from, to []byte) string {
	switch {
	case from == nil && to == nil:
		return "everything"
	case from == nil:
		return "everything before " + place(to)
	case to == nil:
		return "everything from " + place(from) + " on"
	}
	return "everything from " + place(from) + " to before " + place(to)
}

// place is a key in words: its table, and the key as storage's faults show it.
func place(key []byte) string {
	table := store.TableOf(key)
	if table == "" {
		table = "key"
	}
	return table + " " + hex.EncodeToString(key)
}

// Damaged says what of a file cannot be read. Its lines are its faults.
type Damaged struct {
	Path    string
	Missing int64 // bytes, at the end
	Faults  []table.Fault
}

func (e *Damaged) Error() string {
	text := fmt.Sprintf("%s is damaged", e.Path)
	if e.Missing > 0 {
		text = fmt.Sprintf("%s is cut short: %d bytes are missing at its end", e.Path, e.Missing)
	}
	for _, f := range e.Faults {
		text += "\n" + strings.TrimSpace(f.String())
	}
	return text
}
