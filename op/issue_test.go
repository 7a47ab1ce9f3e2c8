package op

import (
	"testing"

	"latchkey/storage/apps"
)

func TestAClientsOwnLifetimesShowInItsTokens(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.AccessTokenLifetime, m.IDTokenLifetime = 120, 240 })
	v := h.browser().tokens(authorization())
	c := h.claims(v)
	if v.ExpiresIn != 120 || c["exp"].(float64)-c["iat"].(float64) != 240 {
		t.Errorf("expires_in %d, ID token %v to %v", v.ExpiresIn, c["iat"], c["exp"])
	}
	h.client("robot", func(m *apps.Metadata) { ownGrant(m); m.AccessTokenLifetime = 90 })
	if own, _ := h.token("robot", forItself); own.ExpiresIn != 90 {
		t.Errorf("%+v", own)
	}
}
