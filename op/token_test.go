package op

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/keys"
	"latchkey/op/authorize"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
)

var varying = regexp.MustCompile(`"(access_token|id_token|at_hash|sid|sub|kid)":"[^"]*"`)

func withoutSecrets(raw string) string { return varying.ReplaceAllString(raw, `"$1":"…"`) }

func TestTokenAnswersAreAsTheSpecificationWritesThem(t *testing.T) {
	h := newHouse(t)
	a := h.browser().login(authorization())
	_, resp := h.token(webID, redemption(a.code()))
	golden(t, "token.json", indented(t, withoutSecrets(body(resp))))
	if resp.Header.Get("Content-Type") != "application/json" || resp.Header.Get("Cache-Control") != "no-store" ||
		resp.Header.Get("Pragma") != "no-cache" {
		t.Errorf("%v", resp.Header)
	}
}

func TestTheAccessTokenIsOpaqueAndShort(t *testing.T) {
	v := newHouse(t).browser().tokens(authorization())
	if !strings.HasPrefix(v.AccessToken, keys.PrefixAccessToken) || len(v.AccessToken) > keys.MaxAccessToken ||
		strings.Contains(v.AccessToken, ".") {
		t.Errorf("%s", v.AccessToken)
	}
}

func TestWithoutOpenIDThereIsNoIDToken(t *testing.T) {
	h := newHouse(t)
	if v := h.browser().tokens(authorization("scope", "profile")); v.IDToken != "" || v.Scope != "profile" ||
		v.AccessToken == "" {
		t.Errorf("%+v", v)
	}
}

// Every way a token request can be wrong in form.
func TestMalformedTokenRequestsAreRefused(t *testing.T) {
	h := newHouse(t)
	code := h.browser().login(authorization()).code()
	good := func() *http.Request { return h.tokenRequest(webID, redemption(code)) }
	edit := func(change func(*http.Request, url.Values)) *http.Request {
		r := good()
		form := redemption(code)
		change(r, form)
		fresh := formRequest(r.URL.String(), form)
		fresh.Method, fresh.Header = r.Method, r.Header
		return fresh
	}
	answers := []string{}
	for _, c := range []struct {
		name   string
		r      *http.Request
		status int
		code   string
	}{
		{"GET", edit(func(r *http.Request, _ url.Values) { r.Method = http.MethodGet }), 405, "invalid_request"},
		{"HEAD", edit(func(r *http.Request, _ url.Values) { r.Method = http.MethodHead }), 405, ""},
		{"PUT", edit(func(r *http.Request, _ url.Values) { r.Method = http.MethodPut }), 405, "invalid_request"},
		{"in the URL", edit(func(r *http.Request, f url.Values) { r.URL.RawQuery = f.Encode(); clear(f) }), 400,
			"invalid_request"},
		{"partly in the URL", edit(func(r *http.Request,
			_ url.Values) {
			r.URL.RawQuery = "grant_type=authorization_code"
		}), 400, "invalid_request"},
		{"JSON", edit(func(r *http.Request, _ url.Values) { r.Header.Set("Content-Type", "application/json") }),
			400, "invalid_request"},
		{"no content type", edit(func(r *http.Request, _ url.Values) { r.Header.Del("Content-Type") }), 400,
			"invalid_request"},
		{"bad content type", edit(func(r *http.Request, _ url.Values) { r.Header.Set("Content-Type", ";") }), 400,
			"invalid_request"},
		{"a duplicate", edit(func(_ *http.Request, f url.Values) { f.Add("code", code) }), 400, "invalid_request"},
		{"no grant type", edit(func(_ *http.Request, f url.Values) { f.Del("grant_type") }), 400, "invalid_request"},
		{"empty grant type", edit(func(_ *http.Request, f url.Values) { f.Set("grant_type", "") }), 400,
			"invalid_request"},
		{"no code", edit(func(_ *http.Request, f url.Values) { f.Del("code") }), 400, "invalid_request"},
		{"two headers", edit(func(r *http.Request, _ url.Values) { r.Header.Add("Authorization", "Basic eDp5") }),
			400, "invalid_request"},
		{"broken body", brokenForm(good()), 400, "invalid_request"},
	} {
		resp := h.do(c.r)
		raw := body(resp)
		if c.code == "" {
			continue
		}
		v := decoded[tokenAnswer](t, resp)
		if resp.StatusCode != c.status || v.Error != c.code || v.AccessToken != "" ||
			resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, raw)
		}
		if c.status == 405 && resp.Header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow %q", c.name, resp.Header.Get("Allow"))
		}
		if strings.Trim(v.Description, printableASCII) != "" {
			t.Errorf("%s: description %q", c.name, v.Description)
		}
		answers = append(answers, c.name+": "+raw)
	}
	golden(t, "token-malformed.txt", []byte(strings.Join(answers, "")))
	if v, _ := h.token(webID, redemption(code)); v.Status != 200 {
		t.Errorf("the code is burnt: %+v", v)
	}
}

