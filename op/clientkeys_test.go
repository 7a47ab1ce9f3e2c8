package op

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/op/clientauth"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// shelf is a Fetcher of what a test puts there.
type shelf struct {
	mu    sync.Mutex
	at    map[string]string // by address
	down  error
	asked int
	wait  chan struct{} // if not nil, each fetch waits for it
}

func (s *shelf) Get(_ context.Context, address string, most int64) ([]byte, error) {
	s.mu.Lock()
	s.asked++
	text, down, wait := s.at[address], s.down, s.wait
	s.mu.Unlock()
	if wait != nil {
		<-wait
	}
	if down != nil {
		return nil, down
	}
	return []byte(text), nil
}

func (s *shelf) put(algs ...string) { s.set(string(jwks(algs...))) }

func (s *shelf) set(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[keysAt] = text
}

func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

const keysAt = "https://robot.example/jwks"

// remote is a house with a client, robot, that keeps its keys elsewhere.
func remote(t testing.TB) (*house, *shelf) {
	t.Helper()
	h, s := newHouse(t), &shelf{at: map[string]string{}}
	h.op.token.Auth.Known = clientauth.NewClientKeys(s, h.clock.now)
	h.client("robot", func(m *apps.Metadata) { keyedRobot(m); m.JWKS, m.JWKSURI = nil, keysAt })
	return h, s
}

// by asks for a token with an assertion signed in alg, with its kid if that is said.
func (h *house) by(alg string, kid bool) int {
	h.t.Helper()
	var header map[string]any
	if kid {
		header = map[string]any{"kid": alg}
	}
	h.clock.mu.Lock()
	now := h.clock.t
	h.clock.mu.Unlock()
	claims := map[string]any{"iss": "robot", "sub": "robot", "aud": issuer, "exp": now.Unix() + 60,
		"jti": fmt.Sprint(now.UnixNano(), alg, kid, time.Now().UnixNano())}
	return h.present(forItself, signed(h.t, alg, signers()[alg], header, claims)).Status
}

func TestKeysElsewhereAreFetchedOnceAndAgainForAKeyThatIsNotThere(t *testing.T) {
	for _, kid := range []bool{true, false} {
		h, s := remote(t)
		s.put("ES256")
		want := func(when, alg string, status, asked int) {
			t.Helper()
			if got := h.by(alg, kid); got != status || s.count() != asked {
				t.Errorf("kid %v, %s: %s answers %d after %d fetches, want %d after %d", kid, when, alg, got,
					s.count(), status, asked)
			}
		}
		want("at first", "ES256", 200, 1)
		want("again", "ES256", 200, 1)
		s.put("ES256", "EdDSA") // published ahead of its use
		h.clock.add(29 * time.Second)
		want("too soon", "EdDSA", 400, 1)
		want("for what is there", "ES256", 200, 1)
		h.clock.add(time.Second)
		want("after half a minute", "EdDSA", 200, 2)
		s.put("EdDSA")
		want("while kept", "ES256", 200, 2)
		h.clock.add(10*time.Minute - time.Second)
		want("to the last second", "ES256", 200, 2)
		h.clock.add(time.Second)
		want("withdrawn", "ES256", 400, 3)
		want("the other", "EdDSA", 200, 3)
	}
}

// Whoever is not the client makes as little traffic as can be.
func TestStrangersCannotHaveKeysFetchedWithoutEnd(t *testing.T) {
	h, s := remote(t)
	s.put("EdDSA")
	for range 20 {
		h.by("ES256", true)
		h.by("ES256", false)
	}
	if s.count() != 1 {
		t.Errorf("%d fetches within half a minute", s.count())
	}
	s.down = errors.New("unreachable")
	h.clock.add(30 * time.Second)
	for range 20 {
		h.by("ES256", true)
	}
	if s.count() != 2 {
		t.Errorf("%d fetches", s.count())
	}
	h.clock.add(time.Hour)
	for name, assertion := range map[string]string{
		"nobody's":     h.assertion("nobody", nil),
		"without exp":  h.assertion("robot", func(c map[string]any) { delete(c, "exp") }),
		"of another":   h.assertion("robot", func(c map[string]any) { c["aud"] = "https://other.example" }),
		"of no form":   "x.y.z",
		"of inline":    h.assertion(webID, nil),
		"of no jti":    h.assertion("robot", func(c map[string]any) { delete(c, "jti") }),
		"of iss alone": h.assertion("robot", func(c map[string]any) { c["sub"] = "nobody" }),
	} {
		if h.present(forItself, assertion); s.count() != 2 {
			t.Errorf("an assertion %s has keys fetched", name)
		}
	}
	must(h.store.Clients.SetState(t.Context(), storage.Operator, "robot", apps.ClientSuspended))
	if h.by("EdDSA", true); s.count() != 2 {
		t.Error("a suspended client's keys are fetched")
	}
}

