package try

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// tokens is a token answer (RFC 6749 section 5.1).
type tokens struct {
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
	Scope   string `json:"scope"` // empty: all that was asked for
}

// redeem goes from the code to the claims, adding a step for each message.
func (a *App) redeem(ctx context.Context, steps []step, f *flow, code string) ([]step, int) {
	steps, ok := a.token(ctx, steps, []row{{"grant_type", "authorization_code", ""}, {"code", code, ""},
		{"redirect_uri", a.url(pathCallback), ""}, {"code_verifier", f.verifier, ""}}, f, &f.got)
	if !ok {
		return steps, http.StatusBadGateway
	}
	claims, verified := a.verify(ctx, f.got.ID, f.nonce, false)
	steps = append(steps, verified...)
	if !verified[len(verified)-1].good() {
		return steps, http.StatusBadGateway
	}
	var user map[string]any
	userinfo, ok := a.exchange("Userinfo", "What the user allowed the app to know, at "+a.provider.Userinfo+".",
		func() (*http.Request, error) {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.provider.Userinfo, nil)
			if err == nil {
				r.Header.Set("Authorization", "Bearer "+f.got.Access)
			}
			return r, err
		}, &user)
	// OpenID Connect Core section 5.3.2: else they may be another user's claims.
	userinfo.check(ok && user["sub"] == claims["sub"], "sub is the one in the ID token",
		"sub is not the one in the ID token")
	steps, f.sub = append(steps, userinfo), claims["sub"]
	if !userinfo.good() {
		return steps, http.StatusBadGateway
	}
	return steps, http.StatusOK
}

// token sends a token request (RFC 6749 section 3.2) and shows both sides.
func (a *App) token(ctx context.Context, steps []step, rows []row, f *flow, got *tokens) ([]step, bool) {
	form := explain(rows)
	request := step{Title: "The token request",
		Text: "POST " + a.provider.Token + ", from the app's server, not from the browser.",
		Rows: append([]row{{"Authorization", "Basic: " + a.clientID + " and the client secret",
			"proves that it is this client (client_secret_basic)"}}, rows...)}
	answer, ok := a.exchange("The token answer", "", func() (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.provider.Token, strings.NewReader(form.Encode()))
		if err == nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.SetBasicAuth(url.QueryEscape(a.clientID), url.QueryEscape(a.clientSecret)) // RFC 6749 section 2.3.1
		}
		return r, err
	}, got)
	if ok && got.Scope != "" {
		answer.Text = leftOut(f.scope, got.Scope)
		f.scope = got.Scope
	}
	return append(steps, request, answer), ok
}

// leftOut says which scopes of those asked for were not given; "": all were.
func leftOut(asked, given string) string {
	have := strings.Fields(given)
	missing := slices.DeleteFunc(strings.Fields(asked), func(s string) bool { return slices.Contains(have, s) })
	if len(missing) == 0 {
		return ""
	}
	return "These scopes are left out: " + strings.Join(missing, " ") +
		". The client may not ask for them (the provider's log names them as dropped_scopes), or the user declined them."
}

// exchange sends a request and shows the answer, member by member.
func (a *App) exchange(title, text string, request func() (*http.Request, error), into any) (s step, ok bool) {
	s = step{Title: title, Text: text}
	r, err := request()
	if err != nil {
		s.check(false, "", err.Error())
		return s, false
	}
	status, body, err := a.send(r)
	if err != nil {
		s.check(false, "", "no answer: "+err.Error())
		return s, false
	}
	s.Rows = members(body)
	err = json.Unmarshal(body, into)
	s.check(status == http.StatusOK && err == nil, fmt.Sprintf("status %d", status), fmt.Sprintf("status %d", status))
	return s, s.good()
}

// members are an object's members by name.
func members(body []byte) (rows []row) {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		return nil
	}
	for name, value := range object {
		text := string(value)
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		rows = append(rows, row{name, text, meaning[name]})
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.Name, b.Name) })
	return rows
}
