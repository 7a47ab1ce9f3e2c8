package table

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"

	"latchkey/storage/kv"
)

func CheckOf[T any](db *DB, t *Table[T]) Part {
	c := Part{Name: t.Name, Spaces: []byte{t.Space}, Record: reflect.TypeFor[T](),
		Decode: func(k Key, raw []byte) (any, error) { return t.Decode(k, raw) }}
	for _, ix := range t.Indexes {
		c.Spaces = append(c.Spaces, ix.Space)
	}
	c.Run = func(ctx context.Context) ([]Fault, error) {
		t := *t
		t.Indexes = slices.DeleteFunc(slices.Clone(t.Indexes), func(ix Index[T]) bool { return ix.Since > db.Schema })
		faults, err := Walk(ctx, db, []byte{t.Space}, t.checkRecord)
		for _, ix := range t.Indexes {
			if err != nil {
				break
			}
			var more []Fault
			more, err = Walk(ctx, db, []byte{ix.Space},
				func(r kv.Reader, p kv.Pair) (string, error) { return t.checkEntry(r, ix, p) })
			faults = append(faults, more...)
		}
		return faults, err
	}
	return c
}

func (t *Table[T]) checkRecord(r kv.Reader, p kv.Pair) (string, error) {
	v, err := t.Decode(p.Key[1:], p.Value)
	if err != nil {
		return err.Error(), nil
	}
	primary := Key(p.Key[1:])
	if !bytes.Equal(t.Key(v), primary) {
		return "the record belongs under another key", nil
	}
	for _, ix := range t.Indexes {
		for _, k := range ix.keysOf(v) {
			full, want := ix.entry(k, primary)
			have, ok, err := r.Get(full)
			if err != nil {
				return "", err
			}
			if !ok || !bytes.Equal(have, want) {
				return fmt.Sprintf("index entry %x is missing or leads elsewhere", full), nil
			}
		}
	}
	return "", nil
}

func (t *Table[T]) checkEntry(r kv.Reader, ix Index[T], p kv.Pair) (string, error) {
	v, err := t.Get(r, p.Value)
	if err != nil {
		return err.Error(), nil
	}
	if v == nil {
		return "the index entry leads to no record", nil
	}
	for _, k := range ix.keysOf(v) {
		if full, _ := ix.entry(k, p.Value); bytes.Equal(full, p.Key) {
			return "", nil
		}
	}
	return "the index entry is not one of its record's", nil
}
