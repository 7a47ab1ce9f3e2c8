package kvtest

import (
	"bytes"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"latchkey/storage/kv"
)

// run is a map that goes along with a transaction, and the first difference.
type run struct {
	now   map[string]string
	wrong string
}

func (m *run) fail(format string, args ...any) {
	if m.wrong == "" {
		m.wrong = fmt.Sprintf(format, args...)
	}
}

// step is one thing to do in a transaction.
type step struct {
	put, delete bool
	key, value  []byte
	scan        kv.Range
}

var (
	// Few and short keys, so that they meet, with the bytes at which bounds go
	// wrong.
	drawKey = rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'a', 'b', 0xff}), 1, 3)
	// Now and then values that fill pages.
	drawValue = rapid.Custom(func(t *rapid.T) []byte {
		size := rapid.SampledFrom([]int{0, 1, 5, 900, 3000}).Draw(t, "size")
		return bytes.Repeat([]byte{rapid.Byte().Draw(t, "fill")}, size)
	})
	drawStep = rapid.Custom(func(t *rapid.T) step {
		what := rapid.IntRange(0, 4).Draw(t, "what")
		return step{
			put:    what <= 2,
			delete: what == 3,
			key:    drawKey.Draw(t, "key"),
			value:  drawValue.Draw(t, "value"),
			scan: kv.Range{
				Prefix:  rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'a', 0xff}), 0, 2).Draw(t, "prefix"),
				After:   rapid.OneOf(rapid.Just([]byte(nil)), drawKey).Draw(t, "after"),
				Reverse: rapid.Bool().Draw(t, "reverse"),
				Limit:   rapid.SampledFrom([]int{1, 2, 5, kv.MaxPage}).Draw(t, "limit"),
			},
		}
	})
)

// do writes to both and compares what can be read then.
func (s step) do(tx kv.Txn, m *run) {
	var err error
	switch {
	case s.put:
		err = tx.Put(s.key, s.value)
		m.now[string(s.key)] = string(s.value)
	case s.delete:
		err = tx.Delete(s.key)
		delete(m.now, string(s.key))
	}
	if err != nil {
		m.fail("write: %v", err)
	}
	s.look(tx, m)
}

// look compares a key and a page.
func (s step) look(r kv.Reader, m *run) {
	got, ok, err := r.Get(s.key)
	if want, there := m.now[string(s.key)]; ok != there || string(got) != want || err != nil {
		m.fail("%q is %.20q, %v, %v, want %.20q, %v", s.key, got, ok, err, want, there)
	}
	page, err := r.Scan(s.scan)
	want := expect(m.now, s.scan)
	same := func(a, b kv.Pair) bool { return bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value) }
	if err != nil || !slices.EqualFunc(page, want, same) {
		m.fail("%s found %.20q, %v, want %.20q", show(s.scan), page, err, want)
	}
}
