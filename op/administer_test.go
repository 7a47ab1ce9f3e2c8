package op

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/api"
	"latchkey/api/wire"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/kv"
	"latchkey/storage/people"
	"latchkey/usecase"

	"github.com/fxamacker/cbor/v2"
	"github.com/gorilla/mux"
)

// api is the administration API over the house's tokens.
func (h *house) api() http.Handler {
	router := mux.NewRouter()
	api.Mount(router, api.Options{Operations: &usecase.Operations{Store: h.store}, Authorization: &api.Authorization{
		Judge: func(ctx context.Context, token string) (storage.Actor, error) {
			by, err := h.op.Administer(ctx, token)
			switch {
			case errors.Is(err, ErrInvalidToken):
				err = api.ErrInvalidToken
			case errors.Is(err, ErrInsufficientScope):
				err = api.ErrInsufficientScope
			}
			return by, err
		},
	}})
	return router
}

// administered asks the administration API with a token and says in a word what came
// of it: a GET looks at the users, another method makes a group.
func (h *house) administered(method, token string) string {
	h.t.Helper()
	if method == http.MethodGet {
		return called(h.api(), method, wire.Prefix+"/users", token)
	}
	return called(h.api(), method, wire.Prefix+"/groups", token)
}

func called(handler http.Handler, method, path, token string) string {
	r := httptest.NewRequest(method, path, strings.NewReader(`{"name": "players"}`))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code < 300 {
		return "ok"
	}
	if m := regexp.MustCompile(`error="([a-z_]+)"`).FindStringSubmatch(w.Header().Get("WWW-Authenticate")); m != nil {
		return m[1]
	}
	return strings.ToLower(http.StatusText(w.Code))
}

func (h *house) roles(u *people.User, roles ...storage.Role) {
	h.t.Helper()
	must(h.store.Users.Change(context.Background(), storage.Operator, u.ID, people.UserChange{Roles: &roles}))
}

// disown makes a client third-party in its record, which no operation does while it
// has first-party scopes.
func (h *house) disown(id string) {
	h.t.Helper()
	done := false
	mustNot(h.engine.Update(context.Background(), func(tx kv.Txn) error {
		done = false
		page, err := tx.Scan(kv.Range{Limit: kv.MaxPage})
		for _, p := range page {
			var record map[uint64]cbor.RawMessage
			if len(p.Value) < 5 || cbor.Unmarshal(p.Value[5:], &record) != nil || record[20] == nil ||
				string(record[1][1:]) != id {
				continue
			}
			delete(record, 20) // storage.Client.FirstParty
			raw, err := cbor.Marshal(record)
			if err != nil {
				return err
			}
			done = true
			return tx.Put(bytes.Clone(p.Key), append([]byte{1}, raw...)) // version 1 has no checksum
		}
		return err
	}))
	if c := must(h.store.Clients.Get(context.Background(), id)); !done || c.FirstParty || !c.Live() {
		h.t.Fatalf("%+v", c)
	}
}

// robot is a house with a first-party client that may administer by itself.
func robot(t *testing.T) *house {
	h := newHouse(t)
	h.robot("robot", apps.ScopeAdmin, apps.ScopeAdminRead)
	return h
}

func (h *house) robot(id string, scopes ...string) {
	must(h.store.Clients.Create(context.Background(), storage.Operator, apps.NewClient{ID: id, FirstParty: true,
		Secret: h.ring.HashClientSecret(h.secret), Metadata: apps.Metadata{ClientName: "Robot", Scopes: scopes,
			GrantTypes: []string{apps.GrantTypeClientCredentials}}}))
}

func itself(scope string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
}

func TestAClientsOwnTokenAdministersWhileEverythingStands(t *testing.T) {
	ctx := context.Background()
	rescope := func(scopes ...string) func(*house, string) {
		return func(h *house, _ string) {
			h.change("robot", func(m *apps.Metadata) { m.Scopes = scopes })
		}
	}
	state := func(states ...apps.ClientState) func(*house, string) {
		return func(h *house, _ string) {
			for _, s := range states {
				must(h.store.Clients.SetState(ctx, storage.Operator, "robot", s))
			}
		}
	}
	for _, c := range []struct {
		name       string
		do         func(h *house, token string)
		look, make string
	}{
		{"nothing", func(*house, string) {}, "ok", "ok"},
		{"client suspended", state(apps.ClientSuspended), "invalid_token", "invalid_token"},
		{"client suspended and approved again", state(apps.ClientSuspended, apps.ClientApproved), "invalid_token",
			"invalid_token"},
		{"client deleted", func(h *house,
			_ string) {
			mustNot(h.store.Clients.Delete(ctx, storage.Operator, "robot"))
		}, "invalid_token", "invalid_token"},
		{"client deleted and added again", func(h *house, _ string) {
			mustNot(h.store.Clients.Delete(ctx, storage.Operator, "robot"))
			h.robot("robot", apps.ScopeAdmin)
		}, "invalid_token", "invalid_token"},
		{"token revoked", func(h *house, token string) { h.ask(oauth.PathRevocation, "robot", token) },
			"invalid_token", "invalid_token"},
		{"token expired", func(h *house, _ string) { h.clock.add(time.Hour) }, "invalid_token", "invalid_token"},
		{"admin withdrawn", rescope(apps.ScopeAdminRead), "ok", "insufficient_scope"},
		{"every scope withdrawn", rescope(apps.ScopePhone), "invalid_token", "invalid_token"},
		{"first party taken away, past the rules", func(h *house, _ string) { h.disown("robot") }, "invalid_token",
			"invalid_token"},
	} {
		h := robot(t)
		v, _ := h.token("robot", itself("admin admin.read"))
		c.do(h, v.AccessToken)
		if look, make := h.administered("GET", v.AccessToken),
			h.administered("POST", v.AccessToken); look != c.look || make != c.make {
			t.Errorf("%s: looking answers %q, making %q", c.name, look, make)
		}
	}
}

