package op

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/keys"
	"latchkey/op/clientauth"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// theirs is the secret of a client that came from a Django platform, which kept
// djangoHash of it.
const (
	theirs     = "a sentence nobody else has"
	djangoHash = "pbkdf2_sha256$1000$seasaltNaCl42xx$abs9bzd+0qyKRFhDr7yNg5qlD5IkKWw+Y19LCs1qbT8="
	weakHash   = "pbkdf2_sha256$1000$seasaltNaCl42xx$KVAU1Aq8uDsdtO6N8EVLa734+MsTUi0h/acQfX8akFc=" // of weak
)

// imported makes a client of which only a hash of the secret is known.
func (h *house) imported(id string) *apps.Client { return h.importedAs(id, djangoHash, false) }

func (h *house) importedAs(id, hash string, guessable bool) *apps.Client {
	h.t.Helper()
	m := apps.Metadata{ClientName: "Django", GrantTypes: []string{apps.GrantTypeClientCredentials}}
	done := must(h.store.Clients.Import(context.Background(), storage.Operator, false,
		[]apps.ClientImport{{NewClient: apps.NewClient{
			ID: id, Metadata: m, Imported: must(keys.NewHasher(keys.HasherOptions{Ring: h.ring}).ImportSecret(id,
				hash)), Guessable: guessable}}}))
	if done[0].Err != nil {
		h.t.Fatal(done[0].Err)
	}
	return done[0].Client
}

func (h *house) tryAs(id, secret string) *http.Response {
	r := formRequest(oauth.PathToken, forItself)
	basic(r, id+":"+secret)
	return h.do(r)
}

// counting counts what is hashed, and answers err if it is not nil.
type counting struct {
	clientauth.Hasher
	n   atomic.Int64
	err error
}

func (c *counting) VerifySecret(ctx context.Context, client string, sealed []byte, secret string) (bool, error) {
	if c.n.Add(1); c.err != nil {
		return false, c.err
	}
	return c.Hasher.VerifySecret(ctx, client, sealed, secret)
}

func (h *house) counting() *counting {
	c := &counting{Hasher: h.op.token.Auth.Hasher}
	h.op.token.Auth.Hasher = c
	return c
}

func TestAnImportedSecretIsHashedUntilItsFirstUseOnly(t *testing.T) {
	h := newHouse(t)
	c, hashed, before := h.imported("django"), h.counting(), h.commits()
	for range 3 {
		if resp := h.tryAs("django", theirs); resp.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", resp.StatusCode, body(resp))
		}
	}
	if n := h.commits() - before; n != 1 || hashed.n.Load() != 1 {
		t.Errorf("three uses: %d commits, %d hashes, want one of each", n, hashed.n.Load())
	}
	now := must(h.store.Clients.Get(context.Background(), "django"))
	if v := now.Secrets[0]; len(v.Imported) > 0 || !h.ring.VerifyClientSecret(v.Hash, theirs) ||
		v.Last4 != " has" || v.ID != c.Secrets[0].ID {
		t.Errorf("%+v", v)
	}
	if now.Revision != c.Revision {
		t.Error("whoever is about to decide on the client would have to decide again")
	}
}

func TestOfManyFirstUsesAllSucceedAndOneUpgradeIsKept(t *testing.T) {
	h := newHouse(t)
	h.imported("django")
	before := h.commits()
	var wg sync.WaitGroup
	for range 16 { // as many as may wait at the gate
		wg.Go(func() {
			if resp := h.tryAs("django", theirs); resp.StatusCode != http.StatusOK {
				t.Errorf("%d %s", resp.StatusCode, body(resp))
			}
		})
	}
	wg.Wait()
	if n := h.commits() - before; n != 1 {
		t.Errorf("%d commits", n)
	}
}

