package op

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"latchkey/op/authorize"
	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/bolt"
	"latchkey/storage/policy"
)

func TestAuthorizeAsksOnceAndGivesACode(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a := b.login(authorization())
	wantCode(t, a)
	if want := []string{authorize.PathSignIn, authorize.PathConsent}; !slices.Equal(b.steps, want) {
		t.Errorf("steps %q, want %q", b.steps, want)
	}
	if a.uri != callback || a.status != http.StatusSeeOther {
		t.Errorf("%+v", a)
	}
	if a = b.login(authorization()); len(b.steps) != 0 || a.code() == "" {
		t.Errorf("asked again: %q, %+v", b.steps, a)
	}
}

func TestAnswersCarryIssAndStateAndTheCodeComesFirst(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.RedirectURIs = append(m.RedirectURIs, callback+"?tenant=a%20b&x") })
	for _, state := range []string{"plain", "a b+c%2f&=#?/\\\"'<>", "Ünïcödé – ✓", "\x00\x01\xff\xfe",
		strings.Repeat("s", frontchannel.MaxState)} {
		for _, uri := range []string{callback, callback + "?tenant=a%20b&x"} {
			for _, mode := range []string{"", "query", "fragment"} {
				q := authorization("state", state, "redirect_uri", uri, "response_mode", mode)
				b := h.browser()
				b.walk(b.authorize(q))
				to := b.get(authorizeURL(q)).Header.Get("Location")
				separator := "?"
				if mode == "fragment" {
					separator = "#"
				} else if strings.Contains(uri, "?") {
					separator = "&"
				}
				rest, ok := strings.CutPrefix(to, uri+separator+"code=lk_ac_")
				params, err := url.ParseQuery(rest)
				if !ok || err != nil || params.Get("state") != state || params.Get("iss") != issuer {
					t.Errorf("state %q, mode %q: sent to %q", state, mode, to)
				}
				fault := b.get(authorizeURL(q) + "&prompt=none+login").Header.Get("Location")
				rest, ok = strings.CutPrefix(fault, uri+separator+"error=invalid_request&error_description=")
				params, err = url.ParseQuery(rest)
				if !ok || err != nil || params.Get("state") != state || params.Get("iss") != issuer {
					t.Errorf("state %q, mode %q: error sent to %q", state, mode, fault)
				}
			}
		}
	}
}

// Frameworks are known that seal into state where the person was.
func TestALongStateComesBackFromAWholeFlow(t *testing.T) {
	h := newHouse(t)
	state := strings.Repeat("s", 2000)
	if a := h.browser().login(authorization("state", state)); a.code() == "" || a.params.Get("state") != state {
		t.Errorf("%+v", a)
	}
}

func TestWithoutStateNoneComesBack(t *testing.T) {
	if a := newHouse(t).browser().login(authorization("state", "")); a.params.Has("state") || a.code() == "" {
		t.Errorf("%+v", a)
	}
}

