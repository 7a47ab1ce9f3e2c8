package op

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"
)

// situation is a signed-in administrator with all that can be asked to be refused: a
// code not yet redeemed, and tokens of another grant that open the API.
type situation struct {
	h      *house
	b      *browser
	code   string
	tokens tokenAnswer
	admin  string         // an access token of the same grant that is for the provider alone
	orders *apps.Resource // an API that they are for, too
}

// everything asks for the user's claims and for an API.
func everything(change ...string) url.Values {
	return authorization(append(change, "scope", "openid profile email orders:read")...)
}

func newSituation(t *testing.T, change ...func(*apps.Metadata)) situation {
	t.Helper()
	h := newHouse(t)
	must(h.store.Clients.SetFirstParty(context.Background(), storage.Operator, webID, true))
	s := situation{h: h, b: h.browser(), orders: h.resource(ordersURI, "orders")}
	h.change(webID, func(m *apps.Metadata) {
		refreshing(m)
		m.Scopes = append(m.Scopes, apps.ScopeAdmin, "orders:read")
	})
	h.roles(h.ada, storage.RoleAdmin)
	h.user(people.User{Username: "root", Roles: []storage.Role{storage.RoleAdmin}}) // one must stay
	for _, c := range change {
		h.change(webID, c)
	}
	s.tokens = s.b.tokens(authorization("scope", "openid profile email admin orders:read"))
	again, _ := h.token(webID, refresh(s.tokens.RefreshToken, "resource", issuer))
	s.admin, s.tokens.RefreshToken = again.AccessToken, again.RefreshToken
	s.code = s.b.login(everything()).code()
	if s.code == "" || s.tokens.RefreshToken == "" {
		t.Fatalf("%+v", s)
	}
	return s
}

// uses are all the ways in which what was given is used, and what each answers in a
// word.
var uses = []struct {
	name string
	use  func(situation) string
}{
	{"authorize", func(s situation) string {
		a := s.b.authorize(everything("prompt", "none"))
		switch {
		case a.code() != "":
			return "ok"
		case a.params.Get("error") != "":
			return a.params.Get("error")
		default:
			return string(a.page.Kind)
		}
	}},
	{"code", func(s situation) string { return tokenWord(s.h.token(webID, redemption(s.code))) }},
	{"refresh", func(s situation) string { return tokenWord(s.h.token(webID, refresh(s.tokens.RefreshToken))) }},
	{"userinfo", func(s situation) string {
		resp := s.h.userinfo(s.tokens.AccessToken)
		if resp.StatusCode == http.StatusOK {
			return "ok"
		}
		return decoded[tokenAnswer](s.h.t, resp).Error
	}},
	{"introspection", func(s situation) string { return s.asked(webID) }},
	{"API", func(s situation) string { return s.h.administered(http.MethodGet, s.admin) }},
	{"introspection by the resource", func(s situation) string { return s.asked(s.orders.ID.String()) }},
}

// asked is what introspection tells a caller of the access token.
func (s situation) asked(caller string) string {
	resp := s.h.ask(oauth.PathIntrospection, caller, s.tokens.AccessToken)
	if resp.StatusCode != http.StatusOK {
		return decoded[tokenAnswer](s.h.t, resp).Error
	}
	return fmt.Sprint("active ", decoded[map[string]any](s.h.t, resp)["active"])
}

func tokenWord(v tokenAnswer, _ *http.Response) string {
	if v.Status == http.StatusOK {
		return "ok"
	}
	return v.Error
}

