package op

import (
	"strings"
	"testing"

	"latchkey/op/oauth"
)

func TestAScopeThatIsNearlyOpenIDIsSaidToBeSo(t *testing.T) {
	for scope, near := range map[string]bool{"openid": false, "OpenID": true, "open_id": true, "open-id": true,
		"openId":  true,
		"openid2": false, "profile": false, "": false} {
		if oauth.NearOpenID(scope) != near {
			t.Errorf("%q: %v", scope, !near)
		}
	}
	h := newHouse(t)
	a := h.browser().authorize(authorization("scope", "OpenID"))
	wantFault(t, a, "invalid_scope")
	if text := a.params.Get("error_description"); text != "the scope is spelled openid: scopes are compared letter by letter" {
		t.Errorf("%q", text)
	}
}

// Beside other scopes it is no error: the app gets a code, and no ID token for it.
func TestTheLogSaysThatAScopeIsNearlyOpenID(t *testing.T) {
	h := newHouse(t)
	for scope, near := range map[string]bool{"openID": true, "phone": false} {
		h.log.reset()
		if v := h.browser().tokens(authorization("scope", scope+" email")); near &&
			(v.Scope != "email" || v.IDToken != "") {
			t.Errorf("%s: %+v", scope, v)
		}
		hint := strings.Contains(h.log.String(),
			`"hint":"the scope is spelled openid: without it there is no ID token"`)
		if hint != near || near && !strings.Contains(h.log.String(), `"dropped_scopes":"openID"`) {
			t.Errorf("%s: %s", scope, h.log)
		}
	}
}