// A request that is wrong in itself is told to the app, by redirect.
func TestFaultyRequestsAreToldToTheClient(t *testing.T) {
	h := newHouse(t)
	h.client("pkce", func(m *apps.Metadata) { m.RequirePKCE = true })
	long := strings.Repeat("x", 4000)
	for name, c := range map[string]struct {
		change []string
		code   string
	}{
		"no response type":       {[]string{"response_type", ""}, "invalid_request"},
		"implicit":               {[]string{"response_type", "token"}, "unsupported_response_type"},
		"implicit, ID token":     {[]string{"response_type", "id_token"}, "unsupported_response_type"},
		"hybrid":                 {[]string{"response_type", "code id_token"}, "unsupported_response_type"},
		"none":                   {[]string{"response_type", "none"}, "unsupported_response_type"},
		"request object":         {[]string{"request", "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"},
		"request URI":            {[]string{"request_uri", "https://app.example/r"}, "request_uri_not_supported"},
		"both":                   {[]string{"request", "x", "request_uri", "y"}, "request_not_supported"},
		"registration":           {[]string{"registration", "{}"}, "registration_not_supported"},
		"prompt none and login":  {[]string{"prompt", "none login"}, "invalid_request"},
		"prompt unknown":         {[]string{"prompt", "create"}, "invalid_request"},
		"max_age words":          {[]string{"max_age", "soon"}, "invalid_request"},
		"max_age negative":       {[]string{"max_age", "-1"}, "invalid_request"},
		"max_age signed":         {[]string{"max_age", "+1"}, "invalid_request"},
		"max_age fraction":       {[]string{"max_age", "1.5"}, "invalid_request"},
		"challenge plain":        {[]string{"code_challenge_method", "plain"}, "invalid_request"},
		"challenge of no method": {[]string{"code_challenge_method", ""}, "invalid_request"},
		"method of no challenge": {[]string{"code_challenge", ""}, "invalid_request"},
		"challenge too short":    {[]string{"code_challenge", "abc"}, "invalid_request"},
		"challenge padded":       {[]string{"code_challenge", challengeOf(verifier) + "="}, "invalid_request"},
		"PKCE required": {[]string{"client_id", "pkce", "code_challenge", "", "code_challenge_method", ""},
			"invalid_request"},
		"no scope":              {[]string{"scope", ""}, "invalid_scope"},
		"unknown scope alone":   {[]string{"scope", "root"}, "invalid_scope"},
		"offline access alone":  {[]string{"scope", "offline_access"}, "invalid_scope"},
		"nonce too long":        {[]string{"nonce", long[:longestNonce+1]}, "invalid_request"},
		"nonce that is no text": {[]string{"nonce", "\xff"}, "invalid_request"},
		"claims too long":       {[]string{"claims", `{"userinfo":{"` + long + `":null}}`}, "invalid_request"},
		"claims malformed":      {[]string{"claims", `{"userinfo":`}, "invalid_request"},
		"claims a list":         {[]string{"claims", `[]`}, "invalid_request"},
		"claims of strings":     {[]string{"claims", `{"userinfo":{"name":"essential"}}`}, "invalid_request"},
		"claims too many": {[]string{"claims", `{"userinfo":{` + manyClaims(mostClaims+1) + `}}`},
			"invalid_request"},
		"claims of two users": {[]string{"claims", `{"id_token":{"sub":{"values":["a","b"]}}}`}, "invalid_request"},
		"claims that contradict": {[]string{"claims",
			`{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}`}, "invalid_request"},
		"sub that is a number": {[]string{"claims", `{"id_token":{"sub":{"value":7}}}`}, "invalid_request"},
		"sub that is empty":    {[]string{"claims", `{"id_token":{"sub":{"value":""}}}`}, "invalid_request"},
		"acr unmet": {[]string{"claims",
			`{"id_token":{"acr":{"essential":true,"values":["urn:mfa"]}}}`}, "unmet_authentication_requirements"},
		"hint is garbage": {[]string{"id_token_hint", "x"}, "invalid_request"},
		"hint with a listed aud": {[]string{"id_token_hint", "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsxXX0.eA"},
			"invalid_request"},
		"PKCE of another hash": {[]string{"code_challenge_method", "S512"}, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			q := authorization(c.change...)
			for _, b := range []*browser{h.browser(), h.signedIn()} {
				a := b.authorize(q)
				wantFault(t, a, c.code)
				if a.uri != callback || a.params.Get("iss") != issuer || a.params.Get("state") != q.Get("state") {
					t.Errorf("%+v", a)
				}
				if bad := strings.Trim(a.params.Get("error_description"), printableASCII); bad != "" ||
					a.params.Get("error_description") == "" {
					t.Errorf("description %q", a.params.Get("error_description"))
				}
			}
		})
	}
}

// printableASCII is what error_description may hold (RFC 6749 section 4.1.2.1).
var printableASCII = func() string {
	var b strings.Builder
	for c := ' '; c <= '~'; c++ {
		if c != '"' && c != '\\' {
			b.WriteRune(c)
		}
	}
	return b.String()
}()

func manyClaims(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = `"c` + strings.Repeat("x", i) + `":null`
	}
	return strings.Join(all, ",")
}

func allClaims() string {
	names := []string{"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username",
		"profile", "picture",
		"website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "email", "email_verified", "phone_number",
		"phone_number_verified", "address", "patreon", "groups"}
	var all []string
	for _, name := range names {
		all = append(all, `"`+name+`":null`)
	}
	slices.Sort(all)
	s := strings.Join(all, ",")
	return `{"userinfo":{` + s + `},"id_token":{` + s + `}}`
}

// signedIn is a browser of Ada's, whose consent for web is remembered.
func (h *house) signedIn() *browser {
	h.t.Helper()
	b := h.browser()
	b.signIn(h.ada)
	wantCode(h.t, b.login(authorization()))
	return b
}

