package op

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/keys"
	"latchkey/op/oauth"
	"latchkey/op/tokens"
	"latchkey/op/userinfo"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"
)

// grace is a user of whom everything is known.
func (h *house) grace() *people.User {
	h.t.Helper()
	u := h.user(people.User{Username: "grace", Email: "grace@example.org", EmailVerified: true, Profile: people.Profile{
		Name: "Grace Hopper", GivenName: "Grace", FamilyName: "Hopper", MiddleName: "Brewster", Nickname: "Amazing",
		Profile: "https://example.org/grace", Picture: "https://example.org/grace.png",
		Website: "https://grace.example",
		Gender:  "female", Birthdate: "1906-12-09", Zoneinfo: "America/New_York", Locale: "en-US",
		PhoneNumber: "+1 (604) 555-1234;ext=5678", PhoneNumberVerified: true,
		Address: people.Address{Formatted: "1 Main St\nArlington", StreetAddress: "1 Main St",
			Locality: "Arlington", Region: "VA", PostalCode: "22203", Country: "US"}}})
	must(0, h.store.Memberships.Set(context.Background(), storage.Operator,
		people.Membership{User: u.ID, IsPatron: true, Status: "active_patron",
			Tiers: []string{"Gold"}, LifetimeSupportCents: 12345, CurrentlyEntitledAmountCents: 500,
			PledgeStart: h.clock.now().Add(-1000 * time.Hour), AsOf: h.clock.now().Add(-time.Hour)}))
	return u
}

const allScopes = "openid profile email address phone patreon"

func (h *house) claimsOf(token string) map[string]any {
	h.t.Helper()
	resp := h.userinfo(token)
	if resp.StatusCode != http.StatusOK {
		h.t.Fatalf("%d %s", resp.StatusCode, body(resp))
	}
	return decoded[map[string]any](h.t, resp)
}

func TestUserinfoGivesEveryClaimOfTheScopes(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	b.user = h.grace()
	resp := h.userinfo(b.tokens(authorization("scope", allScopes)).AccessToken)
	golden(t, "userinfo.json", indented(t, withoutSecrets(body(resp))))
	if got := decoded[map[string]any](t, resp)["sub"]; got != b.user.Subject() {
		t.Errorf("sub is %v", got)
	}
	if resp.Header.Get("Content-Type") != "application/json" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", resp.Header)
	}
}

// What is not known is left out, and what is known to be false is said.
func TestUserinfoOfAUserOfWhomLittleIsKnown(t *testing.T) {
	h := newHouse(t)
	must(0, h.store.Memberships.Set(context.Background(), storage.Operator,
		people.Membership{User: h.ada.ID, AsOf: h.clock.now()}))
	resp := h.userinfo(h.browser().tokens(authorization("scope", allScopes)).AccessToken)
	golden(t, "userinfo-little.json", indented(t, withoutSecrets(body(resp))))
}

func TestWhoeverHasNoPatreonAccountHasNoSuchClaim(t *testing.T) {
	h := newHouse(t)
	if c := h.claimsOf(h.browser().tokens(authorization("scope", allScopes)).AccessToken); c["patreon"] != nil {
		t.Errorf("%v", c["patreon"])
	}
}

func TestUserinfoGivesNothingBeyondTheScopes(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	b.user = h.grace()
	want := map[string][]string{
		"openid":         {"sub"},
		"openid email":   {"sub", "email", "email_verified"},
		"openid address": {"sub", "address"},
		"openid phone":   {"sub", "phone_number", "phone_number_verified"},
		"openid patreon": {"sub", "patreon"},
		"openid profile": {"sub", "name", "family_name", "given_name", "middle_name", "nickname",
			"preferred_username", "profile",
			"picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"},
	}
	for scope, claims := range want {
		got := slices.Sorted(maps.Keys(h.claimsOf(b.tokens(authorization("scope", scope)).AccessToken)))
		slices.Sort(claims)
		if !slices.Equal(got, claims) {
			t.Errorf("%s gives %q, want %q", scope, got, claims)
		}
	}
}

