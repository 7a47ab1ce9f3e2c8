package kv_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"latchkey/storage/kv"
)

var (
	drawKey   = rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'a', 0xff}), 1, 4)
	drawPart  = rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'a', 0xff}), 0, 3)
	drawRange = rapid.Custom(func(t *rapid.T) kv.Range {
		return kv.Range{
			Prefix: drawPart.Draw(t, "prefix"), After: drawPart.Draw(t, "after"),
			Reverse: rapid.Bool().Draw(t, "reverse"), Limit: rapid.IntRange(1, 12).Draw(t, "limit"),
		}
	})
)

// state is a store as a map: what a buffer over another map must look like.
type state map[string]string

// walk goes through a range in the way engines do.
func (s state) walk(r kv.Range) func() (key, value []byte) {
	from, to := r.Bounds()
	keys := slices.Sorted(maps.Keys(s))
	keys = slices.DeleteFunc(keys, func(k string) bool { return !kv.Within([]byte(k), from, to) })
	if r.Reverse {
		slices.Reverse(keys)
	}
	return func() (key, value []byte) {
		if len(keys) == 0 {
			return nil, nil
		}
		k := keys[0]
		keys = keys[1:]
		return []byte(k), []byte(s[k])
	}
}

func TestABufferOverAStoreReadsLikeTheStoreWithItsWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored := state{}
		for _, key := range rapid.SliceOfN(drawKey, 0, 30).Draw(t, "stored") {
			stored[string(key)] = "stored"
		}
		b, want := kv.NewBuffer(), maps.Clone(stored)
		for range rapid.IntRange(1, 5).Draw(t, "transactions") {
			b.Begin()
			now := maps.Clone(want)
			for range rapid.IntRange(0, 80).Draw(t, "writes") {
				key := drawKey.Draw(t, "key")
				if value := drawPart.Draw(t, "value"); rapid.Bool().Draw(t, "put") {
					b.Put(key, value)
					now[string(key)] = string(value)
				} else {
					b.Delete(key)
					delete(now, string(key))
				}
				compare(t, b, stored, now)
			}
			if rapid.Bool().Draw(t, "rollback") {
				b.Rollback()
			} else {
				want = now
			}
			compare(t, b, stored, want)
		}
		applied(t, b, stored, want)
	})
}

func compare(t *rapid.T, b *kv.Buffer, stored, want state) {
	key := drawKey.Draw(t, "read")
	value, ok, buffered := b.Get(key)
	if !buffered {
		var s string
		s, ok = stored[string(key)]
		value = []byte(s)
	}
	if w, there := want[string(key)]; ok != there || string(value) != w {
		t.Fatalf("%q is %q, %v, want %q, %v", key, value, ok, w, there)
	}
	r := drawRange.Draw(t, "range")
	page, err := b.Scan(r, stored.walk(r))
	next := want.walk(r)
	var expected []kv.Pair
	for k, v := next(); k != nil && len(expected) < r.Limit; k, v = next() {
		expected = append(expected, kv.Pair{Key: k, Value: v})
	}
	same := func(a, b kv.Pair) bool { return bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value) }
	if err != nil || !slices.EqualFunc(page, expected, same) {
		t.Fatalf("%+v found %q, %v, want %q", r, page, err, expected)
	}
}

// applied writes the buffer into the store, in key order, and compares.
func applied(t *rapid.T, b *kv.Buffer, stored, want state) {
	var order []string
	size := 0
	b.Each(func(key, value []byte) error {
		order = append(order, string(key))
		size += len(key) + len(value)
		if value == nil {
			delete(stored, string(key))
		} else {
			stored[string(key)] = string(value)
		}
		return nil
	})
	if !maps.Equal(stored, want) || !slices.IsSorted(order) {
		t.Fatalf("applied in order %q: %q, want %q", order, stored, want)
	}
	if b.Len() != len(order) || b.Bytes() != size {
		t.Fatalf("Len %d, Bytes %d, want %d, %d", b.Len(), b.Bytes(), len(order), size)
	}
}

func TestARangesBoundsHoldExactlyItsKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, key := drawRange.Draw(t, "range"), drawKey.Draw(t, "key")
		order := bytes.Compare(key, r.After)
		if r.Reverse {
			order = -order
		}
		want := bytes.HasPrefix(key, r.Prefix) && (len(r.After) == 0 || order > 0)
		from, to := r.Bounds()
		if got := kv.Within(key, from, to); got != want {
			t.Fatalf("%q within %q to %q: %v, want %v", key, from, to, got, want)
		}
	})
}

func TestALockedFilesErrorNamesTheHolder(t *testing.T) {
	for want, err := range map[string]error{
		"the data file is in use: /d is held by process 7 (latchkey serve)": &kv.LockedError{Path: "/d", PID: 7,
			Command: "latchkey serve"},
		"the data file is in use: /d is held by process 7":       &kv.LockedError{Path: "/d", PID: 7},
		"the data file is in use: /d is held by another process": &kv.LockedError{Path: "/d"},
	} {
		if err.Error() != want || !errors.Is(err, kv.ErrLocked) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
