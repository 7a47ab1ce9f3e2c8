package keys

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestSealedValueOpensOnlyUnchangedForItsPurposeAndBinding(t *testing.T) {
	r, _ := newRing(t)
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(purposes).Draw(t, "purpose")
		binding := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "binding")
		plaintext := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "plaintext")
		sealed := r.Seal(p, binding, plaintext)
		if len(sealed) != len(plaintext)+SealOverhead {
			t.Fatalf("%d bytes sealed are %d", len(plaintext), len(sealed))
		}
		kept := bytes.Clone(sealed)
		if got, err := r.Unseal(p, binding, sealed); err != nil || !bytes.Equal(got, plaintext) {
			t.Fatalf("opened %q, %v", got, err)
		}
		if !bytes.Equal(kept, sealed) {
			t.Fatal("Unseal changed its input")
		}
		refused := func(what string, p Purpose, binding, sealed []byte) {
			if got, err := r.Unseal(p, binding, sealed); !errors.Is(err, ErrSeal) || got != nil {
				t.Fatalf("%s: opened %q, %v", what, got, err)
			}
		}
		other := rapid.SampledFrom(purposes).Filter(func(o Purpose) bool { return o != p }).Draw(t, "other")
		refused("other purpose", other, binding, sealed)
		refused("longer binding", p, append(bytes.Clone(binding), 0), sealed)
		refused("no binding", p, nil, r.Seal(p, append(bytes.Clone(binding), 1), plaintext))
		bit := rapid.IntRange(0, 8*len(sealed)-1).Draw(t, "bit")
		flipped := bytes.Clone(sealed)
		flipped[bit/8] ^= 1 << (bit % 8)
		refused("flipped bit", p, binding, flipped)
		refused("cut", p, binding, sealed[:rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")])
		refused("longer", p, binding, append(bytes.Clone(sealed), 0))
	})
}

// The key itself being another is not enough: a purpose is also named in what is
// authenticated, so a key filed under the wrong purpose opens nothing.
func TestPurposeIsAuthenticatedBesideItsKey(t *testing.T) {
	r, _ := newRing(t)
	sealed := r.Seal(PurposeFlow, nil, []byte("x"))
	key := r.state.Load().current[PurposeFlow]
	key.purpose = PurposeSession
	defer func() { key.purpose = PurposeFlow }()
	if _, err := r.Unseal(PurposeSession, nil, sealed); !errors.Is(err, ErrSeal) {
		t.Error(err)
	}
	// "fl" bound to "ow" is not "flow" bound to nothing.
	if a, b := associated(nil, "fl", []byte("ow")), associated(nil, "flow", nil); bytes.Equal(a, b) {
		t.Error("purpose and binding run together")
	}
}

func TestEveryPurposeHasAKeyOfItsOwn(t *testing.T) {
	r, _ := newRing(t)
	seen := map[uint32]bool{}
	for _, p := range purposes {
		seen[r.CurrentKey(p)] = true
	}
	if len(seen) != len(purposes) {
		t.Errorf("%d keys for %d purposes", len(seen), len(purposes))
	}
}

func TestSealsNeverRepeat(t *testing.T) {
	r, _ := newRing(t)
	seen := map[string]bool{}
	for range 1000 {
		sealed := r.Seal(PurposeFlow, nil, []byte("same"))
		if len(Nonce(sealed)) != nonceSize {
			t.Fatal(Nonce(sealed))
		}
		seen[string(Nonce(sealed))] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d nonces of 1000 differ", len(seen))
	}
	if Nonce(make([]byte, SealOverhead-1)) != nil {
		t.Error("a nonce in less than a sealed value")
	}
}

func TestRetiredDataKeysOpenAndNoLongerSeal(t *testing.T) {
	r, store := newRing(t)
	sealed := r.Seal(PurposeSession, nil, []byte("x"))
	before := r.CurrentKey(PurposeSession)
	store.retireDataKeys()
	reload(t, r)
	if got, err := r.Unseal(PurposeSession, nil, sealed); err != nil || string(got) != "x" {
		t.Errorf("opened %q, %v", got, err)
	}
	if r.CurrentKey(PurposeSession) == before {
		t.Error("the retired key still seals")
	}
	if !r.retired(PurposeSession, sealed) || r.retired(PurposeSession, r.Seal(PurposeSession, nil, nil)) {
		t.Error("retired and current keys are not told apart")
	}
}

func TestSealWithoutKeyForThePurposePanics(t *testing.T) {
	r, _ := newRing(t)
	defer func() {
		if recover() == nil {
			t.Error("sealed for a purpose that does not exist")
		}
	}()
	r.Seal("no such", nil, nil)
}

func TestSealsAllocateOnlyTheirResult(t *testing.T) {
	r, _ := newRing(t)
	binding, plaintext := make([]byte, 16), make([]byte, 100)
	sealed := r.Seal(PurposeFlow, binding, plaintext)
	if n := testing.AllocsPerRun(100, func() { r.Seal(PurposeFlow, binding, plaintext) }); n > 1 {
		t.Errorf("Seal allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { r.Unseal(PurposeFlow, binding, sealed) }); n > 1 {
		t.Errorf("Unseal allocates %v times", n)
	}
}

func FuzzUnseal(f *testing.F) {
	r, _ := newRing(f)
	for _, p := range purposes {
		f.Add(string(p), []byte("binding"), r.Seal(p, []byte("binding"), []byte("plaintext")))
	}
	f.Add("flow", []byte{}, []byte{})
	f.Add("", []byte(nil), make([]byte, SealOverhead))
	f.Fuzz(func(t *testing.T, p string, binding, sealed []byte) {
		if _, err := r.Unseal(Purpose(p), binding, sealed); err != nil && !errors.Is(err, ErrSeal) {
			t.Error(err)
		}
		Nonce(sealed)
	})
}