// Every cause is in force at every use, at the very next call, and is told in the
// right words.
func TestEveryCauseIsInForceAtEveryUse(t *testing.T) {
	ctx := context.Background()
	gone := []string{"login_required", "invalid_grant", "invalid_grant", "invalid_token", "active false",
		"invalid_token", "active false"}
	for _, c := range []struct {
		name string
		do   func(situation)
		want []string // by use
	}{
		{"nothing", func(situation) {}, []string{"ok", "ok", "ok", "ok", "active true", "ok", "active true"}},
		{"user disabled", func(s situation) { must(s.h.store.Users.Disable(ctx, storage.Operator, s.h.ada.ID)) }, gone},
		{"user disabled and enabled again", func(s situation) {
			must(s.h.store.Users.Disable(ctx, storage.Operator, s.h.ada.ID))
			must(s.h.store.Users.Enable(ctx, storage.Operator, s.h.ada.ID))
		}, gone},
		{"user deleted", func(s situation) { mustNot(s.h.store.Users.Delete(ctx, storage.Operator, s.h.ada.ID)) },
			gone},
		{"epoch bumped by a new password", func(s situation) {
			must(s.h.store.Users.SetPassword(ctx, storage.Operator, s.h.ada.ID, []byte("sealed")))
		}, gone},
		{"session ended", func(s situation) {
			mustNot(s.h.store.Sessions.End(ctx, storage.Operator,
				s.b.sessions...))
		}, gone},
		{"client suspended", func(s situation) {
			must(s.h.store.Clients.SetState(ctx, storage.Operator, webID, apps.ClientSuspended))
		}, []string{string(frontchannel.RefusedUnavailable), "invalid_client", "invalid_client", "invalid_token",
			"invalid_client", "invalid_token", "active false"}},
		{"client suspended and approved again", func(s situation) {
			must(s.h.store.Clients.SetState(ctx, storage.Operator, webID, apps.ClientSuspended))
			must(s.h.store.Clients.SetState(ctx, storage.Operator, webID, apps.ClientApproved))
		}, []string{"ok", "invalid_grant", "invalid_grant", "invalid_token", "active false", "invalid_token",
			"active false"}},
		{"client deleted", func(s situation) { mustNot(s.h.store.Clients.Delete(ctx, storage.Operator, webID)) },
			[]string{string(frontchannel.RefusedClient), "invalid_client", "invalid_client", "invalid_token",
				"invalid_client", "invalid_token", "active false"}},
		{"consent withdrawn", func(s situation) {
			mustNot(s.h.store.Consents.Withdraw(ctx, storage.Operator, s.h.ada.ID, webID))
		}, []string{"consent_required", "invalid_grant", "invalid_grant", "invalid_token", "active false",
			"invalid_token", "active false"}},
		{"grant revoked", func(s situation) { s.h.ask(oauth.PathRevocation, webID, s.tokens.RefreshToken) },
			[]string{"ok", "ok", "invalid_grant", "invalid_token", "active false", "invalid_token", "active false"}},
		{"openid withdrawn from the client", func(s situation) {
			s.h.change(webID, func(m *apps.Metadata) {
				m.Scopes = slices.DeleteFunc(m.Scopes, func(s string) bool { return s == apps.ScopeOpenID })
			})
		}, []string{"ok", "ok", "ok", "insufficient_scope", "active true", "ok", "active true"}},
		{"all that was granted withdrawn from the client", func(s situation) {
			s.h.change(webID, func(m *apps.Metadata) { m.Scopes = []string{apps.ScopePhone} })
		}, []string{"invalid_scope", "invalid_grant", "invalid_grant", "invalid_token", "active false",
			"invalid_token", "active false"}},
		{"user taken out of the only group that may use the client", func(s situation) {
			g := must(s.h.store.Groups.Create(ctx, storage.Operator, "players", ""))
			s.h.change(webID, func(m *apps.Metadata) { m.AllowedGroups = []storage.ID{g.ID} })
		}, []string{"access_denied", "invalid_grant", "invalid_grant", "invalid_token", "active false",
			"invalid_token", "active false"}},
		{"admin withdrawn from the client", func(s situation) {
			s.h.change(webID, func(m *apps.Metadata) {
				m.Scopes = slices.DeleteFunc(m.Scopes, func(s string) bool { return s == apps.ScopeAdmin })
			})
		}, []string{"ok", "ok", "ok", "ok", "active true", "insufficient_scope", "active true"}},
		{"first party taken from the client, past the rules", func(s situation) { s.h.disown(webID) },
			[]string{"ok", "ok", "ok", "ok", "active true", "insufficient_scope", "active true"}},
		{"role taken from the user", func(s situation) { s.h.roles(s.h.ada) },
			[]string{"ok", "ok", "ok", "ok", "active true", "forbidden", "active true"}},
		{"resource disabled", func(s situation) {
			must(s.h.store.Resources.Disable(ctx, storage.Operator, s.orders.ID, true))
		}, []string{"ok", "ok", "ok", "ok", "active true", "ok", "invalid_client"}},
		{"resource disabled and enabled again", func(s situation) {
			must(s.h.store.Resources.Disable(ctx, storage.Operator, s.orders.ID, true))
			must(s.h.store.Resources.Disable(ctx, storage.Operator, s.orders.ID, false))
		}, []string{"ok", "ok", "ok", "ok", "active true", "ok", "active true"}},
		{"resource removed", func(s situation) {
			mustNot(s.h.store.Resources.Delete(ctx, storage.Operator, s.orders.ID))
		}, []string{"ok", "ok", "ok", "ok", "active true", "ok", "invalid_client"}},
		{"the API's scope withdrawn from the client", func(s situation) {
			s.h.change(webID, func(m *apps.Metadata) { m.Scopes = append(apps.StandardScopes(), apps.ScopeAdmin) })
		}, []string{"ok", "ok", "ok", "ok", "active true", "ok", "active false"}},
		{"the API's scope withdrawn from the API", func(s situation) {
			must(s.h.store.Resources.Change(ctx, storage.Operator, s.orders.ID, 0, apps.ResourceChange{
				Scopes: []apps.ResourceScope{{Name: "orders:write", Words: "order"}}}))
		}, []string{"ok", "ok", "ok", "ok", "active true", "ok", "active false"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i, u := range uses {
				for name, method := range map[string]func(*apps.Metadata){"a secret": func(*apps.Metadata) {},
					"a key": keyed} {
					s := newSituation(t, method) // each use by itself: none may rest on another's effect
					c.do(s)
					if got := u.use(s); got != c.want[i] {
						t.Errorf("%s by a client with %s answers %q, want %q", u.name, name, got, c.want[i])
					}
				}
			}
		})
	}
}

func mustNot(err error) {
	if err != nil {
		panic(err)
	}
}
