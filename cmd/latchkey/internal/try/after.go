package try

import (
	"crypto/rand"
	"net/http"
)

// refresh uses the refresh token of a finished flow (RFC 6749 section 6, OpenID
// Connect Core section 12).
func (a *App) refresh(w http.ResponseWriter, r *http.Request) {
	f, known := a.take(r.URL.Query().Get("on"))
	v := view{Title: "3. New tokens, without the user", Lead: "Stopped: an app must not go on from here."}
	status := http.StatusBadRequest
	if !known {
		v.Lead = "This was done already. The app has kept nothing more of it."
	} else {
		var good bool
		if v.Steps, good = a.refreshed(r, &f); good {
			status, v.Lead = http.StatusOK,
				"The app has new tokens. The refresh token it used is over; it keeps the new one."
		} else {
			status = http.StatusBadGateway
		}
	}
	v.Links = a.onward(f, status)
	show(w, status, v)
}

func (a *App) refreshed(r *http.Request, f *flow) ([]step, bool) {
	var got tokens
	rows := []row{{"grant_type", "refresh_token", ""}, {"refresh_token", f.got.Refresh, ""}}
	steps, ok := a.token(r.Context(), nil, rows, f, &got)
	if !ok {
		return steps, false
	}
	if got.Refresh == "" { // section 6: then the old one goes on
		got.Refresh = f.got.Refresh
	}
	if got.ID == "" {
		got.ID = f.got.ID
		f.got = got
		return steps, true
	}
	claims, verified := a.verify(r.Context(), got.ID, f.nonce, true)
	last := &verified[len(verified)-1]
	last.check(claims["sub"] == f.sub, "sub is the one from before", "sub is not the one from before")
	f.got = got
	return append(steps, verified...), last.good()
}

// signOut shows the logout request before the browser is sent with it (OpenID
// Connect RP-Initiated Logout section 2).
func (a *App) signOut(w http.ResponseWriter, r *http.Request) {
	f, known := a.take(r.URL.Query().Get("on"))
	if !known {
		show(w, http.StatusBadRequest, view{Title: "4. Sign out", Lead: "This was done already.",
			Links: a.onward(f, http.StatusBadRequest)})
		return
	}
	state := rand.Text()
	a.remember(state, flow{began: a.Now()})
	rows := []row{{"id_token_hint", f.got.ID, ""}, {"client_id", a.clientID, ""},
		{"post_logout_redirect_uri", a.url(pathSignedOut), ""}, {"state", state, ""}}
	to := a.provider.EndSession + "?" + explain(rows).Encode()
	show(w, http.StatusOK, view{
		Title: "4. The logout request", Lead: "The app forgets its tokens, and sends your browser to the provider to sign you out there.",
		Steps: []step{{Title: "Where to", Text: a.provider.EndSession}, {Title: "With these parameters", Rows: rows}},
		Links: []link{{"next", to, "Send the browser there"}},
	})
}

// signedOut is where the provider returns the browser.
func (a *App) signedOut(w http.ResponseWriter, r *http.Request) {
	state := r.URL.Query().Get("state")
	_, known := a.take(state)
	back := step{Title: "The answer", Rows: []row{{"state", state, meaning["state"]}}}
	back.check(known, "state is one that this app sent", "state is not one that this app waits for")
	v, status := view{Title: "5. Signed out", Lead: "The provider sent your browser back.", Steps: []step{back}},
		http.StatusOK
	if !known {
		v.Lead, status = "Nobody was signed out by this app just now.", http.StatusBadRequest
	}
	v.Links = []link{{"next", "/", "Once more"}}
	show(w, status, v)
}