// Libraries add parameters of their own, some in the query: MSAL.js does with
// client-request-id.
func TestParametersThatAreNotKnownAreIgnoredAndKnownOnesCountOnce(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn()
	token := b.tokens(authorization()).AccessToken
	unknown := url.Values{"client-request-id": {"1", "2"}, "\"\\\r\n\xff" + strings.Repeat("n", 99): {"", ""},
		"audience": {"a", "b"}}
	with := func(form url.Values) url.Values {
		form = clone(form)
		maps.Copy(form, unknown)
		return form
	}
	hint := b.tokens(authorization()).IDToken
	logout := url.Values{"client_id": {webID}, "state": {"s"}}
	for _, c := range []struct {
		name, path, method string
		form               url.Values
		known              string // one that is not in form
		status             int
	}{
		{"token", oauth.PathToken, http.MethodPost, redemption(b.authorize(authorization()).code()),
			"refresh_token", 200},
		{"introspection", oauth.PathIntrospection, http.MethodPost, url.Values{"token": {token}}, "token_type_hint",
			200},
		{"revocation", oauth.PathRevocation, http.MethodPost, url.Values{"token": {"x"}}, "token_type_hint", 200},
		{"authorize", oauth.PathAuthorize, http.MethodGet, authorization(), "max_age", 303},
		{"authorize by POST", oauth.PathAuthorize, http.MethodPost, authorization(), "max_age", 303},
		{"sign-out", oauth.PathEndSession, http.MethodGet, logout, "logout_hint", 303},
		{"sign-out by POST", oauth.PathEndSession, http.MethodPost, logout, "logout_hint", 303},
		{"sign-out by a hint", oauth.PathEndSession, http.MethodPost, url.Values{"id_token_hint": {hint}},
			"ui_locales", 303},
	} {
		ask := func(query, form url.Values) *http.Response {
			r := h.tokenRequest(webID, form)
			r.URL.RawQuery, r.URL.Path = query.Encode(), c.path
			if c.method == http.MethodGet {
				r = httptest.NewRequest(c.method, c.path+"?"+form.Encode(), nil)
			}
			r.Header.Add("Cookie", sessionsCookie+"="+b.sessions[0].String())
			r.Header.Set("Accept", "text/html") // a program would be told that sign-out needs the person
			return h.do(r)
		}
		form := clone(c.form)
		form[c.known] = []string{"60", "60"}
		if resp := ask(nil, form); !refusedAsSent(resp, c.known+" was sent more than once", h) {
			t.Errorf("%s, twice: %d %s", c.name, resp.StatusCode, body(resp))
		}
		if c.method == http.MethodPost {
			if resp := ask(url.Values{c.known: {"60"}}, c.form); !refusedAsSent(resp,
				c.known+" belongs in the body", h) {
				t.Errorf("%s, in the query: %d %s", c.name, resp.StatusCode, body(resp))
			}
		}
		if resp := ask(unknown, with(c.form)); resp.StatusCode != c.status ||
			strings.Contains(resp.Header.Get("Location"), "error=") {
			t.Errorf("%s: %d %s %s", c.name, resp.StatusCode, resp.Header.Get("Location"), body(resp))
		}
	}
	r := httptest.NewRequest(http.MethodGet, oauth.PathUserinfo+"?"+unknown.Encode(), nil)
	r.Header.Set("Authorization", "Bearer "+token)
	if resp := h.do(r); resp.StatusCode != http.StatusOK {
		t.Errorf("userinfo: %d %s", resp.StatusCode, body(resp))
	}
}