func TestKeysOfBeforeServeForAnHourWhileNoOthersCanBeFetched(t *testing.T) {
	h, s := remote(t)
	s.put("ES256")
	h.by("ES256", true)
	for name, down := range map[string]func(){
		"unreachable":       func() { s.down = errors.New("unreachable") },
		"no set":            func() { s.down = nil; s.set("<html>") },
		"a private key":     func() { s.set(`{"keys":[{"kty":"EC","crv":"P-256","d":"AA"}]}`) },
		"nothing that fits": func() { s.set(`{"keys":[]}`) },
	} {
		down()
		h.clock.add(14 * time.Minute)
		h.log.reset()
		if got := h.by("ES256", true); got != http.StatusOK ||
			!strings.Contains(h.log.String(), "keys of before are used") {
			t.Errorf("%s: %d, %s", name, got, h.log)
		}
	}
	h.clock.add(4*time.Minute - time.Second)
	if got := h.by("ES256", true); got != http.StatusOK {
		t.Errorf("to the last second: %d", got)
	}
	h.clock.add(time.Second)
	h.log.reset()
	if got := h.by("ES256", true); got != http.StatusBadRequest || !strings.Contains(h.log.String(), "too old") {
		t.Errorf("after an hour: %d, %s", got, h.log)
	}
	h.clock.add(30 * time.Second)
	s.down = nil
	s.put("ES256")
	if got := h.by("ES256", true); got != http.StatusOK {
		t.Errorf("reached again: %d", got)
	}
}

func TestTheReasonForNoKeysIsInTheLogAndNowhereElse(t *testing.T) {
	h, s := remote(t)
	for name, c := range map[string]struct {
		do    func()
		cause string
	}{
		"unreachable": {func() { s.down = errors.New("it resolves to 10.0.0.1") }, "10.0.0.1"},
		"no set":      {func() { s.down = nil; s.set("<html>") }, "must be a JSON object"},
		"no fetcher": {func() { h.op.token.Auth.Known = clientauth.NewClientKeys(nil, h.clock.now) },
			"nothing is fetched here"},
	} {
		c.do()
		h.clock.add(30 * time.Second)
		h.log.reset()
		v := h.present(forItself, h.assertion("robot", nil))
		if v.Error != "invalid_client" || v.Description != "client authentication failed" ||
			!strings.Contains(h.log.String(), c.cause) {
			t.Errorf("%s: %+v, %s", name, v, h.log)
		}
		if name == "no fetcher" {
			h.op.token.Auth.Known = clientauth.NewClientKeys(s, h.clock.now)
		}
	}
}

func TestManyAtOnceWaitForOneFetch(t *testing.T) {
	h, s := remote(t)
	s.put("ES256")
	s.wait = make(chan struct{})
	got := make(chan int, 20)
	for range 20 {
		go func() { got <- h.present(forItself, h.assertion("robot", nil)).Status }()
	}
	close(s.wait)
	for range 20 {
		if status := <-got; status != http.StatusOK {
			t.Errorf("%d", status)
		}
	}
	if s.count() != 1 {
		t.Errorf("%d fetches", s.count())
	}
}

// A caller that goes away must not spoil the attempt for the client.
func TestAFetchOutlivesWhoeverCausedIt(t *testing.T) {
	h, s := remote(t)
	s.put("ES256")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h.op.token.Auth.Known = clientauth.NewClientKeys(fetcherFunc(func(ctx context.Context, address string,
		most int64) ([]byte, error) {
		if cancel(); ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return s.Get(ctx, address, most)
	}), h.clock.now)
	h.do(formRequest(oauth.PathToken, assert(clone(forItself), h.assertion("robot", nil))).WithContext(ctx))
	if got := h.by("ES256", true); got != http.StatusOK {
		t.Errorf("%d", got)
	}
}

type fetcherFunc func(ctx context.Context, address string, most int64) ([]byte, error)

func (f fetcherFunc) Get(ctx context.Context, address string, most int64) ([]byte, error) {
	return f(ctx, address, most)
}

// A panic while fetching is contained by the edge; nobody is let in by it.
func TestAFetchThatFailsBadlyLetsNobodyIn(t *testing.T) {
	h, _ := remote(t)
	h.op.token.Auth.Known = clientauth.NewClientKeys(fetcherFunc(func(context.Context, string, int64) ([]byte,
		error) {
		panic("badly")
	}), h.clock.now)
	for range 3 {
		if resp := h.do(formRequest(oauth.PathToken,
			assert(clone(forItself), h.assertion("robot", nil)))); resp.StatusCode < 400 {
			t.Fatalf("%d", resp.StatusCode)
		}
	}
}

func TestAnotherAddressOrOtherKeysAreInForceAtOnce(t *testing.T) {
	h, s := remote(t)
	s.put("ES256")
	h.by("ES256", true)
	s.mu.Lock()
	s.at[keysAt+"2"] = string(jwks("EdDSA"))
	s.mu.Unlock()
	h.change("robot", func(m *apps.Metadata) { m.JWKSURI = keysAt + "2" })
	if a, b := h.by("ES256", true), h.by("EdDSA", true); a != 400 || b != 200 {
		t.Errorf("another address: %d, %d", a, b)
	}
	for _, alg := range []string{"ES384", "RS256"} {
		h.change("robot", func(m *apps.Metadata) { m.JWKSURI, m.JWKS = "", jwks(alg) })
		if a, b := h.by("EdDSA", true), h.by(alg, true); a != 400 || b != 200 {
			t.Errorf("inline: %d, %d", a, b)
		}
	}
	h.change("robot", func(m *apps.Metadata) { m.JWKS = json.RawMessage(`{"keys":[]}`) }) // past the API's check
	if got := h.by("RS256", true); got != 400 {
		t.Errorf("no keys: %d", got)
	}
}
