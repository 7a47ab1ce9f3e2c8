package op

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/keys"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/bolt"
)

func ownGrant(m *apps.Metadata) {
	m.GrantTypes, m.RedirectURIs = []string{"client_credentials"}, nil
}

var forItself = url.Values{"grant_type": {"client_credentials"}}

// ask sends a token to introspection or revocation, as the client id.
func (h *house) ask(path, id, token string) *http.Response {
	h.t.Helper()
	r := h.tokenRequest(id, url.Values{"token": {token}})
	r.URL.Path, r.RequestURI = path, path
	return h.do(r)
}

func (h *house) introspected(id, token string) map[string]any {
	h.t.Helper()
	resp := h.ask(oauth.PathIntrospection, id, token)
	if resp.StatusCode != http.StatusOK {
		h.t.Fatalf("introspection: %d %s", resp.StatusCode, body(resp))
	}
	return decoded[map[string]any](h.t, resp)
}

func TestAClientsOwnTokenStandsForNobody(t *testing.T) {
	engine, err := bolt.Open(t.TempDir()+"/db", bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouseOn(t, engine)
	h.client("robot", ownGrant)
	before := h.commits()
	v, _ := h.token("robot", forItself)
	if v.Status != http.StatusOK || v.AccessToken == "" || v.IDToken != "" || v.RefreshToken != "" {
		t.Fatalf("%+v", v)
	}
	if h.commits() != before {
		t.Error("client credentials cost a commit")
	}
	if got := h.userinfo(v.AccessToken).StatusCode; got != http.StatusUnauthorized {
		t.Errorf("userinfo: %d", got)
	}
	if got := h.introspected("robot", v.AccessToken); got["active"] != true || got["sub"] != "robot" ||
		got["client_id"] != "robot" {
		t.Errorf("introspection: %v", got)
	}
	for _, scope := range []string{"openid", "offline_access", "profile", "nonsense"} {
		if out, _ := h.token("robot", url.Values{"grant_type": {"client_credentials"},
			"scope": {scope}}); out.Error != "invalid_scope" {
			t.Errorf("scope %s: %+v", scope, out)
		}
	}
	if out, _ := h.token(webID, forItself); out.Error != "unauthorized_client" {
		t.Errorf("a client not registered for it: %+v", out)
	}
}

func TestAClientsOwnTokenEndsWithTheClient(t *testing.T) {
	ctx := context.Background()
	for name, end := range map[string]func(h *house){
		"suspended and approved again": func(h *house) {
			must(h.store.Clients.SetState(ctx, storage.Operator, "robot", apps.ClientSuspended))
			must(h.store.Clients.SetState(ctx, storage.Operator, "robot", apps.ClientApproved))
		},
		"deleted and added again": func(h *house) {
			_ = h.store.Clients.Delete(ctx, storage.Operator, "robot")
			h.client("robot", ownGrant)
		},
		"deleted and added again a while later": func(h *house) {
			_ = h.store.Clients.Delete(ctx, storage.Operator, "robot")
			h.clock.add(2 * time.Second)
			h.client("robot", ownGrant)
		},
		"revoked": func(h *house) {},
		"expired": func(h *house) { h.clock.add(time.Hour) },
	} {
		h := newHouse(t)
		h.client("robot", ownGrant)
		for range 2 { // so that it has another epoch than it began with
			must(h.store.Clients.SetState(ctx, storage.Operator, "robot", apps.ClientSuspended))
			must(h.store.Clients.SetState(ctx, storage.Operator, "robot", apps.ClientApproved))
		}
		v, _ := h.token("robot", forItself)
		end(h)
		if name == "revoked" {
			other, _ := h.token("robot", forItself)
			if resp := h.ask(oauth.PathRevocation, "robot", v.AccessToken); resp.StatusCode != http.StatusOK ||
				body(resp) != "" {
				t.Errorf("revocation: %d %q", resp.StatusCode, body(resp))
			}
			if h.introspected("robot", other.AccessToken)["active"] != true {
				t.Error("revoking one token ended another")
			}
		}
		if got := h.introspected("robot", v.AccessToken); len(got) != 1 || got["active"] != false {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestIntrospectionTellsTheOwnerOnly(t *testing.T) {
	h, _, v := refreshable(t)
	h.client("other", nil)
	h.client("spa", publicClient)
	for _, token := range []string{v.AccessToken, v.RefreshToken} {
		got := h.introspected(webID, token)
		if got["active"] != true || got["sub"] != h.ada.Subject() || got["client_id"] != webID ||
			got["username"] != "ada" {
			t.Errorf("the owner is told %v", got)
		}
		if got := h.introspected("other", token); len(got) != 1 || got["active"] != false {
			t.Errorf("another client is told %v", got)
		}
		if resp := h.ask(oauth.PathIntrospection, "spa", token); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("a public client: %d", resp.StatusCode)
		}
	}
	for _, token := range []string{"x", v.IDToken, v.AccessToken + "A", flipped(v.AccessToken)} {
		if got := h.introspected(webID, token); got["active"] != false {
			t.Errorf("%q: %v", token, got)
		}
	}
	next, _ := h.token(webID, refresh(v.RefreshToken))
	if h.introspected(webID, v.RefreshToken)["active"] != false ||
		h.introspected(webID, next.RefreshToken)["active"] != true {
		t.Error("a refresh token that was used up is active, or its successor is not")
	}
	must(h.store.Users.Disable(context.Background(), storage.Operator, h.ada.ID))
	if got := h.introspected(webID, next.AccessToken); len(got) != 1 || got["active"] != false {
		t.Errorf("of a disabled user: %v", got)
	}
}

func TestRevokingARefreshTokenEndsTheGrantAnAccessTokenItselfOnly(t *testing.T) {
	h, _, v := refreshable(t)
	next, _ := h.token(webID, refresh(v.RefreshToken))
	if resp := h.ask(oauth.PathRevocation, webID, v.AccessToken); resp.StatusCode != http.StatusOK {
		t.Fatal(resp.StatusCode)
	}
	if h.userinfo(v.AccessToken).StatusCode != http.StatusUnauthorized ||
		h.userinfo(next.AccessToken).StatusCode != http.StatusOK {
		t.Error("revoking an access token ended the wrong one")
	}
	if resp := h.ask(oauth.PathRevocation, webID, next.RefreshToken); resp.StatusCode != http.StatusOK {
		t.Fatal(resp.StatusCode)
	}
	if h.userinfo(next.AccessToken).StatusCode != http.StatusUnauthorized {
		t.Error("an access token outlives its grant")
	}
	if out, _ := h.token(webID, refresh(next.RefreshToken)); out.Error != "invalid_grant" {
		t.Errorf("%+v", out)
	}
}

func TestRevocationIsForTheTokensOwner(t *testing.T) {
	h, _, v := refreshable(t)
	h.client("other", nil)
	for _, token := range []string{v.AccessToken, v.RefreshToken} {
		if resp := h.ask(oauth.PathRevocation, "other", token); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("another client: %d", resp.StatusCode)
		}
	}
	for _, token := range []string{"unknown", v.IDToken} {
		if resp := h.ask(oauth.PathRevocation, webID, token); resp.StatusCode != http.StatusOK || body(resp) != "" {
			t.Errorf("an unknown token: %d %q", resp.StatusCode, body(resp))
		}
	}
	if h.userinfo(v.AccessToken).StatusCode != http.StatusOK {
		t.Error("somebody else's revocation counted")
	}
}

func TestManyRevokedTokensEndTheGrant(t *testing.T) {
	h, _, v := refreshable(t, func(m *apps.Metadata) { m.RefreshTokenReuse = true })
	for range 17 {
		next, _ := h.token(webID, refresh(v.RefreshToken))
		h.ask(oauth.PathRevocation, webID, next.AccessToken)
	}
	if h.userinfo(v.AccessToken).StatusCode != http.StatusUnauthorized {
		t.Error("the grant lives on")
	}
}

// APIs log the jti of the tokens they get.
func TestTheJTIOfAJWTAccessTokenIsNoAccessToken(t *testing.T) {
	h, _, v := refreshable(t, func(m *apps.Metadata) { m.AccessTokenFormat = apps.AccessTokenJWT })
	h.client("robot", func(m *apps.Metadata) { ownGrant(m); m.AccessTokenFormat = apps.AccessTokenJWT })
	own, _ := h.token("robot", forItself)
	for client, token := range map[string]string{webID: v.AccessToken, "robot": own.AccessToken} {
		jti := h.verifiedAs(token, "RS256", "at+jwt")["jti"].(string)
		for _, bare := range []string{jti, keys.PrefixAccessToken + jti} {
			if status := h.userinfo(bare).StatusCode; status != http.StatusUnauthorized {
				t.Errorf("%s: userinfo answers %d", client, status)
			}
			if h.introspected(client, bare)["active"] != false {
				t.Errorf("%s: it is active", client)
			}
			h.ask(oauth.PathRevocation, client, bare)
		}
		if h.introspected(client, token)["active"] != true {
			t.Errorf("%s: the jti revoked its token", client)
		}
	}
}

func TestJWTAccessTokensFollowRFC9068AndAreWorthTheSameHere(t *testing.T) {
	h, _, v := refreshable(t, func(m *apps.Metadata) { m.AccessTokenFormat = apps.AccessTokenJWT })
	if strings.Count(v.AccessToken, ".") != 2 || v.ExpiresIn != 600 {
		t.Fatalf("%+v", v)
	}
	claims := h.verifiedAs(v.AccessToken, "RS256", "at+jwt")
	for name, want := range map[string]any{"iss": issuer, "aud": issuer, "client_id": webID, "sub": h.ada.Subject(),
		"scope": v.Scope} {
		if claims[name] != want {
			t.Errorf("%s is %v", name, claims[name])
		}
	}
	if claims["exp"].(float64)-claims["iat"].(float64) != 600 || claims["jti"] == "" || claims["auth_time"] == nil {
		t.Errorf("%v", claims)
	}
	if h.userinfo(v.AccessToken).StatusCode != http.StatusOK || h.introspected(webID, v.AccessToken)["active"] != true {
		t.Error("it is not worth anything here")
	}
	h.ask(oauth.PathRevocation, webID, v.AccessToken)
	if h.userinfo(v.AccessToken).StatusCode != http.StatusUnauthorized {
		t.Error("revoked, it works on here")
	}
	h.client("robot", func(m *apps.Metadata) { ownGrant(m); m.AccessTokenFormat = apps.AccessTokenJWT })
	own, _ := h.token("robot", forItself)
	if claims := h.verifiedAs(own.AccessToken, "RS256", "at+jwt"); claims["sub"] != "robot" ||
		claims["client_id"] != "robot" {
		t.Errorf("%v", claims)
	}
	if h.userinfo(own.AccessToken).StatusCode != http.StatusUnauthorized {
		t.Error("a client's own JWT works at userinfo")
	}
}
