package op

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/op/oauth"
)

// Whoever goes away in the middle of a request leaves a record, and nobody to be woken.
func TestNobodyIsWokenByACallerWhoWentAway(t *testing.T) {
	h, _, v := refreshable(t)
	withBasic := func(r *http.Request) *http.Request {
		r.SetBasicAuth(webID, h.secret)
		return r
	}
	bearing := httptest.NewRequest(http.MethodGet, oauth.PathUserinfo, nil)
	bearing.Header.Set("Authorization", "Bearer "+v.AccessToken)
	for name, r := range map[string]*http.Request{
		"discovery":     httptest.NewRequest(http.MethodGet, oauth.PathDiscovery, nil),
		"authorize":     httptest.NewRequest(http.MethodGet, authorizeURL(authorization()), nil),
		"end session":   httptest.NewRequest(http.MethodGet, oauth.PathEndSession+"?client_id="+webID, nil),
		"token":         withBasic(formRequest(oauth.PathToken, refresh(v.RefreshToken))),
		"userinfo":      bearing,
		"introspection": withBasic(formRequest(oauth.PathIntrospection, map[string][]string{"token": {v.AccessToken}})),
		"revocation":    withBasic(formRequest(oauth.PathRevocation, map[string][]string{"token": {v.AccessToken}})),
	} {
		ctx, leave := context.WithCancel(t.Context())
		leave()
		h.log.reset()
		h.do(r.WithContext(ctx))
		if got := h.log.String(); !strings.Contains(got, `"level":"INFO"`) ||
			!strings.Contains(got, `"status":499`) || strings.Count(got, "\n") != 1 {
			t.Errorf("%s: %s", name, got)
		}
	}
	if n, _ := h.token(webID, refresh(v.RefreshToken)); n.AccessToken == "" {
		t.Errorf("what nobody waited for was done: %+v", n)
	}
}
