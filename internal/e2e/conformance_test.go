package e2e

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"latchkey/internal/certtest"
)

// What the OpenID Foundation's certification tests of a provider exercise, tried on the
// built binary over TLS, by a person without script and a relying party that checks
// every answer as theirs does. One table for each profile:
//
//	Basic OP, Form Post Basic OP    basicProfile, once for each way of being answered
//	Config OP                       configProfile
//	RP-Initiated Logout OP          logoutProfile
//
// What needs a clock that tests can move is proven in package op: a code used again
// after its life, and what max_age means to the second.
func TestConformance(t *testing.T) {
	t.Parallel()
	s := startTLS(t, certtest.New(t))
	// The Foundation's Basic plan warns of an e-mail address in an ID token of which the
	// request did not ask for it there.
	s.cli("", "setting", "set", "id_token_user_claims=false")
	s.cli(adaPassword+"\n", everyClaim...)
	first := s.party(t, "--grant-type", "authorization_code", "--grant-type", "refresh_token", "--post-logout-redirect-uri", partyBye)
	second := s.party(t, "--grant-type", "authorization_code", "--grant-type", "refresh_token")
	posting := s.party(t, "--token-endpoint-auth-method", "client_secret_post")
	posting.post = true
	for _, c := range basicProfile {
		for profile, mode := range map[string]string{"basic": "", "form post": "form_post"} {
			t.Run(profile+"/"+c.property, func(t *testing.T) {
				c.try(t, parties{first.fresh(t, mode), second.fresh(t, mode), posting.fresh(t, mode)})
			})
		}
	}
	for _, c := range configProfile {
		t.Run("config/"+c.property, func(t *testing.T) { c.try(t, first.fresh(t, "")) })
	}
	for _, c := range logoutProfile {
		t.Run("logout/"+c.property, func(t *testing.T) { c.try(t, first.fresh(t, "")) })
	}
}

// parties share a provider and its user; in each test they are new to their person.
type parties struct{ first, second, posting *party }

// party registers a relying party.
func (s *server) party(t *testing.T, args ...string) *party {
	t.Helper()
	p := &party{t: t, s: s, client: s.addClient(append([]string{"--client-name", "Certification", "--redirect-uri", partyURI}, args...)...)}
	p.get(s.issuer+"/.well-known/openid-configuration", &p.metadata)
	return p
}

// fresh is the party in a test of its own, with a browser that knows nobody.
func (p *party) fresh(t *testing.T, mode string) *party {
	q := *p
	q.t, q.person, q.mode = t, newPerson(t, p.s), mode
	return &q
}

// everyClaim adds a user of whom all is known that the standard scopes tell.
var everyClaim = []string{"user", "add", "--username", "ada", "--password-stdin", "--email", adaEmail, "--email-verified",
	"--name", "Ada Lovelace", "--given-name", "Ada", "--family-name", "Lovelace", "--middle-name", "Byron", "--nickname", "Countess",
	"--profile", "https://ada.example", "--picture", "https://ada.example/me.png", "--website", "https://ada.example",
	"--gender", "female", "--birthdate", "1815-12-10", "--zoneinfo", "Europe/London", "--locale", "en-GB",
	"--phone-number", "+44 20 7946 0000", "--phone-number-verified", "--address", "12 St James's Square\nLondon",
	"--street-address", "12 St James's Square", "--locality", "London", "--region", "England", "--postal-code", "SW1Y 4JH", "--country", "GB"}

var claimsOfScope = map[string][]string{
	"profile": {"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"},
	"email":   {"email", "email_verified"},
	"address": {"address"},
	"phone":   {"phone_number", "phone_number_verified"},
}