// refusedAsSent reports whether a request was refused with a text that begins so: in JSON,
// on a page, or by a redirect to the app.
func refusedAsSent(resp *http.Response, text string, h *house) bool {
	to, _ := url.Parse(resp.Header.Get("Location"))
	description := to.Query().Get("error_description")
	if to.String() == "" {
		var v tokenAnswer
		_ = json.Unmarshal([]byte(body(resp)), &v)
		if description = v.Description; description == "" && resp.StatusCode == http.StatusBadRequest {
			description = h.pages.last.Detail
		}
	}
	return strings.HasPrefix(description, text)
}

func brokenForm(r *http.Request) *http.Request {
	broken := httptest.NewRequest(http.MethodPost, oauth.PathToken,
		strings.NewReader("grant_type=authorization_code&code=%zz"))
	broken.Header = r.Header
	return broken
}

func TestATokenRequestTooLargeIsRefused(t *testing.T) {
	h := newHouse(t)
	form := redemption("x")
	form.Set("extra", strings.Repeat("x", oauth.MaxBody))
	r := h.tokenRequest(webID, form)
	w := httptest.NewRecorder()
	h.op.token.ServeHTTP(w, r) // behind the edge, which has the same limit
	if w.Code != 400 || decoded[tokenAnswer](t, w.Result()).Error != "invalid_request" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if resp := h.do(h.tokenRequest(webID, form)); resp.StatusCode/100 != 4 {
		t.Errorf("%d", resp.StatusCode)
	}
}

// Grants of later times, and those the framework has and gets wrong.
func TestGrantTypesThatAreNotServedAreSaidToBeSo(t *testing.T) {
	h := newHouse(t)
	v := h.browser().tokens(authorization())
	urn := "urn:ietf:params:oauth:"
	for grant, form := range map[string]url.Values{
		"password":                     {"username": {"ada"}, "password": {"x"}},
		urn + "grant-type:jwt-bearer":  {"assertion": {"eyJhbGciOiJub25lIn0.eyJhdWQiOlsxXX0."}},
		urn + "grant-type:device_code": {"device_code": {"x"}},
		urn + "grant-type:token-exchange": {"subject_token": {v.AccessToken},
			"subject_token_type": {urn + "token-type:access_token"}},
		"implicit":            {},
		"AUTHORIZATION_CODE":  {"code": {"x"}},
		"authorization_code ": {"code": {"x"}},
		"\"<script>\x00\xff":  {},
	} {
		form.Set("grant_type", grant)
		for _, r := range []*http.Request{h.tokenRequest(webID, form), formRequest(oauth.PathToken, form)} {
			resp := h.do(r)
			if v := decoded[tokenAnswer](t, resp); resp.StatusCode != 400 || v.Error != "unsupported_grant_type" ||
				strings.Contains(v.Description, "<") {
				t.Errorf("%q: %d %s", grant, resp.StatusCode, body(resp))
			}
		}
	}
}

func TestAClientIsHeldToItsGrantTypes(t *testing.T) {
	h := newHouse(t)
	code := h.browser().login(authorization()).code()
	h.change(webID, func(m *apps.Metadata) {
		m.GrantTypes, m.ResponseTypes = []string{apps.GrantTypeClientCredentials}, nil
	})
	if v, _ := h.token(webID, redemption(code)); v.Status != 400 || v.Error != "unauthorized_client" {
		t.Errorf("%+v", v)
	}
}

