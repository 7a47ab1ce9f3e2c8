package keys

import (
	"context"
	"slices"
	"testing"
)

// spanBook is a Span that writes down what begins and ends.
type spanBook struct{ heard []string }

func (b *spanBook) span(_ context.Context, name string) func() {
	b.heard = append(b.heard, name)
	return func() { b.heard = append(b.heard, "end "+name) }
}

func TestSpansTellWaitingFromWorking(t *testing.T) {
	book := &spanBook{}
	o := options(&shelf{})
	o.Span = book.span
	ring := openRing(t, o)
	for _, alg := range []string{RS256, ES256} {
		if _, err := ring.Sign(t.Context(), alg, TypeJWT, map[string]any{}); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"keys.wait", "end keys.wait", "keys.sign RS256", "end keys.sign RS256", "keys.sign ES256",
		"end keys.sign ES256"}
	if !slices.Equal(book.heard, want) {
		t.Errorf("signing: %q", book.heard)
	}
	book.heard = nil
	hasher := NewHasher(HasherOptions{Ring: ring, Span: book.span})
	if err := hasher.VerifyNothing(t.Context(), "seven green parrots sing"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"keys.wait", "end keys.wait", "keys.hash", "end keys.hash"}; !slices.Equal(book.heard, want) {
		t.Errorf("hashing: %q", book.heard)
	}
}

func TestWithoutASpanNothingIsAllocatedForIt(t *testing.T) {
	var none Span
	if n := testing.AllocsPerRun(100, func() { defer none.begin(t.Context(), spanHash)() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
