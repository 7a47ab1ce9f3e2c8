package op

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// What a developer may mend is told to who is proven to be the app, in words of its own.
func TestAnAppIsToldWhatIsWrongWithItsOwnCode(t *testing.T) {
	h := newHouse(t)
	h.client("other", func(*apps.Metadata) {})
	for want, c := range map[string]struct {
		ask    []string
		client string
		change func(url.Values)
	}{
		"redirect_uri must be the one of the authorization request": {nil, webID,
			func(f url.Values) { f.Set("redirect_uri", callback+"/") }},
		"code_verifier is missing": {nil, webID,
			func(f url.Values) { f.Del("code_verifier") }},
		"code_verifier does not match": {nil, webID,
			func(f url.Values) { f.Set("code_verifier", strings.Repeat("w", 43)) }},
		"code_verifier must be 43": {nil, webID,
			func(f url.Values) { f.Set("code_verifier", "w") }},
		"the code was used before": {nil, webID,
			func(f url.Values) { h.token(webID, f) }},
		"used before and code_verifier": {nil, webID,
			func(f url.Values) { h.token(webID, f); f.Del("code_verifier") }},
		"the code is too old": {nil, webID,
			func(url.Values) { h.clock.add(time.Hour) }},
		"the code is not valid: it is unknown, another client's": {nil, "other",
			func(f url.Values) { f.Set("redirect_uri", "x") }},
		"had no code_challenge": {[]string{"code_challenge", "",
			"code_challenge_method", ""}, webID, func(url.Values) {}},
	} {
		form := redemption(h.browser().login(authorization(c.ask...)).code())
		c.change(form)
		v, _ := h.token(c.client, form)
		if v.Status != http.StatusBadRequest || v.Error != "invalid_grant" || !strings.Contains(v.Description, want) {
			t.Errorf("%s: %+v", want, v)
		}
	}
}

func TestAStolenRefreshTokenIsAWarningThatNamesWhom(t *testing.T) {
	h, _, first := refreshable(t)
	second, _ := h.token(webID, refresh(first.RefreshToken))
	h.token(webID, refresh(second.RefreshToken))
	h.log.reset()
	v, _ := h.token(webID, refresh(first.RefreshToken))
	if !strings.Contains(v.Description, "keep the newest refresh token") {
		t.Errorf("%+v", v)
	}
	for _, want := range []string{`"level":"WARN"`, `"client_id":"` + webID + `"`,
		`"sub":"` + h.ada.Subject() + `"`, `"cause":"refresh token used before`, `"grant_type":"refresh_token"`} {
		if !strings.Contains(h.log.String(), want) {
			t.Errorf("no %s in %s", want, h.log.String())
		}
	}
	h.log.reset()
	h.userinfo(second.AccessToken)
	if got := h.log.String(); !strings.Contains(got, `"level":"INFO"`) || !strings.Contains(got, h.ada.Subject()) ||
		!strings.Contains(got, "revoked") {
		t.Error(got)
	}
}

// Whoever is wrong by a slash all but knows what is registered. Others hear nothing of it.
func TestARedirectURIThatIsAlmostRightIsToldByHowMuch(t *testing.T) {
	registered := []string{"https://app.example/cb", "http://127.0.0.1:9000/cb?x=1"}
	for sent, want := range map[string]string{
		"https://app.example/cb/":        "the slash at its end",
		"http://app.example/cb":          "http and https",
		"https://APP.example/cb":         "upper and lower case",
		"https://app.example/cb?next=1":  "its query",
		"https://app.example:8443/cb":    "its port",
		"http://localhost:9000/cb?x=1":   "localhost and 127.0.0.1",
		"http://localhost:8000/cb?x=1":   "its port, and by localhost and 127.0.0.1",
		"https://app.example/":           "",
		"https://app.example/callback":   "",
		"https://app.example.evil/cb":    "",
		"https://user@app.example/cb":    "",
		"https://app.example/cb/#top":    "",
		"http://app.example:8443/cb":     "",
		"//":                             "",
		"https://app.example\x00/cb":     "",
		"javascript:https://app.example": "",
	} {
		got := frontchannel.NearRegistered(registered, sent)
		if want == "" && got != "" || want != "" &&
			!strings.HasPrefix(got, "; a registered one differs only by "+want) {
			t.Errorf("%s: %q", sent, got)
		}
	}
}

