package op

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey/keys"
	"latchkey/op/authorize"
	"latchkey/op/discovery"
	"latchkey/op/oauth"
	"latchkey/storage"
)

// fuzzHouse is a house whose log only says whether something panicked, with a signed
// in browser.
func fuzzHouse(f *testing.F) (*house, *browser) {
	f.Helper()
	h := newHouse(f)
	h.client("spa", publicClient)
	return h, h.signedIn()
}

// answered fails on what must never be: a panic, a fault of ours, an empty log.
func (h *house) answered(t *testing.T, resp *http.Response) {
	t.Helper()
	log := h.log.String()
	h.log.reset()
	if resp.StatusCode >= 500 || strings.Contains(log, `"panic"`) || !strings.Contains(log, `"status"`) {
		t.Fatalf("%d %s\n%s", resp.StatusCode, body(resp), log)
	}
}

// mayLeaveFor fails if an answer sends the browser anywhere but to a page of ours or a
// registered address.
func mayLeaveFor(t *testing.T, resp *http.Response, registered ...string) {
	t.Helper()
	to := resp.Header.Get("Location")
	if to == "" || strings.HasPrefix(to, authorize.PathFlow+"/") ||
		strings.HasPrefix(to, authorize.PathFlow+"?request=") {
		return
	}
	if resp.StatusCode == http.StatusPermanentRedirect && strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") {
		return // the edge's, to the clean form of a path
	}
	if !slices.ContainsFunc(registered, func(uri string) bool {
		return strings.HasPrefix(to, uri+"?") || strings.HasPrefix(to, uri+"#")
	}) || strings.ContainsAny(to, "\r\n\x00") {
		t.Fatalf("sent to %q", to)
	}
}

func FuzzAuthorize(f *testing.F) {
	h, b := fuzzHouse(f)
	h.resource(ordersURI, "orders")
	for _, change := range [][]string{{}, {"client_id", "spa"}, {"prompt", "none"},
		{"redirect_uri", "https://evil.example"}, {"claims", allClaims()},
		{"id_token_hint", "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsxXX0.eA"}, {"response_type", "id_token"},
		{"state", "\xff\r\n"}, {"max_age", "0"},
		{"resource", "https://orders.example"}, {"resource", "urn:#\xff"}} {
		f.Add(authorization(change...).Encode(), false)
		f.Add(authorization(change...).Encode(), true)
	}
	f.Add("client_id=web&redirect_uri=https://app.example/cb&redirect_uri=https://evil.example", false)
	f.Add("client_id=web;redirect_uri=%zz", true)
	f.Fuzz(func(t *testing.T, query string, post bool) {
		r := httptest.NewRequest(http.MethodGet, oauth.PathAuthorize, nil)
		if post {
			r = httptest.NewRequest(http.MethodPost, oauth.PathAuthorize, strings.NewReader(query))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if !post {
			r.URL.RawQuery = query
		}
		anonymous := httptest.NewRecorder()
		h.handler.ServeHTTP(anonymous, r.Clone(t.Context()))
		h.answered(t, anonymous.Result())
		mayLeaveFor(t, anonymous.Result(), callback)
		if !post {
			r.AddCookie(&http.Cookie{Name: sessionsCookie, Value: b.sessions[0].String()})
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, r)
			h.answered(t, w.Result())
			mayLeaveFor(t, w.Result(), callback)
		}
	})
}

func FuzzFlowCookie(f *testing.F) {
	h, b := fuzzHouse(f)
	a := b.authorize(authorization("prompt", "login"))
	good, browser := b.flowCookie(a).Value, strictBase64.EncodeToString(h.browserBytes(b))
	f.Add(good, browser)
	f.Add(flipped(good), browser)
	f.Add(good, flipped(browser))
	f.Add(good[:100], "")
	f.Add("", browser)
	f.Fuzz(func(t *testing.T, value, name string) {
		r := httptest.NewRequest(http.MethodGet, flowAt(flowID(a)), nil)
		r.Header.Set("Cookie", "__Secure-latchkey-flow="+value+"; __Host-latchkey-browser="+name)
		resp := h.do(r)
		h.answered(t, resp)
		// A cookie header is parsed leniently: what counts is what was read of it.
		c, err := r.Cookie("__Secure-latchkey-flow")
		if opened := resp.StatusCode != http.StatusGone; opened &&
			(err != nil || c.Value != good || strictBase64.EncodeToString(h.op.Browser(r)) != browser) {
			t.Fatalf("%q opened the flow: %d", value, resp.StatusCode)
		}
	})
}

