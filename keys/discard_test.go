package keys

import (
	"errors"
	"testing"

	"latchkey/storage"
)

func TestDiscardedKeysAreGoneAtOnce(t *testing.T) {
	m := newTimed(t)
	m.now = epochZero.Add(89 * day)
	m.tick() // there are next ones
	m.now = epochZero.Add(90 * day)
	m.tick() // and retired ones
	ids, sealed := map[string]string{}, map[Purpose][]byte{}
	for _, alg := range m.ring.Algorithms() {
		ids[alg] = sign(t, m.ring, alg, TypeJWT)
	}
	for _, p := range purposes {
		sealed[p] = m.ring.Seal(p, nil, []byte(p))
	}
	secret, epoch, before := m.ring.HashClientSecret("secret"), m.ring.Epoch(), m.store.set
	done, err := m.ring.Discard(t.Context(), storage.Operator, "")
	if err != nil || len(done) != 2 {
		t.Fatal(done, err)
	}
	if m.ring.Epoch() != epoch+1 {
		t.Errorf("%d writes: in between, neither old nor new", m.ring.Epoch()-epoch)
	}
	for _, ring := range []*Ring{m.ring, m.open()} {
		for alg, token := range ids {
			if _, _, err := ring.Verify(TypeJWT, token); !errors.Is(err, ErrToken) {
				t.Errorf("%s: a token of a discarded key: %v", alg, err)
			}
			if _, _, err := ring.Verify(TypeJWT, sign(t, ring, alg, TypeJWT)); err != nil {
				t.Errorf("%s: %v", alg, err)
			}
		}
		for _, p := range purposes {
			_, err := ring.Unseal(p, nil, sealed[p])
			if stays := p == PurposePassword || p == PurposeClientSecret; (err == nil) != stays {
				t.Errorf("%s: %v", p, err)
			}
		}
		if !ring.VerifyClientSecret(secret, "secret") {
			t.Error("a client secret is refused")
		}
	}
	kids, numbers := map[string]bool{}, map[uint32]bool{}
	for _, k := range before.SigningKeys {
		kids[k.ID] = true
	}
	for _, k := range before.DataKeys {
		numbers[k.ID] = true
	}
	for _, k := range m.store.set.SigningKeys {
		if kids[k.ID] {
			t.Errorf("%s %s is still there", k.State, k.ID)
		}
	}
	for _, k := range m.store.set.DataKeys {
		if numbers[k.ID] && k.Retired.IsZero() {
			t.Errorf("data key %d (%s) still seals", k.ID, k.Purpose)
		}
	}
}

func TestDiscardingOneAlgorithmLeavesTheRestAlone(t *testing.T) {
	m := newTimed(t)
	rs, es := sign(t, m.ring, RS256, TypeJWT), sign(t, m.ring, ES256, TypeJWT)
	sealed := m.ring.Seal(PurposeSession, nil, []byte("x"))
	if _, err := m.ring.Discard(t.Context(), storage.Operator, ES256); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.ring.Verify(TypeJWT, rs); err != nil {
		t.Error(err)
	}
	if _, _, err := m.ring.Verify(TypeJWT, es); !errors.Is(err, ErrToken) {
		t.Error(err)
	}
	if _, err := m.ring.Unseal(PurposeSession, nil, sealed); err != nil {
		t.Error(err)
	}
	if _, err := m.ring.Discard(t.Context(), storage.Operator, EdDSA); !errors.Is(err, ErrAlgorithm) {
		t.Error(err)
	}
}

func TestDiscardingIsForAdministrators(t *testing.T) {
	engineKeys, _ := openAudited(t)
	r := openRing(t, options(engineKeys))
	token := sign(t, r, ES256, TypeJWT)
	if _, err := r.Discard(t.Context(), storage.Actor{Via: storage.ViaPage}, ""); !errors.Is(err,
		storage.ErrForbidden) {
		t.Error(err)
	}
	if _, _, err := r.Verify(TypeJWT, token); err != nil {
		t.Error(err)
	}
}