// An access token that is over tells the log whose it was, be it by its time or not.
func TestTheLogSaysWhoseAnAccessTokenWasThatIsOver(t *testing.T) {
	for name, end := range map[string]func(h *house, v tokenAnswer){
		"expired": func(h *house, _ tokenAnswer) { h.clock.add(2 * time.Hour) },
		"revoked": func(h *house, v tokenAnswer) { h.ask(oauth.PathRevocation, webID, v.AccessToken) },
	} {
		h, _, v := refreshable(t)
		end(h, v)
		h.log.reset()
		h.userinfo(v.AccessToken)
		if log := h.log.String(); !strings.Contains(log, `"client_id":"`+webID+`"`) ||
			!strings.Contains(log, `"sub":"`+h.ada.Subject()+`"`) {
			t.Errorf("%s: %s", name, log)
		}
	}
}

// Another client's token, whatever became of it, is another client's: whoever presents
// it hears no more, and the log says who it was.
func TestAStrangerHearsNothingOfAnothersToken(t *testing.T) {
	for name, change := range map[string]func(h *house, v tokenAnswer){
		"in use":  func(*house, tokenAnswer) {},
		"idle":    func(h *house, _ tokenAnswer) { h.clock.add(40 * 24 * time.Hour) },
		"expired": func(h *house, _ tokenAnswer) { h.clock.add(400 * 24 * time.Hour) },
		"used":    func(h *house, v tokenAnswer) { h.token(webID, refresh(v.RefreshToken)) },
		"revoked": func(h *house, v tokenAnswer) { h.ask(oauth.PathRevocation, webID, v.RefreshToken) },
		"disabled": func(h *house, _ tokenAnswer) {
			must(h.store.Users.Disable(context.Background(), storage.Operator, h.ada.ID))
		},
	} {
		h, _, v := refreshable(t)
		h.client("thief", refreshing)
		change(h, v)
		h.log.reset()
		got, _ := h.token("thief", refresh(v.RefreshToken))
		if want := "the refresh token is not valid: it is unknown, another client's, or ended, as by a sign-out or an older refresh token: have the user sign in again"; got.Error != "invalid_grant" || got.Description != want {
			t.Errorf("%s: %+v", name, got)
		}
		if log := h.log.String(); !strings.Contains(log, `"client_id":"thief"`) ||
			strings.Contains(log, h.ada.Subject()) {
			t.Errorf("%s: %s", name, log)
		}
	}
}

// Anybody may say that they are a public client. Whoever has its code and not the
// verifier does not hear what became of the code; the log does.
func TestAThiefOfAPublicClientsCodeHearsNothingOfWhatBecameOfIt(t *testing.T) {
	for name, change := range map[string]func(h *house, form url.Values){
		"fresh":   func(*house, url.Values) {},
		"used":    func(h *house, form url.Values) { h.token("public", form) },
		"expired": func(h *house, _ url.Values) { h.clock.add(time.Hour) },
		"disabled": func(h *house, _ url.Values) {
			must(h.store.Users.Disable(context.Background(), storage.Operator, h.ada.ID))
		},
	} {
		h := newHouse(t)
		h.client("public", func(m *apps.Metadata) { m.TokenEndpointAuthMethod = apps.AuthMethodNone })
		form := redemption(h.browser().login(authorization("client_id", "public")).code())
		form.Set("client_id", "public")
		change(h, form)
		form.Set("code_verifier", strings.Repeat("w", 43))
		if got, _ := h.token("public", form); !strings.HasPrefix(got.Description, "code_verifier does not match") {
			t.Errorf("%s: %+v", name, got)
		}
		form.Del("code_verifier")
		h.log.reset()
		if got, _ := h.token("public", form); !strings.HasPrefix(got.Description, "code_verifier is missing: the") {
			t.Errorf("%s, without verifier: %+v", name, got)
		}
		if said := strings.Contains(h.log.String(),
			`"cause":"`+grants.RefusedUsedNoVerifier+`"`); said != (name == "used") {
			t.Errorf("%s: the log says %s", name, h.log)
		}
	}
}

// A refresh token of before is theft whatever it is asked for: no mistake on purpose
// finds out whether its grant is alive without ending it.
func TestAStolenRefreshTokenIsNotTriedOutByAWrongQuestion(t *testing.T) {
	for name, change := range map[string]func(url.Values){
		"a scope that was not granted": func(f url.Values) { f.Set("scope", "address") },
		"a resource of nobody":         func(f url.Values) { f.Set("resource", "https://nobody.example") },
	} {
		h, _, first := refreshable(t)
		second, _ := h.token(webID, refresh(first.RefreshToken))
		third, _ := h.token(webID, refresh(second.RefreshToken))
		form := refresh(first.RefreshToken)
		change(form)
		if v, _ := h.token(webID, form); v.Error != "invalid_grant" {
			t.Errorf("%s: %+v", name, v)
		}
		if v, _ := h.token(webID, refresh(third.RefreshToken)); v.Error != "invalid_grant" {
			t.Errorf("%s: the grant lives on: %+v", name, v)
		}
	}
}
