package op

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/bolt"
	"latchkey/storage/policy"
	"latchkey/storage/store"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// keyedRobot may have tokens for itself, by its key.
func keyedRobot(m *apps.Metadata) { keyed(m); ownGrant(m) }

func TestAnAssertionIsTakenInEveryFormThatIsRight(t *testing.T) {
	h := newHouse(t)
	h.client("robot", func(m *apps.Metadata) {
		keyedRobot(m)
		m.JWKS = jwks("ES256", "ES384", "EdDSA", "RS256")
	})
	for alg, key := range signers() {
		for _, header := range []map[string]any{nil, {"typ": "JWT"}, {"typ": "client-authentication+jwt"},
			{"jku": "https://evil.example/jwks", "x5t": "x"}} {
			claims := map[string]any{"iss": "robot", "sub": "robot", "aud": issuer,
				"exp": h.clock.now().Unix() + 60, "jti": alg + fmt.Sprint(header)}
			if v := h.present(forItself, signed(t, alg, key, header, claims)); v.Status != http.StatusOK {
				t.Errorf("%s %v: %+v", alg, header, v)
			}
		}
	}
	now := h.clock.now().Unix()
	for name, change := range map[string]func(map[string]any){
		"the token endpoint as aud": func(c map[string]any) { c["aud"] = issuer + oauth.PathToken },
		"aud as a list":             func(c map[string]any) { c["aud"] = []string{issuer} },
		"both as aud":               func(c map[string]any) { c["aud"] = []string{issuer, issuer + oauth.PathToken} },
		"an hour ahead":             func(c map[string]any) { c["exp"] = now + 3600 },
		"a fraction":                func(c map[string]any) { c["exp"] = float64(now) + 60.5 },
		"just expired":              func(c map[string]any) { c["exp"] = now - 29 },
		"a clock that is ahead":     func(c map[string]any) { c["iat"], c["nbf"] = now+30, now+30 },
		"no iat":                    func(c map[string]any) { delete(c, "iat") },
		"more than is asked for":    func(c map[string]any) { c["nonce"] = 5 },
		"a long jti":                func(c map[string]any) { c["jti"] = strings.Repeat("x", 256) },
	} {
		if v := h.present(forItself, h.assertion("robot", change)); v.Status != http.StatusOK {
			t.Errorf("%s: %+v", name, v)
		}
	}
	form := clone(forItself)
	form.Set("client_id", "robot")
	if v := h.present(form, h.assertion("robot", nil)); v.Status != http.StatusOK {
		t.Errorf("client_id repeated: %+v", v)
	}
}