var basicProfile = []struct {
	property string
	try      func(*testing.T, parties)
}{
	{"a code is answered and redeemed", func(t *testing.T, p parties) {
		if p.first.login(); p.first.person.signIns != 1 {
			t.Errorf("%d sign-ins", p.first.person.signIns)
		}
	}},
	{"a client authenticates in the body", func(_ *testing.T, p parties) { p.posting.login() }},
	{"a missing response_type is an error", func(_ *testing.T, p parties) {
		p.first.refused(p.first.authorize("response_type", ""), "invalid_request", "unsupported_response_type")
	}},
	{"userinfo answers by every method", func(t *testing.T, p parties) {
		v := p.first.login()
		for _, way := range []string{byGet, byHeader, byBody} {
			if _, status := p.first.userinfo(way, v); status != http.StatusOK {
				t.Errorf("%s: %d", way, status)
			}
		}
	}},
	{"a request needs no nonce", func(_ *testing.T, p parties) { p.first.login("nonce", "") }},
	{"a long nonce and a long state come back", func(_ *testing.T, p parties) {
		p.first.login("nonce", strings.Repeat("n", 43), "state", strings.Repeat("s", 128))
	}},
	{"each scope gives its claims and no others", func(t *testing.T, p parties) {
		for scope := range claimsOfScope {
			tryScopes(t, p.first, scope)
		}
	}},
	{"all scopes give all claims", func(t *testing.T, p parties) { tryScopes(t, p.first, "email", "phone", "address", "profile") }},
	{"the order of scopes and parameters does not matter", func(t *testing.T, p parties) {
		pairs := strings.Split(p.first.request("scope", "email openid").Encode(), "&")
		slices.Reverse(pairs)
		v := p.first.redeem(p.first.person.visit(p.first.endpoint("authorization_endpoint")+"?"+strings.Join(pairs, "&"), nil))
		if claims, _ := p.first.userinfo(byGet, v); claims["email"] != adaEmail {
			t.Errorf("userinfo: %v", claims)
		}
	}},
	{"hints on how to look and speak change nothing", func(_ *testing.T, p parties) {
		for _, change := range [][]string{{"display", "page"}, {"display", "popup"}, {"ui_locales", "se fr-CA"}, {"claims_locales", "se"},
			{"login_hint", "ada@example.org"}, {"extra", "unknown"}} {
			p.first.login(change...)
		}
	}},
	{"a requested acr comes back", func(t *testing.T, p parties) {
		values, _ := p.first.metadata["acr_values_supported"].([]any)
		if len(values) == 0 {
			t.Fatal("discovery names no acr")
		}
		if v := p.first.login("acr_values", "1 "+values[0].(string)); v.claims["acr"] != values[0] {
			t.Errorf("acr is %v", v.claims["acr"])
		}
	}},
	{"prompt=login asks again and moves auth_time", func(t *testing.T, p parties) {
		was := p.first.login()
		grownOld(t, p.first)
		now := p.first.login("prompt", "login")
		if p.first.person.signIns != 1 || now.number("auth_time") <= was.number("auth_time") || now.claims["sub"] != was.claims["sub"] {
			t.Errorf("%d sign-ins, %v after %v", p.first.person.signIns, now.claims, was.claims)
		}
	}},
	{"prompt=none without a session is an error", func(_ *testing.T, p parties) {
		p.first.refused(p.first.authorize("prompt", "none"), "login_required")
	}},
	{"prompt=none without consent is an error", func(_ *testing.T, p parties) {
		p.first.login()
		p.second.person = p.first.person
		p.second.refused(p.second.authorize("prompt", "none", "scope", "openid phone"), "consent_required")
	}},
	{"prompt=none with a session answers silently", func(t *testing.T, p parties) {
		was := p.first.login()
		silently(t, p.first, was, "prompt", "none")
		silently(t, p.first, was, "prompt", "none", "id_token_hint", was.ID)
	}},
	{"an id_token_hint that is not ours is refused", func(_ *testing.T, p parties) {
		v := p.first.login()
		p.first.refused(p.first.authorize("prompt", "none", "id_token_hint", unsigned(v.ID)), "invalid_request")
	}},
	{"a max_age that has passed asks again", func(t *testing.T, p parties) {
		was := p.first.login("max_age", "15000")
		grownOld(t, p.first)
		now := p.first.login("max_age", "1")
		if p.first.person.signIns != 1 || now.number("auth_time") <= was.number("auth_time") {
			t.Errorf("%d sign-ins, %v after %v", p.first.person.signIns, now.claims, was.claims)
		}
	}},
	{"a max_age to come does not", func(t *testing.T, p parties) {
		silently(t, p.first, p.first.login("max_age", "15000"), "max_age", "10000")
	}},
	{"a code used again is refused and ends its tokens", func(t *testing.T, p parties) {
		a := p.first.authorize()
		v := p.first.redeem(a)
		again := p.first.token(p.first.redemption(a.params.Get("code")))
		if again.status != http.StatusBadRequest || again.Error != "invalid_grant" {
			t.Errorf("used again: %+v", again)
		}
		if _, status := p.first.userinfo(byGet, v); status != http.StatusUnauthorized {
			t.Errorf("userinfo afterwards: %d", status)
		}
	}},
	{"a redirect URI that is not registered is a page", func(t *testing.T, p parties) {
		for _, uri := range []string{partyURI + "/x", partyURI + "?x=1", partyURI + "#x", "https://rp.example:443/callback", "https://evil.example/", ""} {
			wantPage(t, p.first.authorize("redirect_uri", uri), http.StatusBadRequest)
		}
	}},
	{"a request may be posted", func(_ *testing.T, p parties) {
		p.first.redeem(p.first.person.visit(p.first.endpoint("authorization_endpoint"), p.first.request()))
		p.first.redeem(p.first.person.visit(p.first.endpoint("authorization_endpoint"), p.first.request("prompt", "none")))
		p.first.refused(p.first.person.visit(p.first.endpoint("authorization_endpoint"), p.first.request("prompt", "login none")), "invalid_request")
	}},
	{"request objects are refused as not supported", func(t *testing.T, p parties) {
		object := unsignedJWT(p.first.request())
		p.first.refused(p.first.authorize("request", object), "request_not_supported")
		p.first.refused(p.first.authorize("request_uri", "https://rp.example/request#x"), "request_uri_not_supported")
		wantPage(t, p.first.authorize("request", object, "redirect_uri", "https://evil.example/"), http.StatusBadRequest)
	}},
	{"a claim asked for as essential arrives", func(t *testing.T, p parties) {
		v := p.first.login("claims", `{"userinfo":{"name":{"essential":true}}}`)
		if claims, _ := p.first.userinfo(byGet, v); claims["name"] != "Ada Lovelace" || claims["email"] != nil {
			t.Errorf("userinfo: %v", claims)
		}
	}},
	{"a refresh token is its client's own", func(t *testing.T, p parties) {
		was := p.first.login("scope", "openid offline_access", "prompt", "consent")
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {was.Refresh}, "scope": {"openid offline_access"}}
		if v := p.second.token(form); was.Refresh == "" || v.status != http.StatusBadRequest || v.Error != "invalid_grant" {
			t.Errorf("%q by another client: %+v", was.Refresh, v)
		}
		now := p.first.token(form)
		p.first.verify(&now)
		for _, name := range []string{"iss", "sub", "aud", "azp", "auth_time", "sid"} {
			if now.claims[name] != was.claims[name] {
				t.Errorf("%s was %v, is %v", name, was.claims[name], now.claims[name])
			}
		}
		if now.claims["nonce"] != nil || now.Access == was.Access || now.number("iat") < was.number("iat") {
			t.Errorf("refreshed: %v", now.claims)
		}
	}},
	{"PKCE is served", func(t *testing.T, p parties) {
		p.first.verifier = oauth2.GenerateVerifier()
		challenge := []string{"code_challenge", oauth2.S256ChallengeFromVerifier(p.first.verifier), "code_challenge_method", "S256"}
		p.first.login(challenge...)
		a := p.first.authorize(challenge...)
		form := p.first.redemption(a.params.Get("code"))
		form.Del("code_verifier")
		if v := p.first.token(form); v.status != http.StatusBadRequest || v.Error != "invalid_grant" {
			t.Errorf("without the verifier: %+v", v)
		}
		p.first.redeem(a)
	}},
	{"a response_mode that is not served is a page", func(t *testing.T, p parties) {
		wantPage(t, p.first.authorize("response_mode", "jwt"), http.StatusBadRequest)
	}},
	{"flows that are not built are refused in the fragment or the form", func(t *testing.T, p parties) {
		for _, kind := range []string{"id_token", "id_token token", "code id_token", "code token", "code id_token token"} {
			a := p.first.authorize("response_type", kind)
			if p.first.mode == "" && a.mode == "fragment" {
				a.mode = "query"
			} else if p.first.mode == "" {
				t.Errorf("%s: answered by %s", kind, a.mode)
			}
			p.first.refused(a, "unsupported_response_type")
		}
	}},
}