func TestParametersSentTwiceAreRefused(t *testing.T) {
	h := newHouse(t)
	for name := range authorization("prompt", "login", "display", "page") {
		q := authorization("prompt", "login", "display", "page")
		q.Add(name, q.Get(name))
		a := h.signedIn().authorize(q)
		switch name {
		case "client_id", "redirect_uri", "state":
			wantPage(t, a, frontchannel.RefusedRequest) // no answer could hold it
		default:
			wantFault(t, a, "invalid_request")
			if a.params.Get("state") != q.Get("state") {
				t.Errorf("%s: an error without state: %+v", name, a)
			}
		}
	}
	q := authorization()
	q["resource"], q["audience"] = []string{issuer, issuer + "/"}, []string{"a", "b"}
	wantCode(t, h.signedIn().authorize(q))
}

func TestWhatIsUnknownOrIrrelevantNeverBreaksARequest(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn()
	for name, change := range map[string][]string{
		"no nonce":          {"nonce", ""},
		"no PKCE":           {"code_challenge", "", "code_challenge_method", ""},
		"unknown parameter": {"extra", "1"},
		"display":           {"display", "page"},
		"ui_locales":        {"ui_locales", "se fr-CA xx"},
		"claims_locales":    {"claims_locales", "se"},
		"acr_values":        {"acr_values", "1 2"},
		"login_hint":        {"login_hint", "ada"},
		"long login_hint":   {"login_hint", strings.Repeat("x", 5000)},
		"binary login_hint": {"login_hint", "\xff"},
		"scope order":       {"scope", "email openid profile"},
		"scope twice":       {"scope", "openid openid email profile"},
		"unknown scope":     {"scope", "openid profile email root"},
		"offline access":    {"scope", "openid profile email offline_access"},
		"unknown claims":    {"claims", `{"userinfo":{"x":null},"other":{"y":1}}`},
		"claims null":       {"claims", `null`},
		"acr not essential": {"claims", `{"id_token":{"acr":{"values":["urn:mfa"]}}}`},
		"acr met": {"claims",
			`{"id_token":{"acr":{"essential":true,"values":["urn:mfa","` + userclaims.AcrPassword + `"]}}}`},
		"acr of any value":    {"claims", `{"id_token":{"acr":{"essential":true}}}`},
		"empty parameters":    {"empty", ""},
		"prompt empty":        {"prompt", " "},
		"max_age long":        {"max_age", "10000"},
		"max_age of ages":     {"max_age", "4294967295"},
		"max_age of a double": {"max_age", "9007199254740991"},
		"max_age endless":     {"max_age", "99999999999999999999"},
		"response mode query": {"response_mode", "query"},
	} {
		if a := b.authorize(authorization(change...)); a.code() == "" {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestScopesThatAreNotServedAreLeftOutSilently(t *testing.T) {
	h := newHouse(t)
	v := h.browser().tokens(authorization("scope", "email openid offline_access root openid"))
	if v.Scope != "email openid" {
		t.Errorf("scope is %q", v.Scope)
	}
}

func TestAnUnregisteredRedirectURINeverRedirects(t *testing.T) {
	h := newHouse(t)
	h.client("native", func(m *apps.Metadata) {
		publicClient(m)
		m.ApplicationType, m.RedirectURIs = apps.ApplicationNative,
			[]string{"http://127.0.0.1/cb", "http://localhost:8080/local", "com.example:/cb"}
	})
	for _, uri := range []string{
		"https://evil.example/cb", callback + "/", callback + "?x", callback + "#", callback + "#x",
		"HTTPS://app.example/cb",
		"https://app.example:443/cb", "https://app.example/%63b", "https://app.example/cb%",
		"https://user@app.example/cb",
		"https://app.example@evil.example/cb", "https://app.example\\@evil.example/cb", "//app.example/cb", "/cb",
		"javascript:alert(1)",
		" " + callback, callback + " ", callback + "\n", callback + "\x00", "https://app.example/../cb",
		"https%3A%2F%2Fapp.example%2Fcb",
		"http://127.0.0.1.evil.example/cb", "http://127.0.0.1:80@evil.example/cb", "http://127.0.0.1:123456/cb",
		"http://127.0.0.1:x/cb", "http://localhost:8/cb",
		"http://127.0.0.1/local", "http://localhost:8080.evil.example/local", "http://LOCALHOST/local",
		"https://localhost/local",
	} {
		for _, id := range []string{webID, "native"} {
			for _, prompt := range []string{"", "none"} {
				q := authorization("redirect_uri", uri, "client_id", id, "prompt", prompt)
				wantPage(t, h.signedIn().authorize(q), frontchannel.RefusedRedirect)
				wantPage(t, h.browser().read(h.do(formRequest(oauth.PathAuthorize, q))), frontchannel.RefusedRedirect)
				if strings.Contains(h.pages.last.Detail, callback+`"`) && !strings.Contains(uri, callback) {
					t.Errorf("the page tells what is registered: %s", h.pages.last.Detail)
				}
			}
		}
	}
	for _, uri := range []string{"http://127.0.0.1:51234/cb", "http://localhost:51234/local",
		"http://localhost/local"} {
		if a := h.browser().login(authorization("client_id", "native", "redirect_uri", uri)); a.uri != uri ||
			a.code() == "" {
			t.Errorf("a native app may use any loopback port, so %s: %+v", uri, a)
		}
	}
}

// Whatever program listens there would have the token at once; of a code it has nothing.
func TestAnAnswerThatHoldsATokenNeverGoesToAPortThatIsNotRegistered(t *testing.T) {
	h := newHouse(t)
	h.client("native", func(m *apps.Metadata) {
		publicClient(m)
		m.ApplicationType, m.RedirectURIs = apps.ApplicationNative,
			[]string{"http://127.0.0.1/cb", "http://localhost:8080/cb"}
	})
	for _, uri := range []string{"http://127.0.0.1:51234/cb", "http://localhost/cb"} {
		for _, response := range []string{"token", "id_token", "code token", "code id_token", "id_token token",
			"code id_token token"} {
			for _, prompt := range []string{"", "none"} {
				wantPage(t, h.signedIn().authorize(authorization("client_id", "native", "redirect_uri", uri,
					"response_type", response, "prompt", prompt)), frontchannel.RefusedRedirect)
			}
		}
	}
}

// Another program of the device can get what is sent to a private scheme or to a
// loopback port. Its code is worth nothing without the verifier, whoever has the secret.
func TestAnAnswerToADeviceNeedsPKCEWhateverTheClient(t *testing.T) {
	h := newHouse(t)
	const scheme, localhost, plain = "app.photos:///oauth-callback", "http://localhost:2283/auth/login",
		"http://photos.internal:2283/auth/login"
	h.client("photos", func(m *apps.Metadata) { m.RedirectURIs = []string{callback, scheme, localhost, plain} })
	for uri, needs := range map[string]bool{callback: false, plain: false, scheme: true, localhost: true} {
		q := authorization("client_id", "photos", "redirect_uri", uri)
		b := h.browser()
		wantCode(t, b.login(q))
		if a := b.authorize(q); hasStep(a, authorize.PathConsent) != needs {
			t.Errorf("%s, a second time: %+v", uri, a)
		}
		a := b.login(authorization("client_id", "photos", "redirect_uri", uri, "code_challenge", "",
			"code_challenge_method", ""))
		if (a.params.Get("error") == "invalid_request") != needs || (a.code() == "") != needs {
			t.Errorf("%s without PKCE: %+v", uri, a)
		}
	}
}

func TestWithoutARegisteredClientOrRedirectURIThereIsAPage(t *testing.T) {
	h := newHouse(t)
	h.client("two", func(m *apps.Metadata) { m.RedirectURIs = append(m.RedirectURIs, callback+"2") })
	for name, c := range map[string]struct {
		change []string
		kind   frontchannel.RefusalKind
	}{
		"no client":       {[]string{"client_id", ""}, frontchannel.RefusedRequest},
		"unknown client":  {[]string{"client_id", "nobody"}, frontchannel.RefusedClient},
		"binary client":   {[]string{"client_id", "\x00\xff"}, frontchannel.RefusedClient},
		"long client":     {[]string{"client_id", strings.Repeat("x", 5000)}, frontchannel.RefusedClient},
		"no redirect URI": {[]string{"redirect_uri", ""}, frontchannel.RefusedRequest},
		"none of two, OAuth": {[]string{"redirect_uri", "", "client_id", "two", "scope", "email"},
			frontchannel.RefusedRequest},
		"none of two, OpenID Connect": {[]string{"redirect_uri", "", "client_id", "two"}, frontchannel.RefusedRequest},
	} {
		t.Run(name, func(t *testing.T) { wantPage(t, h.signedIn().authorize(authorization(c.change...)), c.kind) })
	}
}

// Plain OAuth lets a client leave out its only redirect URI, and then it is not sent
// with the code either (RFC 6749 sections 3.1.2.3 and 4.1.3).
func TestPlainOAuthMayLeaveOutTheOnlyRedirectURI(t *testing.T) {
	h := newHouse(t)
	a := h.browser().login(authorization("redirect_uri", "", "scope", "email"))
	wantCode(t, a)
	if a.uri != callback {
		t.Errorf("%+v", a)
	}
	form := redemption(a.code())
	if v, _ := h.token(webID, form); v.Error != "invalid_grant" {
		t.Errorf("with a redirect URI that was not sent before: %+v", v)
	}
	form.Del("redirect_uri")
	if v, _ := h.token(webID, form); v.Status != 200 || v.IDToken != "" || v.Scope != "email" {
		t.Errorf("%+v", v)
	}
}

func TestAClientThatIsNotApprovedGetsAPage(t *testing.T) {
	h := newHouse(t)
	for _, state := range []apps.ClientState{apps.ClientDraft, apps.ClientSubmitted, apps.ClientRejected,
		apps.ClientSuspended} {
		must(h.store.Clients.SetState(context.Background(), storage.Operator, webID, state))
		faulty := authorization("prompt", "none", "scope", "root") // told to nobody
		wantPage(t, h.browser().authorize(faulty), frontchannel.RefusedUnavailable)
		wantPage(t, h.browser().read(h.do(formRequest(oauth.PathAuthorize, faulty))), frontchannel.RefusedUnavailable)
		a := h.browser().authorize(authorization("prompt", "none"))
		wantPage(t, a, frontchannel.RefusedUnavailable)
		if a.page.Client != "App web" || a.page.Suspended != (state == apps.ClientSuspended) {
			t.Errorf("%s: %+v", state, a.page)
		}
	}
}

// Anybody may send people to a public client's redirect URI by way of an error: it
// is a page, unless nobody may be shown one (RFC 9700 section 4.11.2).
func TestAPublicClientsRequestErrorsAreAPageUnlessNobodyMayBeAsked(t *testing.T) {
	h := newHouse(t)
	h.client("spa", publicClient)
	for _, change := range [][]string{
		{"response_type", "token"}, {"response_type", ""}, {"code_challenge", "", "code_challenge_method", ""},
		{"max_age", "x"}, {"scope", "root"}, {"claims", "x"}, {"id_token_hint", "x"}, {"request", "x"},
	} {
		q := authorization(append(change, "client_id", "spa")...)
		a := h.browser().authorize(q)
		wantPage(t, a, frontchannel.RefusedRequest)
		if a.page.Code == "" || a.page.Detail == "" || a.page.Client != "App spa" {
			t.Errorf("%+v", a.page)
		}
		q.Set("prompt", "none")
		wantFault(t, h.browser().authorize(q), a.page.Code)
	}
	b := h.browser()
	b.signIn(h.ada)
	a := b.authorize(authorization("client_id", "spa"))
	wantFault(t, b.read(b.post(a.step, url.Values{"action": {"deny"}})), "access_denied")
}

func TestPublicClientsMustUsePKCE(t *testing.T) {
	h := newHouse(t)
	h.client("spa", publicClient)
	wantFault(t, h.browser().authorize(authorization("client_id", "spa", "prompt", "none", "code_challenge", "",
		"code_challenge_method", "")), "invalid_request")
	if v := h.browser().tokens(authorization("client_id", "spa")); v.IDToken == "" {
		t.Errorf("%+v", v)
	}
}

// An app that asks for tokens from the front channel looks for its error there.
func TestFrontChannelRequestsHearOfTheirErrorInTheFragment(t *testing.T) {
	h := newHouse(t)
	for _, kind := range []string{"token", "id_token", "id_token token", "code id_token"} {
		to := h.browser().get(authorizeURL(authorization("response_type", kind))).Header.Get("Location")
		if !strings.HasPrefix(to, callback+"#error=unsupported_response_type&") {
			t.Errorf("%s: %s", kind, to)
		}
	}
}

// The object is not read: only how the answer to it is to travel.
func TestARequestObjectIsRefusedInTheModeThatItAsksFor(t *testing.T) {
	h := newHouse(t)
	object := func(payload string) string {
		return "eyJhbGciOiJub25lIn0." + strictBase64.EncodeToString([]byte(payload)) + "."
	}
	for _, c := range []struct{ object, mode, want string }{
		{object(`{"response_mode":"form_post","response_type":"code"}`), "", frontchannel.ModeFormPost},
		{object(`{"response_mode":"fragment"}`), "", frontchannel.ModeFragment},
		{object(`{"response_mode":"fragment"}`), frontchannel.ModeFormPost, frontchannel.ModeFormPost},
		{object(`{"response_mode":"query"}`), "", ""},
		{object(`{"response_mode":"web_message"}`), "", ""},
		{object(`{"response_mode":7}`), "", ""},
		{object(`{`), "", ""},
		{"x.!.y", "", ""},
		{"x", "", ""},
	} {
		a := h.browser().authorize(authorization("request", c.object, "response_mode", c.mode))
		if wantFault(t, a, "request_not_supported"); a.params.Get("state") != "st" || a.mode() != c.want {
			t.Errorf("%s with response_mode %q: %+v", c.object, c.mode, a)
		}
	}
	h.client("kiosk", func(m *apps.Metadata) {
		m.RedirectURIs = []string{"com.example.app:/cb"}
		m.ApplicationType = apps.ApplicationNative
	})
	a := h.browser().authorize(authorization("client_id", "kiosk", "redirect_uri", "com.example.app:/cb", "request",
		object(`{"response_mode":"form_post"}`)))
	wantFault(t, a, "request_not_supported") // no form can be sent there
}

// How an answer is wanted that we do not know, we cannot tell of an error either.
func TestAResponseModeThatIsNotServedIsAPageWhateverElseIsWrong(t *testing.T) {
	h := newHouse(t)
	for _, mode := range []string{"jwt", "query.jwt", "QUERY", "web_message", "form_post ", "\x00"} {
		for _, more := range [][]string{nil, {"prompt", "none"}, {"response_type", "id_token"}, {"max_age", "soon"},
			{"state", strings.Repeat("s", frontchannel.MaxState+1)}} {
			a := h.signedIn().authorize(authorization(append([]string{"response_mode", mode}, more...)...))
			if wantPage(t, a, frontchannel.RefusedRequest); a.page.Code != "invalid_request" ||
				!strings.Contains(a.page.Detail, "response_mode") {
				t.Errorf("%q, %q: %+v", mode, more, a)
			}
		}
	}
}

func TestRequestsThatCannotBeReadAreAPage(t *testing.T) {
	h := newHouse(t)
	good := authorization()
	large := authorization("extra", strings.Repeat("x", longestQuery))
	json := httptest.NewRequest(http.MethodPost, oauth.PathAuthorize, strings.NewReader("{}"))
	json.Header.Set("Content-Type", "application/json")
	for name, r := range map[string]*http.Request{
		"large query":     httptest.NewRequest(http.MethodGet, authorizeURL(large), nil),
		"large body":      formRequest(oauth.PathAuthorize, large),
		"broken escape":   httptest.NewRequest(http.MethodGet, authorizeURL(good)+"&x=%zz", nil),
		"query and body":  formRequest(authorizeURL(good), good),
		"JSON":            json,
		"no content type": httptest.NewRequest(http.MethodPost, oauth.PathAuthorize, strings.NewReader(good.Encode())),
		"body broken":     formRequest(oauth.PathAuthorize, nil),
		"multipart":       multipart(),
	} {
		want := http.StatusBadRequest
		if name == "large body" { // the edge answers
			want = http.StatusRequestEntityTooLarge
		}
		resp := h.do(r)
		if resp.StatusCode != want || resp.Header.Get("Location") != "" {
			t.Errorf("%s: %d %v", name, resp.StatusCode, resp.Header)
		}
	}
}

func rawForm(s string) *http.Request {
	r := formRequest(oauth.PathAuthorize, nil)
	r.Body = http.NoBody
	if s != "" {
		r = httptest.NewRequest(http.MethodPost, oauth.PathAuthorize, strings.NewReader(s))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// Apps put addresses into state, and not all encode what an address may hold.
func TestASemicolonInARequestIsData(t *testing.T) {
	raw := strings.Replace(authorization().Encode(), "state=st", "state=/a;b=1;c", 1)
	for name, r := range map[string]*http.Request{"query": httptest.NewRequest(http.MethodGet,
		oauth.PathAuthorize+"?"+raw, nil), "form": rawForm(raw)} {
		b := newHouse(t).browser()
		if a := b.walk(b.read(b.do(r))); a.params.Get("state") != "/a;b=1;c" || a.code() == "" {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func multipart() *http.Request {
	r := httptest.NewRequest(http.MethodPost, oauth.PathAuthorize, strings.NewReader("--x\r\n\r\n\r\n--x--"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	return r
}

func TestOtherMethodsAreRefusedAtAuthorize(t *testing.T) {
	h := newHouse(t)
	for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions,
		http.MethodPatch} {
		if resp := h.do(httptest.NewRequest(method, authorizeURL(authorization()),
			nil)); resp.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, resp.StatusCode)
		}
	}
}

// A POST from another site carries no Lax cookies.
func TestAPostIsNeverEvaluatedButComesBackByGet(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn()
	waiting := b.authorize(authorization("prompt", "login"))
	wantStep(t, waiting, authorize.PathSignIn)
	for _, prompt := range []string{"", "none", "login"} {
		commits := h.commits()
		resp := h.do(formRequest(oauth.PathAuthorize, authorization("prompt", prompt))) // no cookies
		to := resp.Header.Get("Location")
		if resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, authorize.PathFlow+"?request=") ||
			len(resp.Cookies()) != 0 || h.commits() != commits {
			t.Fatalf("%d %v, %d commits", resp.StatusCode, resp.Header, h.commits()-commits)
		}
		stranger := h.browser().read(h.get(to))
		switch a := b.read(b.get(to)); prompt {
		case "none":
			wantCode(t, a)
			wantFault(t, stranger, "login_required")
		case "login":
			wantStep(t, a, authorize.PathSignIn)
			wantStep(t, stranger, authorize.PathSignIn)
		default:
			wantCode(t, a)
			wantStep(t, stranger, authorize.PathSignIn)
		}
	}
	wantCode(t, b.walk(waiting)) // the flow in the other tab lives
}

func TestAPostedRequestIsSealedAndExpires(t *testing.T) {
	h := newHouse(t)
	to := h.do(formRequest(oauth.PathAuthorize, authorization())).Header.Get("Location")
	sealed := strings.TrimPrefix(to, authorize.PathFlow+"?request=")
	b := h.signedIn()
	wantCode(t, b.read(b.get(to)))
	for name, bad := range map[string]string{
		"absent": "", "cut": sealed[:len(sealed)-4], "changed": flipped(sealed),
		"long":       sealed + strings.Repeat("A", longestFlow),
		"line break": sealed[:8] + "%0A" + sealed[8:],
	} {
		if a := b.read(b.get(authorize.PathFlow + "?request=" + bad)); a.page.Kind != frontchannel.RefusedExpired ||
			a.params != nil {
			t.Errorf("%s: %+v", name, a)
		}
	}
	h.clock.add(policy.Seconds(policy.DefaultSettings().Lifetimes.Flow))
	wantPage(t, b.read(b.get(to)), frontchannel.RefusedExpired)
}

// flipped is base64url text with one bit changed in the middle.
func flipped(s string) string {
	i := len(s) / 2
	c := byte('A')
	if s[i] == 'A' {
		c = 'B'
	}
	return s[:i] + string(c) + s[i+1:]
}

func TestAnonymousRequestsWriteNothing(t *testing.T) {
	h := newHouseOn(t, must(bolt.Open(filepath.Join(t.TempDir(), "data"), bolt.Options{})))
	h.log.off = true
	n := 20_000
	if testing.Short() {
		n = 2_000
	}
	keysBefore, commits := h.keyCount(), h.commits()
	r := httptest.NewRequest(http.MethodGet, authorizeURL(authorization()), nil)
	post := authorization().Encode()
	for i := range n {
		w := httptest.NewRecorder()
		if i%10 == 0 {
			r := httptest.NewRequest(http.MethodPost, oauth.PathAuthorize, strings.NewReader(post))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			h.handler.ServeHTTP(w, r)
		} else {
			h.handler.ServeHTTP(w, r)
		}
		if w.Code != http.StatusSeeOther {
			t.Fatal(w.Code)
		}
	}
	if h.keyCount() != keysBefore || h.commits() != commits {
		t.Errorf("%d keys and %d commits more", h.keyCount()-keysBefore, h.commits()-commits)
	}
}