func TestClaimsAskedOneByOneArriveWhereTheyWereAskedFor(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	b.user = h.grace()
	v := b.tokens(authorization("scope", "openid", "claims",
		`{"userinfo":{"name":{"essential":true},"phone_number":null},"id_token":{"nickname":null,"iss":{"value":"https://evil.example"}}}`))
	if got := slices.Sorted(maps.Keys(h.claimsOf(v.AccessToken))); !slices.Equal(got,
		[]string{"name", "phone_number", "phone_number_verified", "sub"}) {
		t.Errorf("userinfo: %q", got)
	}
	if c := h.claims(v); c["nickname"] != "Amazing" || c["name"] != nil || c["phone_number"] != nil ||
		c["iss"] != issuer {
		t.Errorf("ID token: %v", c)
	}
	// Another authorization that does not ask has none of it.
	if got := h.claimsOf(b.tokens(authorization("scope", "openid")).AccessToken); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// A scope refused is refused however it is asked for.
func TestAClaimOfADeclinedScopeDoesNotArriveByTheClaimsParameter(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.OptionalScopes, m.IDTokenUserClaims = []string{"email"}, new(true) })
	ask := `{"userinfo":{"email":null},"id_token":{"email":null}}`
	v := h.browser().tokens(authorization("claims", ask))
	if c := h.claimsOf(v.AccessToken); c["email"] != nil {
		t.Errorf("userinfo: %v", c)
	}
	if c := h.claims(v); c["email"] != nil || c["preferred_username"] != "ada" {
		t.Errorf("ID token: %v", c)
	}
}

// Nor by the claims parameter of before: who clears the box takes the claim back, in
// whatever way it was allowed.
func TestDecliningAScopeTakesItsClaimsBack(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.OptionalScopes = []string{"email"} })
	b := h.browser()
	const ask = `{"userinfo":{"email":null,"nickname":null}}`
	before := b.tokens(authorization("scope", "openid", "claims", ask))
	if got := decoded[map[string]any](t, h.userinfo(before.AccessToken)); got["email"] == nil {
		t.Fatalf("asked for by itself and allowed: %v", got)
	}
	after := b.tokens(authorization("scope", "openid email", "prompt", "consent", "claims", ask))
	for _, v := range []tokenAnswer{before, after} {
		if got := decoded[map[string]any](t, h.userinfo(v.AccessToken)); got["email"] != nil || got["sub"] == nil {
			t.Errorf("after the box was cleared: %v", got)
		}
	}
	if c := h.consentOf(h.ada); !slices.Equal(c.Claims, []string{"nickname"}) {
		t.Errorf("the consent says %q", c.Claims)
	}
}

func TestClaimsAskedOneByOneEndWithTheClientsScope(t *testing.T) {
	h := newHouse(t)
	v := h.browser().tokens(authorization("scope", "openid", "claims",
		`{"userinfo":{"email":null,"preferred_username":null}}`))
	h.change(webID, func(m *apps.Metadata) { m.Scopes = []string{"openid", "profile"} })
	if c := h.claimsOf(v.AccessToken); c["email"] != nil || c["preferred_username"] != "ada" {
		t.Errorf("%v", c)
	}
}

