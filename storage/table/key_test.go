package table

import (
	"bytes"
	"cmp"
	"strings"
	"testing"

	"latchkey/storage"
	"pgregory.net/rapid"
)

// cut undoes str: it returns the string part at the front of k and what follows.
func (k Key) cut() (s string, rest Key, ok bool) {
	var b []byte
	for i := 0; i < len(k); i++ {
		if k[i] != escape {
			b = append(b, k[i])
			continue
		}
		if i++; i == len(k) {
			return "", nil, false
		}
		switch k[i] {
		case stop:
			return string(b), k[i+1:], true
		case escaped:
			b = append(b, escape)
		default:
			return "", nil, false
		}
	}
	return "", nil, false
}

func TestTupleKeysSortAsTheirParts(t *testing.T) {
	// Few bytes, so that escapes and common prefixes occur.
	word := rapid.StringOf(rapid.SampledFrom([]rune{0, 1, 'a', 'b', 0xff}))
	id := rapid.Custom(func(t *rapid.T) (id storage.ID) {
		copy(id[:], rapid.SliceOfN(rapid.ByteRange(0, 2), 16, 16).Draw(t, "bytes"))
		return id
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := word.Draw(t, "a"), id.Draw(t, "b"), word.Draw(t, "c")
		x, y, z := word.Draw(t, "x"), id.Draw(t, "y"), word.Draw(t, "z")
		want := cmp.Or(strings.Compare(a, x), bytes.Compare(b[:], y[:]), strings.Compare(c, z))
		if got := bytes.Compare(Key{}.Str(a).ID(b).Str(c), Key{}.Str(x).ID(y).Str(z)); got != want {
			t.Fatalf("%q %v %q against %q %v %q: %d, want %d", a, b, c, x, y, z, got, want)
		}
	})
}

func FuzzKeyStringsAreToldApart(f *testing.F) {
	f.Add("ada", []byte("rest"))
	f.Add("a\x00", []byte{0, 0})
	f.Add("\x00\xff", []byte{0xff})
	f.Add("", []byte{})
	f.Fuzz(func(t *testing.T, s string, rest []byte) {
		got, after, ok := append(Key{}.Str(s), rest...).cut()
		if !ok || got != s || !bytes.Equal(after, rest) {
			t.Errorf("%q then %q comes back as %q then %q, %v", s, rest, got, after, ok)
		}
		if got, after, ok := Key(rest).cut(); ok && !bytes.Equal(append(Key{}.Str(got), after...), rest) {
			t.Errorf("%q is read as %q, which is written otherwise", rest, got)
		}
	})
}