func TestIntrospectionSaysWhatAClientsOwnTokenIsStillFor(t *testing.T) {
	h := robot(t)
	v, _ := h.token("robot", itself("admin admin.read"))
	h.change("robot", func(m *apps.Metadata) { m.Scopes = []string{apps.ScopeAdminRead} })
	if got := h.introspected("robot", v.AccessToken); got["scope"] != apps.ScopeAdminRead {
		t.Errorf("%v", got)
	}
	h.disown("robot")
	if got := h.introspected("robot", v.AccessToken); got["active"] != false {
		t.Errorf("%v", got)
	}
}

func TestNobodyGetsToAdministerWhoDidNotAskTo(t *testing.T) {
	h := robot(t)
	v, _ := h.token("robot", forItself)
	if v.Status != http.StatusOK || v.Scope != "" || h.administered("GET", v.AccessToken) != "insufficient_scope" {
		t.Errorf("%+v", v)
	}
	read, _ := h.token("robot", itself("admin.read"))
	if look, make := h.administered("GET", read.AccessToken),
		h.administered("POST", read.AccessToken); look != "ok" || make != "insufficient_scope" {
		t.Errorf("looking answers %q, making %q", look, make)
	}
}

// Whoever is sent a token can use it: one that an API is sent must not administer.
func TestATokenThatIsForAnAPITooDoesNotAdminister(t *testing.T) {
	h := newHouse(t)
	api := h.resource(ordersURI, "orders")
	h.robot("robot", apps.ScopeAdmin, "orders:read")
	both := itself("admin orders:read")
	v, _ := h.token("robot", both)
	if got := h.administered("POST", v.AccessToken); got != "invalid_token" {
		t.Errorf("for both: %s", got)
	}
	must(h.store.Resources.Disable(context.Background(), storage.Operator, api.ID, true))
	if got := h.administered("POST", v.AccessToken); got != "invalid_token" {
		t.Errorf("for both, when the API that was sent it is shut down: %s", got)
	}
	must(h.store.Resources.Disable(context.Background(), storage.Operator, api.ID, false))
	v, _ = h.token("robot", about(both, issuer))
	if got := h.administered("POST", v.AccessToken); got != "ok" {
		t.Errorf("for the issuer alone: %s", got)
	}
}

// A user's token is worth what the user's roles are, whatever its scope says.
func TestAUsersTokenAdministersWithTheUsersRoles(t *testing.T) {
	for scope, want := range map[string]string{"admin": "ok", "admin.read": "insufficient_scope",
		"openid": "insufficient_scope"} {
		s := newSituation(t)
		s.h.change(webID, func(m *apps.Metadata) { m.Scopes = append(m.Scopes, apps.ScopeAdminRead) })
		v := s.b.tokens(authorization("scope", scope))
		if got := s.h.administered("POST", v.AccessToken); got != want {
			t.Errorf("%s: %s", scope, got)
		}
		s.h.roles(s.h.ada)
		for _, method := range []string{"GET", "POST"} {
			if got := s.h.administered(method, v.AccessToken); got == "ok" {
				t.Errorf("%s of somebody with no role: %s", scope, method)
			}
		}
	}
}

