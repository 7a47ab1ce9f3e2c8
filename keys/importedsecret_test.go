package keys

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/zitadel/passwap/bcrypt"

	"latchkey/internal/limit"
)

func TestAnImportedSecretVerifiesForItsClientOnlyAndByteForByte(t *testing.T) {
	h, r, store := newHasher(t)
	ctx := context.Background()
	for name, encoded := range map[string]string{
		"PBKDF2": "pbkdf2_sha256$1000$seasaltNaCl42xx$abs9bzd+0qyKRFhDr7yNg5qlD5IkKWw+Y19LCs1qbT8=",
		"bcrypt": mustEncode(t, pass),
	} {
		sealed, err := h.ImportSecret("web", encoded)
		if err != nil {
			t.Fatal(name, err)
		}
		store.retireDataKeys()
		reload(t, r)
		for secret, want := range map[string]bool{pass: true, pass + " ": false, "": false, encoded: false} {
			if ok, err := h.VerifySecret(ctx, "web", sealed, secret); ok != want || err != nil {
				t.Errorf("%s, %q: %v, %v", name, secret, ok, err)
			}
		}
		if ok, err := h.VerifySecret(ctx, "web2", sealed, pass); ok || !errors.Is(err, ErrSeal) {
			t.Errorf("%s, for another client: %v, %v", name, ok, err)
		}
		if ok, _, err := h.Verify(ctx, []byte("web"), sealed, pass); ok || !errors.Is(err, ErrSeal) {
			t.Errorf("%s, as a password: %v, %v", name, ok, err)
		}
	}
	for _, bad := range []string{"", "plain", "pbkdf2_sha256$9000000$salt$aGFzaA==",
		"md5$salt$5f4dcc3b5aa765d61d8327deb882cf99"} {
		if _, err := h.ImportSecret("web", bad); !errors.Is(err, ErrHash) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Secrets and passwords share one bound: hashing takes no more than that in all.
func TestImportedSecretsTakeTheirTurnWithPasswords(t *testing.T) {
	r, _ := newRing(t)
	h := NewHasher(HasherOptions{Ring: r, Concurrent: 1, Queue: 1})
	sealed, err := h.ImportSecret("web",
		"pbkdf2_sha256$1000$seasaltNaCl42xx$abs9bzd+0qyKRFhDr7yNg5qlD5IkKWw+Y19LCs1qbT8=")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.gate.enter(context.Background(), limit.Caller{}, nil); err != nil {
		t.Fatal(err)
	}
	other, err := h.Reserve(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := h.VerifySecret(context.Background(), "web", sealed, pass); ok || !errors.Is(err, ErrBusy) {
		t.Errorf("%v, %v", ok, err)
	}
	other.Release()
	h.gate.leave(limit.Caller{})
	if ok, err := h.VerifySecret(context.Background(), "web", sealed, pass); !ok || err != nil {
		t.Errorf("afterwards: %v, %v", ok, err)
	}
}

func TestHoweverManyGuessAtImportedSecretsPeopleCanSignIn(t *testing.T) {
	r, _ := newRing(t)
	synctest.Test(t, func(t *testing.T) {
		h := NewHasher(HasherOptions{Ring: r, Concurrent: 2, Queue: 8})
		sealed, err := h.ImportSecret("web", mustEncode(t, pass))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // people, at work
			if err := h.gate.enter(t.Context(), limit.Caller{}, nil); err != nil {
				t.Fatal(err)
			}
		}
		var busy atomic.Int64
		for range 40 {
			go func() {
				if ok, err := h.VerifySecret(t.Context(), "web", sealed, "guess"); ok || err != nil &&
					!errors.Is(err, ErrBusy) {
					t.Error(ok, err)
				} else if err != nil {
					busy.Add(1)
				}
			}()
		}
		synctest.Wait()
		if taken := h.gate.places(); taken != 3 || busy.Load() != 37 {
			t.Errorf("%d places are taken, %d were sent away", taken, busy.Load())
		}
		h.gate.leave(limit.Caller{})
		h.gate.leave(limit.Caller{})
		synctest.Wait()
		if h.gate.places() != 0 || h.secrets.places() != 0 {
			t.Error("a place was not given back")
		}
	})
}

func mustEncode(t *testing.T, secret string) string {
	t.Helper()
	encoded, err := bcrypt.New(4).Hash(secret)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}
