package keys

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func TestMACTellsListsOfPartsApart(t *testing.T) {
	r, _ := newRing(t)
	parts := rapid.SliceOfN(rapid.SliceOfN(rapid.ByteRange(0, 2), 0, 3), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		same := len(a) == len(b)
		for i := 0; same && i < len(a); i++ {
			same = bytes.Equal(a[i], b[i])
		}
		if bytes.Equal(r.MAC(PurposeSID, a...), r.MAC(PurposeSID, b...)) != same {
			t.Fatalf("%v and %v", a, b)
		}
	})
	if bytes.Equal(r.MAC(PurposeSID, []byte("ab"), []byte("c")), r.MAC(PurposeSID, []byte("a"), []byte("bc"))) {
		t.Error("parts run together")
	}
}

func TestMACDependsOnThePurpose(t *testing.T) {
	r, _ := newRing(t)
	if bytes.Equal(r.MAC(PurposeSID, []byte("x")), r.MAC(PurposeRefresh, []byte("x"))) {
		t.Error("two purposes, one MAC")
	}
}

func TestMACOfARememberedKeyOutlivesRotation(t *testing.T) {
	r, store := newRing(t)
	id := r.CurrentKey(PurposeRefresh)
	before := r.MAC(PurposeRefresh, []byte("x"))
	store.retireDataKeys()
	reload(t, r)
	after, err := r.MACWith(PurposeRefresh, id, []byte("x"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("%x became %x, %v", before, after, err)
	}
	if bytes.Equal(before, r.MAC(PurposeRefresh, []byte("x"))) {
		t.Error("the retired key still authenticates new values")
	}
}

func TestMACRefusesKeysOfOtherPurposes(t *testing.T) {
	r, _ := newRing(t)
	for _, id := range []uint32{0, r.CurrentKey(PurposeSID), 1 << 31} {
		if sum, err := r.MACWith(PurposeRefresh, id); !errors.Is(err, ErrUnknownKey) || sum != nil {
			t.Errorf("key %d: %x, %v", id, sum, err)
		}
	}
}

func TestMACsAtOnceDoNotMix(t *testing.T) {
	r, _ := newRing(t)
	var wg sync.WaitGroup
	for i := range 8 {
		part := bytes.Repeat([]byte{byte(i)}, 100)
		want := r.MAC(PurposeSID, part)
		wg.Go(func() {
			for range 200 {
				if !bytes.Equal(r.MAC(PurposeSID, part), want) {
					t.Error("another MAC")
					return
				}
			}
		})
	}
	wg.Wait()
}