// Every operation of the description, so that one that is added is held to it.
func TestEveryOperationWantsTheScopeAndTheRole(t *testing.T) {
	s := newSituation(t)
	s.h.change(webID, func(m *apps.Metadata) { m.Scopes = append(m.Scopes, apps.ScopeAdminRead) })
	reading := s.b.tokens(authorization("scope", "admin.read")).AccessToken
	plain := s.b.tokens(authorization("scope", "openid profile")).AccessToken
	other := s.h.browser()
	other.user = s.h.user(people.User{Username: "bob"})
	bobs := other.tokens(authorization("scope", "openid admin")).AccessToken
	handler := s.h.api()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", wire.Prefix+"/openapi.json", nil))
	described := decoded[struct{ Paths map[string]map[string]any }](t, w.Result())
	if len(described.Paths) < 10 {
		t.Fatal(described)
	}
	before := s.h.keyCount()
	for path, methods := range described.Paths {
		at := regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllString(path, s.h.ada.Subject())
		for method := range methods {
			method = strings.ToUpper(method)
			for name, c := range map[string]struct{ token, want string }{
				"no role": {bobs, "forbidden"}, "no scope": {plain, "insufficient_scope"},
				"reading": {reading, "insufficient_scope"},
			} {
				if name == "reading" && method == http.MethodGet {
					continue
				}
				if got := called(handler, method, at, c.token); got != c.want {
					t.Errorf("%s: %s %s: %s", name, method, path, got)
				}
			}
		}
	}
	if after := s.h.keyCount(); after != before {
		t.Errorf("%d records, before %d", after, before)
	}
}

func TestARefreshedTokenNarrowedAwayFromAdminDoesNotAdminister(t *testing.T) {
	s := newSituation(t)
	narrow, _ := s.h.token(webID, refresh(s.tokens.RefreshToken, "scope", "openid"))
	if got := s.h.administered("GET", narrow.AccessToken); got != "insufficient_scope" {
		t.Error(got)
	}
	again, _ := s.h.token(webID, refresh(narrow.RefreshToken, "resource", issuer))
	if got := s.h.administered("POST", again.AccessToken); got != "ok" {
		t.Error(got)
	}
}

func TestOnlyAnAccessTokenOfOursAdministers(t *testing.T) {
	s, other := newSituation(t), newSituation(t)
	mine, jwt := s.tokens, func(s situation) string {
		s.h.change(webID, func(m *apps.Metadata) { m.AccessTokenFormat = apps.AccessTokenJWT })
		return s.b.tokens(authorization("scope", "openid admin")).AccessToken
	}
	if good := jwt(s); s.h.administered("POST", good) != "ok" {
		t.Error("a JWT of ours does not work")
	}
	for name, token := range map[string]string{
		"ID token": mine.IDToken, "refresh token": mine.RefreshToken, "code": s.code, "nonsense": "x",
		"changed":          flipped(mine.AccessToken),
		"another issuer's": other.tokens.AccessToken, "another issuer's JWT": jwt(other),
		"unsigned": "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJqdGkiOiJ4In0.",
		"aud [1]":  "eyJhbGciOiJub25lIn0.eyJhdWQiOlsxXX0.",
	} {
		if got := s.h.administered("GET", token); got != "invalid_token" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// No way leads a third party to a first-party scope: registering, changing and
// importing are refused in storage; what is asked for all the same is left out.
func TestThirdPartiesCannotAskForAdmin(t *testing.T) {
	h := newHouse(t)
	h.client("theirs", func(m *apps.Metadata) { ownGrant(m); m.Scopes = []string{apps.ScopePhone} })
	if v, _ := h.token("theirs", itself("admin")); v.Error != "invalid_scope" {
		t.Errorf("client credentials: %+v", v)
	}
	wantFault(t, h.browser().authorize(authorization("scope", "admin admin.read")), "invalid_scope")
	h.change(webID, refreshing)
	v := h.browser().tokens(authorization("scope", "openid admin offline_access"))
	if strings.Contains(v.Scope, "admin") || h.administered("GET", v.AccessToken) != "insufficient_scope" {
		t.Errorf("authorize: %+v", v)
	}
	w, _ := h.token(webID, refresh(v.RefreshToken, "scope", "openid admin"))
	if w.Scope != "openid" || h.administered("GET", w.AccessToken) != "insufficient_scope" {
		t.Errorf("refresh: %+v", w)
	}
	if w, _ = h.token(webID, refresh(w.RefreshToken, "scope", "admin")); w.Error != "invalid_scope" {
		t.Errorf("refresh for admin alone: %+v", w)
	}
	// And neither does a client that has the scope in its record only.
	s := newSituation(t)
	s.h.disown(webID)
	v = s.b.tokens(authorization("scope", "openid admin", "prompt", "consent"))
	if strings.Contains(v.Scope, "admin") {
		t.Errorf("a client that is first-party no longer: %+v", v)
	}
	wantFault(t, s.b.login(authorization("scope", "admin")), "invalid_scope")
}

func TestDiscoveryDoesNotOfferFirstPartyScopes(t *testing.T) {
	h := newHouse(t)
	if d := fmt.Sprint(decoded[map[string]any](t,
		h.get(oauth.PathDiscovery))["scopes_supported"]); strings.Contains(d, "admin") {
		t.Error(d)
	}
}