// Whatever is wrong, the caller hears one thing, and the log the reason.
func TestAnAssertionIsRefusedInEveryFormThatIsNot(t *testing.T) {
	h := newHouse(t)
	h.client("robot", func(m *apps.Metadata) { keyedRobot(m); m.JWKS = jwks("ES256", "RS256") })
	h.client("strict", func(m *apps.Metadata) {
		keyedRobot(m)
		m.JWKS, m.TokenEndpointAuthSigningAlg = jwks("ES256", "ES384"), "ES384"
	})
	h.client("other", func(m *apps.Metadata) { keyedRobot(m); m.JWKS = jwks("EdDSA") })
	h.client("suspended", keyedRobot)
	must(h.store.Clients.SetState(context.Background(), storage.Operator, "suspended", apps.ClientSuspended))
	now := h.clock.now().Unix()
	of := func(id string, change func(map[string]any)) string { return h.assertion(id, change) }
	with := func(member string, v any) string {
		return of("robot", func(c map[string]any) {
			if c[member] = v; v == nil {
				delete(c, member)
			}
		})
	}
	plain := func(id string) map[string]any {
		return map[string]any{"iss": id, "sub": id, "aud": issuer, "exp": now + 60, "jti": "j"}
	}
	good := of("robot", nil)
	parts := strings.Split(good, ".")
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	for name, c := range map[string]struct{ assertion, cause string }{
		"nobody's":                 {of("nobody", nil), "no such client"},
		"a client's with a secret": {of(webID, nil), "registered for client_secret_basic"},
		"a suspended client's":     {of("suspended", nil), "state is suspended"},
		"none":                     {unsigned, "signed with none of the algorithms"},
		"HMAC by the public key":   {hs256(t, plain("robot")), "signed with none of the algorithms"},
		"another client's key": {signed(t, "EdDSA", signers()["EdDSA"], nil, plain("robot")),
			"no key of the client fits"},
		"the kid of another client": {signed(t, "ES256", signers()["ES256"], map[string]any{"kid": "EdDSA"},
			plain("robot")), "no key of the client fits"},
		"the wrong key of its own": {signed(t, "PS256", signers()["RS256"], map[string]any{"kid": "ES256"},
			plain("robot")), "no key of the client fits"},
		"another alg than registered": {signed(t, "ES256", signers()["ES256"], nil, plain("strict")),
			"not the registered token_endpoint_auth_signing_alg"},
		"something critical": {signed(t, "ES256", signers()["ES256"],
			map[string]any{"crit": []string{"x"}, "x": 1}, plain("robot")), "critical"},
		"another kind of JWT": {signed(t, "ES256", signers()["ES256"], map[string]any{"typ": "dpop+jwt"},
			plain("robot")), "another kind of JWT"},
		"a broken signature": {parts[0] + "." + parts[1] + "." + strings.Repeat("A", 86), "does not verify"},
		"other claims": {parts[0] + "." + strings.Split(with("jti", "x"), ".")[1] + "." + parts[2],
			"does not verify"},
		"no JWT":               {"x.y.z", "no JWT"},
		"endless":              {strings.Repeat("x", 12<<10), "no JWT"},
		"claims that are none": {signed(t, "ES256", signers()["ES256"], nil, []int{1}), "cannot be read"},
		"a claim twice": {signed(t, "ES256", signers()["ES256"], nil,
			json.RawMessage(`{"sub":"robot","sub":"robot"}`)), "cannot be read"},
		"aud of numbers":        {with("aud", []int{1}), "cannot be read"},
		"another's aud":         {with("aud", "https://other.example"), "aud must be"},
		"the userinfo endpoint": {with("aud", issuer+oauth.PathUserinfo), "aud must be"},
		"a slash too many":      {with("aud", issuer+"/"), "aud must be"},
		"somebody else besides": {with("aud", []string{issuer, "https://other.example"}), "aud must be"},
		"no aud":                {with("aud", nil), "aud must be"},
		"an empty list":         {with("aud", []string{}), "aud must be"},
		"another's iss":         {with("iss", "other"), "iss and sub"},
		"no iss":                {with("iss", nil), "iss and sub"},
		"another's sub":         {with("sub", "other"), "iss and sub"},
		"no sub":                {with("sub", nil), "sub is missing"},
		"expired":               {with("exp", now-30), "expired"},
		"no exp":                {with("exp", nil), "exp is missing"},
		"exp of text":           {with("exp", "soon"), "cannot be read"},
		"a negative exp":        {with("exp", -1e300), "expired"},
		"an endless exp":        {with("exp", 1e300), "more than an hour"},
		"more than an hour":     {with("exp", now+3600+31), "more than an hour"},
		"not yet":               {with("nbf", now+31), "nbf is ahead"},
		"issued tomorrow":       {with("iat", now+31), "iat is ahead"},
		"no jti":                {with("jti", nil), "jti must be"},
		"an empty jti":          {with("jti", ""), "jti must be"},
		"a number as jti":       {with("jti", 5), "cannot be read"},
		"an endless jti":        {with("jti", strings.Repeat("x", 257)), "jti must be"},
	} {
		before := h.keyCount()
		h.log.reset()
		resp := h.do(formRequest(oauth.PathToken, assert(clone(forItself), c.assertion)))
		if want := `{"error":"invalid_client","error_description":"client authentication failed"}`; resp.StatusCode != http.StatusBadRequest || strings.TrimSpace(body(resp)) != want {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body(resp))
		}
		if !strings.Contains(h.log.String(), c.cause) || strings.Contains(h.log.String(), "eyJ") {
			t.Errorf("%s: the log says %s", name, h.log)
		}
		if h.keyCount() != before {
			t.Errorf("%s: something was written", name)
		}
	}
	if v := h.present(forItself, good); v.Status != http.StatusOK {
		t.Errorf("the test itself: %+v", v)
	}
}

