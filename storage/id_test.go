package storage

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestIDsSortByTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.Int64Range(0, 1<<56)
		a := us.Draw(t, "a")
		b := rapid.OneOf(us, rapid.Just(a+1)).Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		first, second := MakeID(time.UnixMicro(a), rand.Reader), MakeID(time.UnixMicro(b), rand.Reader)
		if a < b && bytes.Compare(first[:], second[:]) >= 0 {
			t.Fatalf("%v of %d is not before %v of %d", first, a, second, b)
		}
		if a < b && first.String() >= second.String() {
			t.Fatalf("as text %v is not before %v", first, second)
		}
	})
}

func TestIDsAreUUIDsOfVersion7(t *testing.T) {
	id := MakeID(time.Date(2022, 2, 22, 19, 22, 22, 0, time.UTC), bytes.NewReader(bytes.Repeat([]byte{0xff}, 10)))
	if got, want := id.String(), "017f22e2-79b0-7000-bfff-ffffffffffff"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if a, b := MakeID(time.Unix(0, 0), rand.Reader), MakeID(time.Unix(0, 0), rand.Reader); a == b {
		t.Error("two ids of one instant are equal")
	}
}

func TestIDsParseInOneSpellingOnly(t *testing.T) {
	const good = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
	id, err := ParseID(good)
	if err != nil || id.String() != good {
		t.Fatalf("%v, %v", id, err)
	}
	for _, s := range []string{"", strings.ToUpper(good), "{" + good + "}", "urn:uuid:" + good, good[:35],
		good + "0", " " + good,
		strings.ReplaceAll(good, "-", ""), strings.Replace(good, "-", "_", 1), strings.Replace(good, "f", "g", 1),
		strings.Replace(good, "0", "O", 1)} {
		if id, err := ParseID(s); err == nil || !id.IsZero() {
			t.Errorf("%q is taken for %v", s, id)
		}
	}
}

func TestIDsAreTextInJSON(t *testing.T) {
	var v struct{ ID ID }
	const text = `{"ID":"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"}`
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	if out, err := json.Marshal(v); err != nil || string(out) != text {
		t.Errorf("%s, %v", out, err)
	}
	before := v
	if err := json.Unmarshal([]byte(`{"ID":"no"}`), &v); err == nil || v != before {
		t.Errorf("%v, %v", v, err)
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
	f.Add("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
	f.Add("00000000-0000-0000-0000-00000000000\x00")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseID(s)
		if err == nil && id.String() != s {
			t.Errorf("%q reads as %v", s, id)
		}
		if err != nil && !id.IsZero() {
			t.Errorf("%q is refused with %v", s, id)
		}
	})
}
