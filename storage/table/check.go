package table

import (
	"bytes"
	"context"
	"fmt"
	"reflect"

	"latchkey/storage/kv"
)

// Fault is something Check found wrong.
type Fault struct {
	Table string
	Key   []byte
	What  string
}

func (f Fault) String() string {
	if len(f.Key) == 0 { // the file, or a table, as a whole
		return f.Table + ": " + f.What
	}
	return fmt.Sprintf("%s %x: %s", f.Table, f.Key, f.What)
}

const CheckSlice = 500

// Part is one part of Check, and the spaces whose keys it answers for.
type Part struct {
	Name   string
	Spaces []byte
	Run    func(context.Context) ([]Fault, error)
	// Of a table's part: the type of its records, and how one is read.
	Record reflect.Type
	Decode func(Key, []byte) (any, error)
}

// CheckPair finds the keys of one space that another lacks.
func CheckPair(db *DB, name string, space, other byte, what string) Part {
	return Part{Name: name, Run: func(ctx context.Context) ([]Fault, error) {
		return Walk(ctx, db, []byte{space}, func(r kv.Reader, p kv.Pair) (string, error) {
			_, ok, err := r.Get(append([]byte{other}, p.Key[1:]...))
			if err != nil || ok {
				return "", err
			}
			return what, nil
		})
	}}
}

// Walk shows every pair under a prefix to look, a page at a time, each page in a
// snapshot of its own.
func Walk(ctx context.Context, db *DB, prefix []byte, look func(kv.Reader, kv.Pair) (string, error)) ([]Fault, error) {
	type found struct {
		faults []Fault
		next   []byte
	}
	var all []Fault
	for after := []byte(nil); ; {
		out, err := View(ctx, db, func(r kv.Reader) (found, error) {
			var f found
			pairs, err := r.Scan(kv.Range{Prefix: prefix, After: after, Limit: CheckSlice})
			if err != nil {
				return f, err
			}
			for _, p := range pairs {
				what, err := look(r, p)
				if err != nil {
					return f, err
				}
				if what != "" {
					f.faults = append(f.faults, Fault{Key: bytes.Clone(p.Key), What: what})
				}
			}
			f.next = CursorAfter(pairs, CheckSlice)
			return f, nil
		})
		if err != nil {
			return all, err
		}
		all = append(all, out.faults...)
		if out.next == nil {
			return all, nil
		}
		after = out.next
	}
}