// hs256 is signed with the client's public key as a shared secret.
func hs256(t *testing.T, claims map[string]any) string {
	t.Helper()
	der := must(x509.MarshalPKIXPublicKey(signers()["RS256"].Public()))
	input := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"RS256"}`)) + "." +
		base64.RawURLEncoding.EncodeToString(must(json.Marshal(claims)))
	mac := hmac.New(sha256.New, der)
	mac.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestAnAssertionStandsAlone(t *testing.T) {
	h := newHouse(t)
	h.client("robot", keyedRobot)
	for name, c := range map[string]struct {
		change func(*http.Request, url.Values)
		status int
		code   string
	}{
		"with Basic": {func(r *http.Request, _ url.Values) { r.SetBasicAuth(webID, h.secret) }, 400,
			"invalid_request"},
		"with Basic of its id": {func(r *http.Request, _ url.Values) { r.SetBasicAuth("robot", "") }, 400,
			"invalid_request"},
		"with a secret": {func(_ *http.Request, f url.Values) { f.Set("client_secret", h.secret) }, 400,
			"invalid_request"},
		"another client_id": {func(_ *http.Request, f url.Values) { f.Set("client_id", webID) }, 400,
			"invalid_client"},
		"another type": {func(_ *http.Request, f url.Values) {
			f.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
		}, 400, "invalid_client"},
		"no type":     {func(_ *http.Request, f url.Values) { f.Del("client_assertion_type") }, 400, "invalid_client"},
		"a type only": {func(_ *http.Request, f url.Values) { f.Del("client_assertion") }, 400, "invalid_client"},
		"twice": {func(_ *http.Request,
			f url.Values) {
			f.Add("client_assertion", f.Get("client_assertion"))
		}, 400, "invalid_request"},
		"nothing else": {func(*http.Request, url.Values) {}, 200, ""},
	} {
		form := assert(clone(forItself), h.assertion("robot", nil))
		head := formRequest(oauth.PathToken, form)
		c.change(head, form)
		r := formRequest(oauth.PathToken, form)
		maps.Copy(r.Header, head.Header)
		resp := h.do(r)
		if v := decoded[tokenAnswer](t, resp); resp.StatusCode != c.status || v.Error != c.code {
			t.Errorf("%s: %d %+v", name, resp.StatusCode, v)
		}
	}
	r := formRequest(oauth.PathToken, forItself)
	r.SetBasicAuth("robot", h.secret)
	if resp := h.do(r); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a secret instead: %d", resp.StatusCode)
	}
}

// The whole life of a client without a secret, each request with an assertion of its
// own.
func TestAClientWithAKeyGoesAllTheWay(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) {
		keyed(m)
		refreshing(m)
		m.GrantTypes = append(m.GrantTypes, "client_credentials")
	})
	b := h.browser()
	first := b.tokens(authorization("scope", "openid offline_access"))
	second, _ := h.token(webID, refresh(first.RefreshToken))
	again, _ := h.token(webID, refresh(first.RefreshToken))
	if second.Status != http.StatusOK || again.RefreshToken != second.RefreshToken {
		t.Fatalf("%+v, %+v", second, again)
	}
	if got := h.introspected(webID, second.AccessToken); got["active"] != true {
		t.Errorf("introspection: %v", got)
	}
	own, _ := h.token(webID, forItself)
	for _, token := range []string{own.AccessToken, second.RefreshToken, "unknown", first.AccessToken} {
		if resp := h.ask(oauth.PathRevocation, webID, token); resp.StatusCode != http.StatusOK {
			t.Errorf("revocation: %d %s", resp.StatusCode, body(resp))
		}
	}
	if got := h.introspected(webID, second.AccessToken); got["active"] != false {
		t.Errorf("after revocation: %v", got)
	}
}

// asked is every way to answer a request in which a client authenticates, and what it
// answers.
var asked = []struct {
	name, path string
	form       func(s situation) url.Values
	answer     string
}{
	{"code", oauth.PathToken, func(s situation) url.Values { return redemption(s.code) }, "ok"},
	{"a wrong code", oauth.PathToken, func(s situation) url.Values { return redemption(s.code + "x") },
		"invalid_grant"},
	{"a wrong secret in the code", oauth.PathToken,
		func(s situation) url.Values { return redemption(s.code[:len(s.code)-4] + "AAAA") }, "invalid_grant"},
	{"a wrong verifier", oauth.PathToken,
		func(s situation) url.Values { f := redemption(s.code); f.Set("code_verifier", "x"); return f },
		"invalid_grant"},
	{"no code", oauth.PathToken, func(situation) url.Values { return redemption("") }, "invalid_request"},
	{"refresh", oauth.PathToken, func(s situation) url.Values { return refresh(s.tokens.RefreshToken) }, "ok"},
	{"refresh for too much", oauth.PathToken,
		func(s situation) url.Values { return refresh(s.tokens.RefreshToken, "scope", "telepathy") }, "invalid_scope"},
	{"a wrong refresh token", oauth.PathToken, func(situation) url.Values { return refresh("x") }, "invalid_grant"},
	{"no refresh token", oauth.PathToken, func(situation) url.Values { return refresh("") }, "invalid_request"},
	{"client credentials", oauth.PathToken, func(situation) url.Values { return clone(forItself) }, "ok"},
	{"client credentials for too much", oauth.PathToken, func(situation) url.Values {
		return url.Values{"grant_type": {"client_credentials"}, "scope": {"openid"}}
	}, "invalid_scope"},
	{"introspection", oauth.PathIntrospection,
		func(s situation) url.Values { return url.Values{"token": {s.tokens.AccessToken}} }, "ok"},
	{"introspection of nothing", oauth.PathIntrospection, func(situation) url.Values { return url.Values{} },
		"invalid_request"},
	{"introspection of another's", oauth.PathIntrospection,
		func(situation) url.Values { return url.Values{"token": {"x"}} }, "ok"},
	{"revocation", oauth.PathRevocation,
		func(s situation) url.Values { return url.Values{"token": {s.tokens.RefreshToken}} }, "ok"},
	{"revocation of one token", oauth.PathRevocation,
		func(s situation) url.Values { return url.Values{"token": {s.tokens.AccessToken}} }, "ok"},
	{"revocation of its own", oauth.PathRevocation, func(s situation) url.Values {
		v, _ := s.h.token(webID, forItself)
		return url.Values{"token": {v.AccessToken}}
	}, "ok"},
	{"revocation of another's", oauth.PathRevocation, func(s situation) url.Values {
		s.h.client("robot", keyedRobot)
		v, _ := s.h.token("robot", forItself)
		return url.Values{"token": {v.AccessToken}}
	}, "unauthorized_client"},
	{"revocation of nothing", oauth.PathRevocation, func(situation) url.Values { return url.Values{} },
		"invalid_request"},
	{"revocation of what is unknown", oauth.PathRevocation,
		func(situation) url.Values { return url.Values{"token": {"x"}} }, "ok"},
}

func keyedSituation(t *testing.T) situation {
	t.Helper()
	return newSituation(t, func(m *apps.Metadata) {
		keyed(m)
		m.GrantTypes = append(m.GrantTypes,
			"client_credentials")
	})
}

func (h *house) word(path string, form url.Values) string {
	h.t.Helper()
	resp := h.do(formRequest(path, form))
	if resp.StatusCode == http.StatusOK {
		return "ok"
	}
	return decoded[tokenAnswer](h.t, resp).Error
}

// Whatever became of the request: what it was sent with counts once, at every
// endpoint, and who sends it again changes nothing.
func TestAnAssertionCountsOnceWhateverBecameOfIt(t *testing.T) {
	for _, a := range asked {
		s := keyedSituation(t)
		assertion := s.h.assertion(webID, nil)
		form := a.form(s)
		if got := s.h.word(a.path, assert(clone(form), assertion)); got != a.answer {
			t.Errorf("%s answers %q, want %q", a.name, got, a.answer)
		}
		before := s.h.commits()
		for _, again := range asked {
			if again.name == "revocation of its own" || again.name == "revocation of another's" {
				continue // which need a commit to be made
			}
			if got := s.h.word(again.path, assert(clone(again.form(s)), assertion)); got != "invalid_client" &&
				(got != "invalid_request" || again.answer != got) {
				t.Errorf("%s, with the assertion of %s, answers %q", again.name, a.name, got)
			}
		}
		if n := s.h.commits() - before; n != 0 {
			t.Errorf("%s: sending it again cost %d commits", a.name, n)
		}
		if a.name == "code" && s.h.userinfo(s.tokens.AccessToken).StatusCode != http.StatusOK {
			t.Error("the grant died of a replayed assertion")
		}
	}
}

func TestOfFiftyConcurrentPresentationsOfAnAssertionOneSucceeds(t *testing.T) {
	for _, a := range asked {
		if a.answer != "ok" {
			continue
		}
		s := keyedSituation(t)
		form := assert(clone(a.form(s)), s.h.assertion(webID, nil))
		got := map[string]int{}
		var mu sync.Mutex
		var all sync.WaitGroup
		start := make(chan struct{})
		for range 50 {
			all.Go(func() {
				<-start
				word := s.h.word(a.path, form)
				mu.Lock()
				defer mu.Unlock()
				got[word]++
			})
		}
		close(start)
		all.Wait()
		if got["ok"] != 1 || got["invalid_client"] != 49 {
			t.Errorf("%s: %v", a.name, got)
		}
	}
}

func TestAnAssertionIsRememberedAcrossARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	h := newHouseOn(t, must(bolt.Open(path, bolt.Options{})))
	h.client("robot", keyedRobot)
	assertion := h.assertion("robot", nil)
	if v := h.present(forItself, assertion); v.Status != http.StatusOK {
		t.Fatalf("%+v", v)
	}
	if err := h.engine.Close(); err != nil {
		t.Fatal(err)
	}
	engine := must(bolt.Open(path, bolt.Options{}))
	t.Cleanup(func() { engine.Close() })
	store := must(store.Open(t.Context(), engine, store.Options{Now: h.clock.now}))
	h.engine, h.store = engine, store
	h.op = must(New(t.Context(), Options{Issuer: issuer, Store: store, Keys: h.ring, Pages: h.pages,
		Sessions: fakeSessions{}, Now: h.clock.now}))
	h.handler = h.routes()
	if v := h.present(forItself, assertion); v.Status != http.StatusBadRequest {
		t.Errorf("%+v", v)
	}
	if v := h.present(forItself, h.assertion("robot", nil)); v.Status != http.StatusOK {
		t.Errorf("another one: %+v", v)
	}
}

// Two clients may use one jti, and one client another jti; and an assertion of one is
// none of the other.
func TestAJTIIsTheClientsOwn(t *testing.T) {
	h := newHouse(t)
	h.client("robot", keyedRobot)
	h.client("twin", keyedRobot)
	same := func(c map[string]any) { c["jti"] = "1" }
	for _, id := range []string{"robot", "twin"} {
		if v := h.present(forItself, h.assertion(id, same)); v.Status != http.StatusOK {
			t.Errorf("%s: %+v", id, v)
		}
		if v := h.present(forItself, h.assertion(id, same)); v.Status != http.StatusBadRequest {
			t.Errorf("%s again: %+v", id, v)
		}
	}
}

func TestAnAssertionIsRememberedAcrossARegistration(t *testing.T) {
	h := newHouse(t)
	h.client("robot", keyedRobot)
	once := h.assertion("robot", nil)
	if v := h.present(forItself, once); v.Status != http.StatusOK {
		t.Fatalf("%+v", v)
	}
	mustNot(h.store.Clients.Delete(context.Background(), storage.Operator, "robot"))
	h.client("robot", keyedRobot)
	if v := h.present(forItself, once); v.Error != "invalid_client" {
		t.Errorf("%+v", v)
	}
}

func TestAssertionsCostOneCommitAtMost(t *testing.T) {
	s := keyedSituation(t)
	v, _ := s.h.token(webID, refresh(s.tokens.RefreshToken))
	want := map[string]uint64{"revocation of its own": 1, "no code": 1}
	for _, a := range asked {
		if a.name == "revocation of another's" {
			continue
		}
		s.code = s.b.login(authorization()).code()
		s.tokens = v
		form := assert(a.form(s), s.h.assertion(webID, nil))
		before := s.h.commits()
		s.h.do(formRequest(a.path, form))
		if n := s.h.commits() - before; n != max(1, want[a.name]) {
			t.Errorf("%s costs %d commits", a.name, n)
		}
	}
}

// assertions is a transport that gives each request an assertion of its own, as a
// library does that knows of private_key_jwt.
type assertions struct {
	h  *house
	id string
}

func (a assertions) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	form := r.PostForm
	return a.h.do(formRequest(oauth.PathToken, assert(form, a.h.assertion(a.id, nil)))), nil
}

func TestAStandardLibraryOnTopOfAssertionsWorks(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) {
		keyed(m)
		refreshing(m)
		m.GrantTypes = append(m.GrantTypes, "client_credentials")
	})
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, &http.Client{Transport: assertions{h, webID}})
	endpoint := oauth2.Endpoint{TokenURL: issuer + oauth.PathToken, AuthStyle: oauth2.AuthStyleInParams}
	config := oauth2.Config{ClientID: webID, Endpoint: endpoint, RedirectURL: callback}
	token, err := config.Exchange(ctx, h.browser().login(authorization("scope", "openid offline_access")).code(),
		oauth2.VerifierOption(verifier))
	if err != nil || token.RefreshToken == "" || token.Extra("id_token") == nil {
		t.Fatalf("%+v, %v", token, err)
	}
	token.Expiry = time.Now().Add(-time.Hour)
	next, err := config.TokenSource(ctx, token).Token()
	if err != nil || next.RefreshToken == token.RefreshToken {
		t.Errorf("%+v, %v", next, err)
	}
	own := clientcredentials.Config{ClientID: webID, TokenURL: endpoint.TokenURL, AuthStyle: oauth2.AuthStyleInParams}
	if token, err := own.Token(ctx); err != nil || token.AccessToken == "" {
		t.Errorf("%+v, %v", token, err)
	}
}

func TestDiscoverySaysHowAssertionsAreSigned(t *testing.T) {
	d := decoded[map[string]any](t, newHouse(t).get(oauth.PathDiscovery))
	for _, endpoint := range []string{"token", "introspection", "revocation"} {
		if !slices.Contains(d[endpoint+"_endpoint_auth_methods_supported"].([]any), any("private_key_jwt")) ||
			fmt.Sprint(d[endpoint+"_endpoint_auth_signing_alg_values_supported"]) != fmt.Sprint(policy.SigningAlgorithms()) {
			t.Errorf("%s: %v", endpoint, d)
		}
	}
}

func FuzzAssertion(f *testing.F) {
	h := newHouse(f)
	h.client("robot", keyedRobot)
	f.Add(h.assertion("robot", nil), `{"iss":"robot","sub":"robot","aud":["x"],"exp":1,"jti":"x"}`)
	f.Add("eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsxXX0.eA", `{"aud":[1]}`)
	f.Add("..", `{"sub":"robot","exp":1e400}`)
	f.Fuzz(func(t *testing.T, assertion, claims string) {
		h.log.reset()
		h.answered(t, h.do(formRequest(oauth.PathToken, assert(clone(forItself), assertion))))
		if !json.Valid([]byte(claims)) {
			return
		}
		// Whatever a client signs.
		h.answered(t, h.do(formRequest(oauth.PathToken,
			assert(clone(forItself), signed(t, "ES256", signers()["ES256"], nil, json.RawMessage(claims))))))
	})
}
