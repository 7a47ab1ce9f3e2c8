package op

import (
	"path/filepath"
	"testing"

	"latchkey/op/authorize"
	"latchkey/op/oauth"
	"latchkey/storage/bolt"
)

// What costs a commit, counted on the engine that syncs a file for each.
func TestCommitsAreAsFewAsTheyCanBe(t *testing.T) {
	h := newHouseOn(t, must(bolt.Open(filepath.Join(t.TempDir(), "data"), bolt.Options{})))
	b := h.signedIn()
	count := func(name string, want uint64, do func()) {
		t.Helper()
		before := h.commits()
		if do(); h.commits()-before != want {
			t.Errorf("%s: %d commits, want %d", name, h.commits()-before, want)
		}
	}
	var v tokenAnswer
	count("code flow on a session with remembered consent", 2, func() { v = b.tokens(authorization()) })
	count("userinfo", 0, func() { h.claimsOf(v.AccessToken) })
	count("userinfo, refused", 0, func() { h.userinfo("x") })
	count("anonymous authorize", 0, func() {
		wantStep(t, h.browser().authorize(authorization()),
			authorize.PathSignIn)
	})
	count("authorize by POST", 0, func() { h.do(formRequest(oauth.PathAuthorize, authorization())) })
	count("authorize, refused", 0, func() { b.authorize(authorization("scope", "")) })
	count("authorize, silently refused", 0, func() { h.browser().authorize(authorization("prompt", "none")) })
	count("a flow's pages", 0, func() {
		a := b.authorize(authorization("prompt",
			"consent"))
		b.look(a)
		b.get(flowAt(flowID(a)))
	})
	count("token, refused", 0, func() { h.token(webID, redemption("lk_ac_x")) })
	count("end of a session, refused or asked about", 0, func() { b.endSession("client_id", "nobody"); b.endSession() })
	count("discovery and keys", 0, func() { h.get(oauth.PathDiscovery); h.get(oauth.PathJWKS) })
	count("end of a session, by its hint", 1, func() { b.endSession("id_token_hint", v.IDToken) })
	count("end of a session that is over", 0, func() { b.endSession("id_token_hint", v.IDToken) })
}
