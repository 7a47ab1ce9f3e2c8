package op

import "testing"

func TestAScopeThatIsNearlyOpenIDIsSaidToBeSo(t *testing.T) {
	for scope, near := range map[string]bool{"openid": false, "OpenID": true, "open_id": true, "open-id": true, "openId": true,
		"openid2": false, "profile": false, "": false} {
		if nearOpenID(scope) != near {
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