func FuzzPostedRequest(f *testing.F) {
	h, b := fuzzHouse(f)
	good := strings.TrimPrefix(h.do(formRequest(oauth.PathAuthorize,
		authorization("prompt", "none"))).Header.Get("Location"), authorize.PathFlow+"?request=")
	f.Add(good)
	f.Add(flipped(good))
	f.Add(good[:50])
	f.Add(b.flowCookie(b.authorize(authorization("prompt", "login"))).Value)
	f.Fuzz(func(t *testing.T, text string) {
		resp := h.get(authorize.PathFlow + "?request=" + url.QueryEscape(text))
		h.answered(t, resp)
		if (resp.StatusCode == http.StatusSeeOther) != (text == good) {
			t.Fatalf("%q: %d", text, resp.StatusCode)
		}
	})
}

func FuzzAccessToken(f *testing.F) {
	h, b := fuzzHouse(f)
	good := b.tokens(authorization()).AccessToken
	f.Add(good)
	f.Add(flipped(good))
	f.Add(good + "=")
	f.Add(keys.PrefixAccessToken)
	f.Add("eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsxXX0.eA")
	f.Fuzz(func(t *testing.T, token string) {
		resp := h.do(formRequest(oauth.PathUserinfo, url.Values{"access_token": {token}}))
		h.answered(t, resp)
		if (resp.StatusCode == 200) != (token == good) {
			t.Fatalf("%q: %d", token, resp.StatusCode)
		}
	})
}

func FuzzAuthorizationHeader(f *testing.F) {
	h, b := fuzzHouse(f)
	good := b.tokens(authorization()).AccessToken
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth(webID, h.secret)
	for _, header := range []string{"Bearer " + good, "bearer  " + good, r.Header.Get("Authorization"), "Basic",
		"Basic =", "Bearer", " Bearer x", "Basic OjpA", "DPoP x", "\x00"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, oauth.PathUserinfo, nil)
		r.Header["Authorization"] = []string{header}
		resp := h.do(r)
		h.answered(t, resp)
		if resp.StatusCode == 200 && !strings.Contains(header, good) {
			t.Fatalf("%q opened userinfo", header)
		}
		r = formRequest(oauth.PathToken, redemption("lk_ac_x"))
		r.Header["Authorization"] = []string{header}
		resp = h.do(r)
		h.answered(t, resp)
		if id, secret, ok := r.BasicAuth(); resp.StatusCode == 400 &&
			decoded[tokenAnswer](t, resp).Error == "invalid_grant" &&
			(!ok || secret != h.secret && unescaped(secret) != h.secret || unescaped(id) != webID) {
			t.Fatalf("%q authenticated a client", header)
		}
	})
}

func unescaped(s string) string {
	plain, _ := url.QueryUnescape(s)
	return plain
}

// Any bytes on any endpoint: an answer.
func FuzzEveryRoute(f *testing.F) {
	h, b := fuzzHouse(f)
	a := b.authorize(authorization("prompt", "login"))
	form := redemption("lk_ac_x").Encode()
	for _, path := range []string{oauth.PathDiscovery, oauth.PathMetadata, discovery.PathWebFinger, oauth.PathJWKS,
		oauth.PathAuthorize, oauth.PathToken, oauth.PathUserinfo, authorize.PathFlow, flowAt(flowID(a)),
		flowAt(storage.ID{1}), flowAt(flowID(a)) + authorize.PathConsent, "//connect//token", "/connect/%74oken",
		"/%", "/connect/token/", ""} {
		for _, method := range []string{"GET", "POST", "HEAD", "OPTIONS"} {
			f.Add(method, path, authorization().Encode(), "application/x-www-form-urlencoded", "Bearer x", form)
		}
	}
	f.Add("G E T", "/connect/token", "%", "multipart/form-data; boundary=", "Basic", "\xff")
	f.Fuzz(func(t *testing.T, method, path, query, kind, authorization, content string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(content))
		r.Method = method
		u, err := url.ParseRequestURI(path)
		if err != nil {
			u = &url.URL{Path: path}
		}
		r.URL = &url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: query}
		r.Header["Content-Type"], r.Header["Authorization"] = []string{kind}, []string{authorization}
		r.Header.Set("Origin", "https://spa.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
		for _, c := range b.jar.Cookies(at(a.step)) {
			r.AddCookie(c)
		}
		resp := h.do(r)
		h.answered(t, resp)
		mayLeaveFor(t, resp, callback)
	})
}
