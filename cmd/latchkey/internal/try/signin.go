package try

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

func (a *App) home(w http.ResponseWriter, _ *http.Request) {
	show(w, http.StatusOK, view{
		Title: "A sample app",
		Lead:  "This app signs you in with " + a.Issuer + " and shows each message that is sent on the way.",
		Steps: []step{{
			Title: "Discovery", Text: "All that an app has to know is the issuer. The rest stands at " + a.Issuer + "/.well-known/openid-configuration:",
			Rows: []row{
				{"issuer", a.provider.Issuer, "the provider's name, in every token"},
				{"authorization_endpoint", a.provider.Authorization, "where the browser is sent"},
				{"token_endpoint", a.provider.Token, "where a code becomes tokens"},
				{"userinfo_endpoint", a.provider.Userinfo, "where claims about the user are read"},
				{"jwks_uri", a.provider.JWKS, "the keys that verify ID tokens"},
			},
		}},
		Links: []link{{"next", pathStart, "Begin to sign in"}},
	})
}

// start shows the authorization request (OpenID Connect Core section 3.1.2.1)
// before the browser is sent with it.
func (a *App) start(w http.ResponseWriter, _ *http.Request) {
	state, f := rand.Text(), flow{verifier: rand.Text() + rand.Text(), nonce: rand.Text(), began: a.Now()}
	f.scope = "openid profile email"
	if a.provider.refreshes() {
		f.scope += " offline_access"
	}
	a.remember(state, f)
	challenge := sha256.Sum256([]byte(f.verifier))
	rows := []row{
		{"response_type", "code", ""}, {"client_id", a.clientID, ""}, {"redirect_uri", a.url(pathCallback), ""},
		{"scope", f.scope, ""}, {"state", state, ""}, {"nonce", f.nonce, ""},
		{"code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]), ""},
		{"code_challenge_method", "S256", ""},
	}
	to := a.provider.Authorization + "?" + explain(rows).Encode()
	show(w, http.StatusOK, view{
		Title: "1. The authorization request",
		Lead:  "The app sends your browser to the provider. Nobody but you and the provider will see your password.",
		Steps: []step{
			{Title: "Where to", Text: a.provider.Authorization},
			{Title: "With these parameters", Rows: rows},
			{Title: "Kept by the app for later", Rows: []row{{"code_verifier", f.verifier, meaning["code_verifier"]}}},
		},
		Links: []link{{"next", to, "Send the browser there"}},
	})
}

// explain fills in what parameters mean, and returns them as a query.
func explain(rows []row) url.Values {
	query := url.Values{}
	for i := range rows {
		rows[i].Means = meaning[rows[i].Name]
		query.Set(rows[i].Name, rows[i].Value)
	}
	return query
}

// callback takes the provider's answer and does the rest of a login: code, tokens,
// ID token, userinfo. It stops at the first step that an app must not pass.
func (a *App) callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f, known := a.take(q.Get("state"))
	v := view{Title: "2. The answer, and what the app makes of it"}
	var rows []row
	for _, name := range []string{"code", "state", "iss", "error", "error_description"} {
		if q.Has(name) {
			rows = append(rows, row{name, q.Get(name), meaning[name]})
		}
	}
	answer := step{Title: "The authorization response",
		Text: "The provider sent your browser back to the redirect URI.", Rows: rows}
	answer.check(known, "state is one that this app sent, and for the first time",
		"state is not one that this app waits for: perhaps the page was loaded again")
	answer.check(q.Get("iss") == a.Issuer, "iss is the issuer that was asked (RFC 9207)",
		"iss is not the issuer that was asked")
	answer.check(!q.Has("error"), "there is no error", "the provider refused: "+q.Get("error"))
	v.Steps = append(v.Steps, answer)
	status := http.StatusBadRequest
	if answer.good() {
		v.Steps, status = a.redeem(r.Context(), v.Steps, &f, q.Get("code"))
	}
	v.Lead = "Stopped: an app must not go on from here."
	if status == http.StatusOK {
		v.Lead = fmt.Sprintf("Signed in, %s after the request was made.", a.Now().Sub(f.began).Round(time.Second))
	}
	v.Links = a.onward(f, status)
	show(w, status, v)
}

// onward is what can be tried next: more only after all went well, and of that
// what the provider offers.
func (a *App) onward(f flow, status int) (links []link) {
	if status == http.StatusOK {
		on := rand.Text()
		a.remember(on, f)
		if f.got.Refresh != "" {
			links = append(links, link{"refresh", pathRefresh + "?on=" + on, "Use the refresh token"})
		}
		if a.provider.EndSession != "" {
			links = append(links, link{"sign-out", pathSignOut + "?on=" + on, "Sign out"})
		}
	}
	return append(links, link{"next", "/", "Once more"})
}