// tryScopes wants from userinfo exactly the claims of some scopes.
func tryScopes(t *testing.T, p *party, scopes ...string) {
	t.Helper()
	want := []string{"sub"}
	for _, s := range scopes {
		want = append(want, claimsOfScope[s]...)
	}
	got, status := p.userinfo(byGet, p.login("scope", "openid "+strings.Join(scopes, " ")))
	for name, value := range got {
		if !slices.Contains(want, name) || value == "" || value == nil {
			t.Errorf("%q give %s: %v", scopes, name, value)
		}
	}
	if status != http.StatusOK || len(got) != len(want) {
		t.Errorf("%q: %d, %v, want %q", scopes, status, got, want)
	}
	_, number := got["updated_at"].(float64)
	_, object := got["address"].(map[string]any)
	verified, _ := got["email_verified"].(bool)
	if slices.Contains(scopes, "profile") != number || slices.Contains(scopes, "address") != object || slices.Contains(scopes, "email") != verified {
		t.Errorf("%q: %v", scopes, got)
	}
}

// silently wants a second answer without any page, about the same sign-in.
func silently(t *testing.T, p *party, was tokens, change ...string) {
	t.Helper()
	now := p.login(change...)
	if p.person.signIns+p.person.consents != 0 || now.claims["sub"] != was.claims["sub"] || now.claims["auth_time"] != was.claims["auth_time"] {
		t.Errorf("%q: %d sign-ins, %d consents, %v after %v", change, p.person.signIns, p.person.consents, now.claims, was.claims)
	}
}

// grownOld goes on when the sign-in is older than a second, and prompt=none with max_age=1
// is therefore refused.
func grownOld(t *testing.T, p *party) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		a := p.authorize("prompt", "none", "max_age", "1")
		if a.params.Get("error") != "" {
			p.refused(a, "login_required")
			return
		}
		time.Sleep(50 * time.Millisecond) // polling another process, not waiting for time
	}
	t.Fatal("a sign-in never grows older than a second")
}

// unsigned is an ID token without its signature, and saying so.
func unsigned(token string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(token, ".")[1] + "."
}

func unsignedJWT(q url.Values) string {
	claims := map[string]string{}
	for name := range q {
		claims[name] = q.Get(name)
	}
	b, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return unsigned("." + base64.RawURLEncoding.EncodeToString(b) + ".")
}
