package storage

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"

	"latchkey/storage/kv"
)

func tableCheck[T any](b *base, t *table[T]) check {
	c := check{name: t.name, spaces: []byte{t.space}, record: reflect.TypeFor[T](),
		decode: func(k key, raw []byte) (any, error) { return t.decode(k, raw) }}
	for _, ix := range t.indexes {
		c.spaces = append(c.spaces, ix.space)
	}
	c.run = func(ctx context.Context) ([]Fault, error) {
		t := *t
		t.indexes = slices.DeleteFunc(slices.Clone(t.indexes), func(ix index[T]) bool { return ix.since > b.schema })
		faults, err := walk(ctx, b, []byte{t.space}, t.checkRecord)
		for _, ix := range t.indexes {
			if err != nil {
				break
			}
			var more []Fault
			more, err = walk(ctx, b, []byte{ix.space}, func(r kv.Reader, p kv.Pair) (string, error) { return t.checkEntry(r, ix, p) })
			faults = append(faults, more...)
		}
		return faults, err
	}
	return c
}

func (t *table[T]) checkRecord(r kv.Reader, p kv.Pair) (string, error) {
	v, err := t.decode(p.Key[1:], p.Value)
	if err != nil {
		return err.Error(), nil
	}
	primary := key(p.Key[1:])
	if !bytes.Equal(t.key(v), primary) {
		return "the record belongs under another key", nil
	}
	for _, ix := range t.indexes {
		for _, k := range ix.of(v) {
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

func (t *table[T]) checkEntry(r kv.Reader, ix index[T], p kv.Pair) (string, error) {
	v, err := t.get(r, p.Value)
	if err != nil {
		return err.Error(), nil
	}
	if v == nil {
		return "the index entry leads to no record", nil
	}
	for _, k := range ix.of(v) {
		if full, _ := ix.entry(k, p.Value); bytes.Equal(full, p.Key) {
			return "", nil
		}
	}
	return "the index entry is not one of its record's", nil
}
