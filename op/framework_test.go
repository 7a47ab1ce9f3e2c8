package op

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"latchkey/op/oauth"
)

// The framework has routes of its own for health, readiness, discovery and more; none is used.
func TestNothingOfTheFrameworkIsReachableUnseen(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/", "/healthz", "/ready", "/authorize", "/oauth/token", "/oauth/introspect",
		"/userinfo", "/revoke",
		"/end_session", "/keys", "/device_authorization",
		"/connect/checksession", "/connect/deviceauthorization", "/connect/par", "/connect/register",
		"/authorize/callback",
		oauth.PathToken + "/", oauth.PathToken + "/healthz", oauth.PathUserinfo + "/",
		oauth.PathUserinfo + "/../../healthz"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			resp := h.do(httptest.NewRequest(method, path, nil))
			if resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusPermanentRedirect {
				t.Errorf("%s %s: %d %s", method, path, resp.StatusCode, body(resp))
			}
		}
	}
}

func TestAPathInAnotherSpellingLeadsToTheSamePlace(t *testing.T) {
	h := newHouse(t)
	v := h.browser().tokens(authorization())
	r := httptest.NewRequest(http.MethodGet, "/connect/%75serinfo", nil)
	r.Header.Set("Authorization", "Bearer "+v.AccessToken)
	if resp := h.do(r); resp.StatusCode != 200 {
		t.Errorf("%d %s", resp.StatusCode, body(resp))
	}
	form := redemption(h.browser().login(authorization()).code())
	r = h.tokenRequest(webID, form)
	r.URL.RawPath = "/connect/%74oken"
	if resp := h.do(r); resp.StatusCode != 200 {
		t.Errorf("%d %s", resp.StatusCode, body(resp))
	}
	if resp := h.get("/connect%2fauthorize"); resp.StatusCode == 200 {
		t.Errorf("%d", resp.StatusCode)
	}
	if resp := h.get("//connect/./authorize?client_id=x"); resp.StatusCode != http.StatusPermanentRedirect ||
		resp.Header.Get("Location") != "/connect/authorize?client_id=x" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
}

// Each request has one log record, the edge's. The framework would add one to
// slog's default logger for every refusal that it writes.
func TestRefusalsAreLoggedOnce(t *testing.T) {
	h := newHouse(t)
	v := h.browser().tokens(authorization())
	code := h.browser().login(authorization()).code()
	var framework bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&framework, &slog.HandlerOptions{Level: slog.LevelDebug})))
	lines := strings.Count(h.log.String(), "\n")
	requests := []*http.Request{
		h.tokenRequest(webID, redemption(code)), h.tokenRequest(webID, redemption(code)),
		h.tokenRequest(webID, nil), h.tokenRequest("x", redemption(code)),
		httptest.NewRequest(http.MethodGet, oauth.PathUserinfo, nil),
		httptest.NewRequest(http.MethodGet, oauth.PathUserinfo+"?access_token=x", nil),
		httptest.NewRequest(http.MethodGet, oauth.PathToken, nil),
	}
	for _, r := range requests {
		h.do(r)
	}
	h.userinfo("x")
	h.userinfo(v.AccessToken)
	if got := strings.Count(h.log.String(), "\n") - lines; got != len(requests)+2 {
		t.Errorf("%d records for %d requests", got, len(requests)+2)
	}
	if framework.Len() != 0 {
		t.Errorf("the framework logged %s", framework.String())
	}
}

func TestTheLogSaysWhyARequestWasRefused(t *testing.T) {
	h := newHouse(t)
	code := h.browser().login(authorization()).code()
	h.token(webID, redemption(code))
	for want, do := range map[string]func(){
		`"error":"invalid_grant","cause":"code used before`: func() {
			h.token(webID,
				redemption(code))
		},
		`"error":"invalid_client","cause":"wrong client secret"`:                      func() { r := formRequest(oauth.PathToken, redemption(code)); basic(r, webID+":x"); h.do(r) },
		`"error":"invalid_token","cause":"not an access token of ours`:                func() { h.userinfo("x") },
		`"error":"redirect_uri","cause":"the redirect_uri sent is not registered: …"`: func() { h.browser().authorize(authorization("redirect_uri", "https://lk_cs_secret.example")) },
		`"error":"redirect_uri","cause":"the post_logout_redirect_uri sent is not registered: …"`: func() {
			h.browser().endSession("client_id", webID, "post_logout_redirect_uri", "https://lk_cs_secret.example")
		},
		`"error":"invalid_request","cause":"the query cannot be read: …"`: func() { h.get(oauth.PathAuthorize + "?a=%zz") },
		`"error":"unknown_client","cause":"no client has this client_id"`: func() { h.browser().authorize(authorization("client_id", "lk_cs_secret")) },
		`"cause":"code_verifier is missing","grant_type":"authorization_code"`: func() {
			f := redemption(h.browser().login(authorization()).code())
			f.Del("code_verifier")
			h.token(webID, f)
		},
		`"cause":"not an access token of ours","active":false`:                   func() { h.introspected(webID, "x") },
		`"error":"login_required","cause":"the user must sign in"`:               func() { h.browser().authorize(authorization("prompt", "none")) },
		`"error":"invalid_request","cause":"grant_type is missing"`:              func() { h.do(formRequest(oauth.PathToken, url.Values{})) },
		`"error":"invalid_request","cause":"the token endpoint takes POST only"`: func() { h.do(httptest.NewRequest("GET", oauth.PathToken, nil)) },
		`"cause":"client_id was sent more than once"`:                            func() { h.do(formRequest(oauth.PathToken, url.Values{"client_id": {"lk_cs_secret", "2"}})) },
		`"cause":"code_challenge_method must be S256"`:                           func() { h.browser().authorize(authorization("code_challenge_method", "plain")) },
	} {
		if do(); !strings.Contains(h.log.String(), want) {
			t.Errorf("no %s in the log", want)
		}
	}
	if strings.Contains(h.log.String(), "lk_cs_secret") {
		t.Error("the log repeats what was sent")
	}
}