// A wrong secret costs a hash for each form it may have been sent in, and changes
// nothing; what can only be one of our own secrets, or is too short to be taken,
// costs none; nor does a client that may not be used at all.
func TestAWrongSecretForAnImportedClientCostsFewHashes(t *testing.T) {
	h := newHouse(t)
	h.imported("django")
	h.imported("suspended")
	must(h.store.Clients.SetState(context.Background(), storage.Operator, "suspended", apps.ClientSuspended))
	before, hashed := h.commits(), h.counting()
	for _, c := range []struct {
		id, secret string
		want       int64
	}{
		{"django", theirs + "x", 1}, {"django", "a%20sentence+nobody+else+had", 2}, {"django", h.secret, 0},
		{"django", "short", 0}, {"suspended", theirs, 0}, {"nobody", theirs, 0},
	} {
		hashed.n.Store(0)
		if resp := h.tryAs(c.id, c.secret); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s, %q: %d %s", c.id, c.secret, resp.StatusCode, body(resp))
		}
		if n := hashed.n.Load(); n != c.want {
			t.Errorf("%s, %q: %d hashes, want %d", c.id, c.secret, n, c.want)
		}
	}
	if h.commits() != before {
		t.Error("a wrong secret was written about")
	}
	if resp := h.tryAs("django", "a+sentence%20nobody+else+has"); resp.StatusCode != http.StatusOK {
		t.Errorf("form-encoded: %d", resp.StatusCode)
	}
}

func TestASecretTakenAwayWhileItIsHashedDoesNotComeBack(t *testing.T) {
	for name, end := range map[string]func(h *house){
		"rotated": func(h *house) {
			must(h.store.Clients.AddSecret(context.Background(), storage.Operator, "django",
				h.ring.HashClientSecret("new"), "", 0))
		},
		"client deleted": func(h *house) {
			_ = h.store.Clients.Delete(context.Background(), storage.Operator,
				"django")
		},
	} {
		h := newHouse(t)
		h.imported("django")
		h.op.token.Auth.Hasher = meanwhile{h.op.token.Auth.Hasher, func() { end(h) }}
		if resp := h.tryAs("django", theirs); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
		c, err := h.store.Clients.Get(context.Background(), "django")
		if err == nil && (len(c.Secrets) != 1 || !h.ring.VerifyClientSecret(c.Secrets[0].Hash, "new")) {
			t.Errorf("%s: %+v", name, c.Secrets)
		}
	}
	h := newHouse(t)
	h.imported("django")
	h.op.token.Auth.Hasher = meanwhile{h.op.token.Auth.Hasher, func() {
		must(h.store.Clients.AddSecret(context.Background(), storage.Operator, "django",
			h.ring.HashClientSecret("new"), "", time.Hour))
	}}
	if resp := h.tryAs("django", theirs); resp.StatusCode != http.StatusOK {
		t.Errorf("rotated with overlap: %d", resp.StatusCode)
	}
	c := must(h.store.Clients.Get(context.Background(), "django"))
	if len(c.Secrets) != 2 || c.Secrets[1].Expires.IsZero() || len(c.Secrets[1].Imported) > 0 {
		t.Errorf("%+v", c.Secrets)
	}
}

// meanwhile lets something happen while a secret is hashed.
type meanwhile struct {
	clientauth.Hasher
	do func()
}

func (m meanwhile) VerifySecret(ctx context.Context, client string, sealed []byte, secret string) (bool, error) {
	ok, err := m.Hasher.VerifySecret(ctx, client, sealed, secret)
	m.do()
	return ok, err
}

func TestWhenTooMuchIsHashedTheClientIsToldWhenToComeBack(t *testing.T) {
	h := newHouse(t)
	h.imported("django")
	h.counting().err = keys.ErrBusy
	before := h.commits()
	for _, path := range []string{oauth.PathToken, oauth.PathIntrospection, oauth.PathRevocation} {
		r := formRequest(path, forItself)
		basic(r, "django:"+theirs)
		resp := h.do(r)
		v := decoded[tokenAnswer](t, resp)
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "5" ||
			v.Error != "temporarily_unavailable" {
			t.Errorf("%s: %d, Retry-After %q, %s", path, resp.StatusCode, resp.Header.Get("Retry-After"), body(resp))
		}
	}
	if h.commits() != before {
		t.Error("something was changed")
	}
	h.op.token.Auth.Hasher.(*counting).err = nil
	if resp := h.tryAs("django", theirs); resp.StatusCode != http.StatusOK {
		t.Errorf("a moment later: %d", resp.StatusCode)
	}
}