// What does not match changes nothing: whoever has the code still can redeem it.
func TestAMismatchNeitherRedeemsNorBurnsTheCode(t *testing.T) {
	h := newHouse(t)
	h.client("other", nil)
	h.client("public", publicClient)
	code := h.browser().login(authorization()).code()
	commits := h.commits()
	for name, c := range map[string]struct {
		client string
		change []string
	}{
		"another client":           {"other", nil},
		"a public client":          {"public", nil},
		"another redirect URI":     {webID, []string{"redirect_uri", callback + "/"}},
		"no redirect URI":          {webID, []string{"redirect_uri", ""}},
		"another verifier":         {webID, []string{"code_verifier", verifier + "x"}},
		"no verifier":              {webID, []string{"code_verifier", ""}},
		"the challenge itself":     {webID, []string{"code_verifier", challengeOf(verifier)}},
		"a verifier too short":     {webID, []string{"code_verifier", "short"}},
		"a verifier too long":      {webID, []string{"code_verifier", strings.Repeat("v", 129)}},
		"a code of another secret": {webID, []string{"code", flipped(code)}},
		"half a code":              {webID, []string{"code", code[:40]}},
		"a code and more":          {webID, []string{"code", code + "AA"}},
		"a code of no grant": {webID,
			[]string{"code", func() string { c, _ := keys.NewCode(storage.ID{1}); return c }()}},
		"something that is no code":  {webID, []string{"code", "\x00\xff"}},
		"an access token for a code": {webID, []string{"code", must(h.ring.SealAccessToken(make([]byte, 25)))}},
	} {
		form := redemption(code)
		for i := 0; i < len(c.change); i += 2 {
			form.Set(c.change[i], c.change[i+1])
		}
		if v, resp := h.token(c.client, form); v.Status != 400 || v.Error != "invalid_grant" ||
			resp.Header.Get("Www-Authenticate") != "" {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if h.commits() != commits {
		t.Error("something was written")
	}
	if v, _ := h.token(webID, redemption(code)); v.Status != 200 {
		t.Errorf("the code is burnt: %+v", v)
	}
}

func TestAVerifierWithoutAChallengeIsRefused(t *testing.T) {
	h := newHouse(t)
	code := h.browser().login(authorization("code_challenge", "", "code_challenge_method", "")).code()
	form := redemption(code)
	if v, _ := h.token(webID, form); v.Error != "invalid_grant" {
		t.Errorf("%+v", v)
	}
	form.Del("code_verifier")
	if v, _ := h.token(webID, form); v.Status != 200 {
		t.Errorf("%+v", v)
	}
}

func TestACodeExpires(t *testing.T) {
	h := newHouse(t)
	code := h.browser().login(authorization()).code()
	h.clock.add(time.Minute)
	if v, _ := h.token(webID, redemption(code)); v.Error != "invalid_grant" {
		t.Errorf("%+v", v)
	}
}

func TestACodeUsedAgainIsRefusedAndItsTokensDie(t *testing.T) {
	h := newHouse(t)
	code := h.browser().login(authorization()).code()
	v, _ := h.token(webID, redemption(code))
	if resp := h.userinfo(v.AccessToken); resp.StatusCode != 200 {
		t.Fatalf("%d", resp.StatusCode)
	}
	wrong := redemption(code)
	wrong.Set("code_verifier", verifier+"x")
	h.token(webID, wrong)
	if resp := h.userinfo(v.AccessToken); resp.StatusCode != 200 {
		t.Errorf("somebody who cannot redeem the code ended its tokens: %d", resp.StatusCode)
	}
	for range 2 { // and 30 seconds later too
		if again, _ := h.token(webID, redemption(code)); again.Status != 400 || again.Error != "invalid_grant" {
			t.Errorf("%+v", again)
		}
		if resp := h.userinfo(v.AccessToken); resp.StatusCode != 401 {
			t.Errorf("the first access token lives: %d", resp.StatusCode)
		}
		h.clock.add(30 * time.Second)
	}
}

func TestOfFiftyConcurrentRedemptionsOneSucceeds(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.IDTokenSignedResponseAlg = keys.ES256 })
	server := httptest.NewServer(h.handler)
	defer server.Close()
	code := h.browser().login(authorization()).code()
	statuses := make(chan int, 50)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			r := must(http.NewRequest(http.MethodPost, server.URL+oauth.PathToken,
				strings.NewReader(redemption(code).Encode())))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.SetBasicAuth(webID, h.secret)
			resp := must(server.Client().Do(r))
			defer resp.Body.Close()
			statuses <- resp.StatusCode
		})
	}
	group.Wait()
	close(statuses)
	count := map[int]int{}
	for s := range statuses {
		count[s]++
	}
	if count[200] != 1 || count[400] != 49 {
		t.Errorf("%v", count)
	}
}