func TestTheAccessTokenIsTakenFromHeaderOrBody(t *testing.T) {
	h := newHouse(t)
	token := h.browser().tokens(authorization()).AccessToken
	withHeader := func(method, value string, form url.Values) *http.Request {
		r := httptest.NewRequest(method, oauth.PathUserinfo, nil)
		if form != nil {
			r = formRequest(oauth.PathUserinfo, form)
		}
		for _, v := range strings.Split(value, "|") {
			if v != "" {
				r.Header.Add("Authorization", v)
			}
		}
		return r
	}
	inURL := httptest.NewRequest(http.MethodGet, oauth.PathUserinfo+"?access_token="+token, nil)
	inURLToo := httptest.NewRequest(http.MethodGet, oauth.PathUserinfo+"?access_token="+token, nil)
	inURLToo.Header.Set("Authorization", "Bearer "+token)
	jsonBody := httptest.NewRequest(http.MethodPost, oauth.PathUserinfo,
		strings.NewReader(`{"access_token":"`+token+`"}`))
	jsonBody.Header.Set("Content-Type", "application/json")
	for name, c := range map[string]struct {
		r      *http.Request
		status int
		code   string
	}{
		"GET":                {withHeader("GET", "Bearer "+token, nil), 200, ""},
		"GET, lower case":    {withHeader("GET", "bearer "+token, nil), 200, ""},
		"GET, upper case":    {withHeader("GET", "BEARER "+token, nil), 200, ""},
		"GET, two spaces":    {withHeader("GET", "Bearer  "+token, nil), 200, ""},
		"POST, header":       {withHeader("POST", "Bearer "+token, nil), 200, ""},
		"POST, header+form":  {withHeader("POST", "Bearer "+token, url.Values{"other": {"x"}}), 200, ""},
		"POST, body":         {withHeader("POST", "", url.Values{"access_token": {token}}), 200, ""},
		"header, empty body": {withHeader("POST", "Bearer "+token, url.Values{"access_token": {""}}), 200, ""},
		"in the URL":         {inURL, 400, "invalid_request"},
		"in the URL too":     {inURLToo, 400, "invalid_request"},
		"header and body": {withHeader("POST", "Bearer "+token, url.Values{"access_token": {token}}), 400,
			"invalid_request"},
		"twice in the body": {withHeader("POST", "", url.Values{"access_token": {token, token}}), 400,
			"invalid_request"},
		"two headers":  {withHeader("GET", "Bearer "+token+"|Bearer "+token, nil), 400, "invalid_request"},
		"none":         {withHeader("GET", "", nil), 401, ""},
		"empty":        {withHeader("GET", "Bearer ", nil), 401, ""},
		"scheme alone": {withHeader("GET", "Bearer", nil), 401, ""},
		"no scheme":    {withHeader("GET", token, nil), 401, ""},
		"Basic":        {withHeader("GET", "Basic "+token, nil), 401, ""},
		"DPoP":         {withHeader("GET", "DPoP "+token, nil), 401, ""},
		"empty form":   {withHeader("POST", "", url.Values{}), 401, ""},
		"JSON":         {jsonBody, 401, ""},
		"PUT":          {withHeader("PUT", "Bearer "+token, nil), 405, "invalid_request"},
		"HEAD":         {withHeader("HEAD", "Bearer "+token, nil), 405, "invalid_request"},
	} {
		resp := h.do(c.r)
		if resp.StatusCode != c.status || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body(resp))
			continue
		}
		got := resp.Header.Get("Www-Authenticate")
		switch {
		case c.status == 401 && (got != `Bearer realm="userinfo"` || body(resp) != ""):
			t.Errorf("%s: challenge %q, body %q", name, got, body(resp))
		case c.status == 400 && !strings.HasPrefix(got,
			`Bearer realm="userinfo"`+`, error="`+c.code+`", error_description="`):
			t.Errorf("%s: challenge %q", name, got)
		case c.code != "" && decoded[tokenAnswer](t, resp).Error != c.code:
			t.Errorf("%s: %s", name, body(resp))
		}
	}
}

