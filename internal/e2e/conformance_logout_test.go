package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

var logoutProfile = []struct {
	property string
	try      func(*testing.T, *party)
}{
	{"a good request signs out and comes back with its state", func(t *testing.T, p *party) {
		hint := p.login().ID
		state := strings.Repeat("s", 128)
		for _, post := range []bool{false, true} {
			a := p.endSession(post, "id_token_hint", hint, "post_logout_redirect_uri", partyBye, "state", state)
			if a.uri != partyBye || len(a.params) != 1 || a.params.Get("state") != state {
				t.Errorf("arrived at %+v", a)
			}
			p.refused(p.authorize("prompt", "none"), "login_required")
			hint = p.login().ID
		}
	}},
	{"without state none comes back", func(t *testing.T, p *party) {
		a := p.endSession(false, "id_token_hint", p.login().ID, "post_logout_redirect_uri", partyBye)
		if a.uri != partyBye || len(a.params) != 0 {
			t.Errorf("arrived at %+v", a)
		}
		p.refused(p.authorize("prompt", "none"), "login_required")
	}},
	{"without an address nobody is sent anywhere, and signed out", func(t *testing.T, p *party) {
		for _, params := range [][]string{nil, {"state", "s"}, {"client_id", p.client.ID}, {"id_token_hint", "", "state", "s"}} {
			hint := p.login().ID
			if params != nil && params[0] == "id_token_hint" {
				params[1] = hint
			}
			wantPage(t, p.endSession(false, params...), http.StatusOK)
			p.refused(p.authorize("prompt", "none"), "login_required")
		}
	}},
	{"a wrong request is a page, and nobody is signed out", func(t *testing.T, p *party) {
		hint := p.login().ID
		signature := strings.LastIndexByte(hint, '.') + 1
		forged := hint[:signature] + "AAAA" + hint[signature+4:]
		for name, params := range map[string][]string{
			"an address that is not registered": {"id_token_hint", hint, "post_logout_redirect_uri", "https://rp.example/other"},
			"a query added to the address":      {"id_token_hint", hint, "post_logout_redirect_uri", partyBye + "?x=1"},
			"an unsigned hint":                  {"id_token_hint", unsigned(hint), "post_logout_redirect_uri", partyBye},
			"a hint with another signature":     {"id_token_hint", forged, "post_logout_redirect_uri", partyBye},
			"no hint":                           {"post_logout_redirect_uri", partyBye, "state", "s"},
			"a hint and another client":         {"id_token_hint", hint, "client_id", "other", "post_logout_redirect_uri", partyBye},
		} {
			a := p.endSession(false, params...)
			says := "not set up correctly"
			if strings.Contains(name, "address") { // with a good hint: who asks is known
				says = "You are still signed in"
			}
			if a.uri != "" || a.status != http.StatusBadRequest || !strings.Contains(a.title, says) {
				t.Errorf("%s: arrived at %+v", name, a)
			}
		}
		if p.login(); p.person.signIns != 0 {
			t.Error("signed out")
		}
	}},
}

// endSession asks to be signed out; a person who is asked says yes.
func (p *party) endSession(post bool, params ...string) arrival {
	p.t.Helper()
	q := url.Values{}
	for i := 0; i < len(params); i += 2 {
		q.Set(params[i], params[i+1])
	}
	if post {
		return p.person.visit(p.endpoint("end_session_endpoint"), q)
	}
	return p.person.visit(p.endpoint("end_session_endpoint")+"?"+q.Encode(), nil)
}