// A redemption finds what changed since the code was given.
func TestACodeIsRedeemedOnlyWhileAllItStandsForHolds(t *testing.T) {
	for name, cause := range causes() {
		h := newHouse(t)
		b := h.browser()
		code := b.login(authorization()).code()
		cause.do(h, b)
		v, _ := h.token(webID, redemption(code))
		want := "invalid_grant"
		if cause.client {
			want = "invalid_client"
		}
		if v.Error != want || v.AccessToken != "" {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

type cause struct {
	do     func(*house, *browser)
	client bool // it is the client that is gone
}

// causes are the ways by which what was given is taken back.
func causes() map[string]cause {
	ctx := context.Background()
	return map[string]cause{
		"user disabled": {do: func(h *house,
			_ *browser) {
			must(h.store.Users.Disable(ctx, storage.Operator, h.ada.ID))
		}},
		"user disabled and enabled": {do: func(h *house, _ *browser) {
			must(h.store.Users.Disable(ctx, storage.Operator, h.ada.ID))
			must(h.store.Users.Enable(ctx, storage.Operator, h.ada.ID))
		}},
		"user deleted": {do: func(h *house,
			_ *browser) {
			must(0, h.store.Users.Delete(ctx, storage.Operator, h.ada.ID))
		}},
		"password set": {do: func(h *house, _ *browser) {
			must(h.store.Users.SetPassword(ctx, storage.Operator, h.ada.ID, []byte("x")))
		}},
		"session ended": {do: func(h *house,
			b *browser) {
			must(0, h.store.Sessions.End(ctx, storage.Operator, b.sessions...))
		}},
		"consent withdrawn": {do: func(h *house,
			_ *browser) {
			must(0, h.store.Consents.Withdraw(ctx, storage.Operator, h.ada.ID, webID))
		}},
		"client suspended": {client: true, do: func(h *house, _ *browser) {
			must(h.store.Clients.SetState(ctx, storage.Operator, webID, apps.ClientSuspended))
		}},
		"client deleted": {client: true,
			do: func(h *house, _ *browser) { must(0, h.store.Clients.Delete(ctx, storage.Operator, webID)) }},
		"client suspended and approved": {do: func(h *house, _ *browser) {
			must(h.store.Clients.SetState(ctx, storage.Operator, webID, apps.ClientSuspended))
			must(h.store.Clients.SetState(ctx, storage.Operator, webID, apps.ClientApproved))
		}},
		"client registered anew": {do: func(h *house, _ *browser) {
			must(0, h.store.Clients.Delete(ctx, storage.Operator, webID))
			h.client(webID, nil)
		}},
	}
}

func TestOurOwnFaultsTellNothingOfTheirCause(t *testing.T) {
	h := newHouse(t)
	v := h.browser().tokens(authorization())
	h.engine.Close()
	for name, resp := range map[string]*http.Response{
		"token": h.do(h.tokenRequest(webID, redemption("lk_ac_x"))), "userinfo": h.userinfo(v.AccessToken),
	} {
		var got map[string]string
		if err := json.Unmarshal([]byte(body(resp)), &got); err != nil || resp.StatusCode != 503 || len(got) != 2 ||
			got["error"] != "temporarily_unavailable" ||
			got["error_description"] != "the provider is out of order: try again later" {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body(resp))
		}
	}
	for _, resp := range []*http.Response{h.get(authorizeURL(authorization())),
		h.get(authorize.PathFlow + "/" + storage.ID{1}.String())} {
		if want := []int{503, 410}; !slices.Contains(want, resp.StatusCode) || strings.Contains(body(resp), "closed") {
			t.Errorf("%d %s", resp.StatusCode, body(resp))
		}
	}
	if h.pages.last.Detail == "" || strings.Contains(h.pages.last.Detail, "closed") {
		t.Errorf("%+v", h.pages.last)
	}
}