func TestAUserinfoBodyTooLargeIsRefused(t *testing.T) {
	w := httptest.NewRecorder()
	r := formRequest(oauth.PathUserinfo, url.Values{"access_token": {strings.Repeat("x", oauth.MaxBody)}})
	(&userinfo.Handler{}).ServeHTTP(w, r)
	if w.Code != 400 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestWhatIsNoAccessTokenOfOursIsRefused(t *testing.T) {
	h := newHouse(t)
	v := h.browser().tokens(authorization())
	other := h.browser().login(authorization()).code()
	grant, _, _ := keys.ParseCode(other) // its code is not redeemed
	seal := func(p keys.Purpose, payload []byte) string {
		return keys.PrefixAccessToken + strictBase64.EncodeToString(h.ring.Seal(p, nil, payload))
	}
	future := h.clock.now().Add(time.Hour)
	good := tokens.AccessToken{Grant: storage.ID(grant), Expires: future}.Bytes()
	const foreign, over = "this is not an access token of this provider",
		"the access token is not valid any more: it was revoked, or what it was given for has ended"
	saidOf := map[string]string{"of a grant not issued": over, "of no grant": over,
		"of another kind": "the access token has expired",
		"an ID token":     "this is an ID token, which is for the app itself: send the access token"}
	for name, token := range map[string]string{
		"garbage":               "x",
		"spaces":                v.AccessToken + " " + v.AccessToken,
		"binary":                "\xff\xfe",
		"the prefix alone":      keys.PrefixAccessToken,
		"cut":                   v.AccessToken[:len(v.AccessToken)-1],
		"without its prefix":    strings.TrimPrefix(v.AccessToken, keys.PrefixAccessToken),
		"longer":                v.AccessToken + "A",
		"endless":               strings.Repeat("x", 20_000),
		"a flipped bit":         flipped(v.AccessToken),
		"for another purpose":   seal(keys.PurposeFlow, good),
		"of another form":       seal(keys.PurposeAccessToken, good[:24]),
		"of another kind":       seal(keys.PurposeAccessToken, append([]byte{2}, good[1:]...)),
		"of a grant not issued": seal(keys.PurposeAccessToken, good),
		"of no grant": seal(keys.PurposeAccessToken,
			tokens.AccessToken{Grant: storage.ID{1}, Expires: future}.Bytes()),
		"an ID token":     v.IDToken,
		"a JWT of a list": "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsxXX0.eA",
		"a signed access token": must(h.ring.Sign(context.Background(), keys.RS256, keys.TypeAccessToken,
			map[string]any{"iss": issuer, "sub": h.ada.Subject()})),
		"a code":          other,
		"a client secret": h.secret,
	} {
		resp := h.userinfo(token)
		if resp.StatusCode != 401 || decoded[tokenAnswer](t, resp).Error != "invalid_token" ||
			resp.Header.Get("Www-Authenticate") != `Bearer realm="userinfo", error="invalid_token", error_description="`+cmp.Or(saidOf[name], foreign)+`"` {
			t.Errorf("%s: %d %v %s", name, resp.StatusCode, resp.Header, body(resp))
		}
	}
}

func TestAnAccessTokenExpires(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	code := b.login(authorization()).code()
	h.clock.add(59 * time.Second)
	v, _ := h.token(webID, redemption(code))
	h.clock.add(time.Hour - time.Second)
	h.claimsOf(v.AccessToken)
	h.clock.add(time.Second)
	if resp := h.userinfo(v.AccessToken); resp.StatusCode != 401 {
		t.Errorf("%d", resp.StatusCode)
	}
}

// Each cause is in force at the very next call.
func TestRevocationIsInForceAtTheNextCall(t *testing.T) {
	for name, cause := range causes() {
		h := newHouse(t)
		b := h.browser()
		v := b.tokens(authorization())
		h.claimsOf(v.AccessToken)
		cause.do(h, b)
		if resp := h.userinfo(v.AccessToken); resp.StatusCode != 401 ||
			decoded[tokenAnswer](t, resp).Error != "invalid_token" {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body(resp))
		}
	}
}

func TestAnIdleSessionDoesNotEndItsTokens(t *testing.T) {
	h := newHouse(t)
	set := must(h.store.Settings.Get(context.Background()))
	set.Lifetimes.SessionIdle, set.Lifetimes.AccessToken = 300, 86400
	must(0, h.store.Settings.Set(context.Background(), storage.Operator, set))
	v := h.browser().tokens(authorization())
	h.clock.add(3 * time.Hour)
	h.claimsOf(v.AccessToken)
}

func TestAScopeTakenFromTheClientOnlyNarrows(t *testing.T) {
	h := newHouse(t)
	v := h.browser().tokens(authorization())
	h.change(webID, func(m *apps.Metadata) { m.Scopes = []string{"openid", "profile"} })
	if c := h.claimsOf(v.AccessToken); c["email"] != nil || c["preferred_username"] != "ada" {
		t.Errorf("%v", c)
	}
	h.change(webID, func(m *apps.Metadata) { m.Scopes = []string{"profile"} })
	if resp := h.userinfo(v.AccessToken); resp.StatusCode != 403 {
		t.Errorf("%d", resp.StatusCode)
	}
}

func TestWithoutOpenIDUserinfoIsNotForThisToken(t *testing.T) {
	h := newHouse(t)
	resp := h.userinfo(h.browser().tokens(authorization("scope", "profile")).AccessToken)
	if resp.StatusCode != 403 || decoded[tokenAnswer](t, resp).Error != "insufficient_scope" ||
		resp.Header.Get("Www-Authenticate") != `Bearer realm="userinfo", error="insufficient_scope", error_description="the access token has no openid scope", scope="openid"` {
		t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body(resp))
	}
}
