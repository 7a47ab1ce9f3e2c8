package op

import (
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"latchkey/keys"
	"latchkey/op/authorize"
	"latchkey/op/oauth"
)

// Everything secret that a run of flows saw is looked for in everything it logged,
// at the lowest level, the framework's own log included.
func TestNoSecretIsLogged(t *testing.T) {
	h := newHouse(t)
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	b := h.browser()
	secrets := map[string]string{"client secret": h.secret, "verifier": verifier, "state": "the-state-of-the-app",
		"nonce": "the-nonce-of-the-app"}
	q := authorization("state", secrets["state"], "nonce", secrets["nonce"])
	a := b.authorize(q)
	secrets["flow cookie"] = b.flowCookie(a).Value
	a = b.walk(a)
	secrets["code"] = a.code()
	v, _ := h.token(webID, redemption(a.code()))
	secrets["access token"], secrets["ID token"] = v.AccessToken, v.IDToken
	for _, c := range b.jar.Cookies(at("/")) {
		secrets["cookie "+c.Name] = c.Value
	}
	secrets["posted"] = strings.TrimPrefix(h.do(formRequest(oauth.PathAuthorize, q)).Header.Get("Location"),
		authorize.PathFlow+"?request=")
	b.get(authorize.PathFlow + "?request=" + secrets["posted"])
	h.client("robot", keyedRobot)
	secrets["assertion"] = h.assertion("robot", nil)
	for range 2 {
		h.present(forItself, secrets["assertion"])
	}
	secrets["jti"] = "the-jti-of-the-application"
	h.present(forItself, h.assertion("robot", func(c map[string]any) { c["jti"], c["nbf"] = secrets["jti"], 1e12 }))
	abuse(h, b, secrets)
	log := h.log.String()
	for name, secret := range secrets {
		for _, form := range []string{secret, url.QueryEscape(secret)} {
			if secret == "" || strings.Contains(log, form) {
				t.Errorf("the log holds the %s", name)
			}
		}
	}
	for _, prefix := range []string{keys.PrefixAccessToken, keys.PrefixCode, keys.PrefixClientSecret, "eyJ"} {
		if strings.Contains(log, prefix) {
			t.Errorf("the log holds something that begins with %s", prefix)
		}
	}
	if strings.Count(log, "\n") < 20 {
		t.Error("the log was not looked at")
	}
}

// abuse sends each secret to every place where it does not belong.
func abuse(h *house, b *browser, secrets map[string]string) {
	for _, secret := range secrets {
		for name := range authorization() {
			b.authorize(authorization(name, secret))
		}
		for _, name := range []string{"prompt", "max_age", "id_token_hint", "claims", "request", "response_mode",
			secret} {
			q := authorization(name, secret)
			b.authorize(q)
			q.Add(name, secret)
			b.authorize(q)
		}
		form := redemption(secret)
		h.token(webID, form)
		for _, name := range []string{"grant_type", "client_id", "code_verifier", "client_assertion", secret} {
			form.Set(name, secret)
			h.do(formRequest(oauth.PathToken, form))
			form.Add(name, secret)
			h.do(formRequest(oauth.PathToken, form))
		}
		r := formRequest(oauth.PathToken+"?code="+secret, form)
		basic(r, secret+":"+secret)
		h.do(r)
		h.userinfo(secret)
		h.get(oauth.PathUserinfo + "?access_token=" + secret)
		b.get(authorize.PathFlow + "/" + url.PathEscape(secret))
		b.get(authorize.PathFlow + "/" + url.PathEscape(secret) + "/" + url.PathEscape(secret))
		h.do(httptest.NewRequest("GET", oauth.PathToken+"/"+url.PathEscape(secret), nil))
	}
}
