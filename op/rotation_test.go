package op

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/keys"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/policy"

	"github.com/go-jose/go-jose/v4"
)

func (h *house) tick() {
	h.t.Helper()
	if err := h.ring.Tick(context.Background(), h.clock.now()); err != nil {
		h.t.Fatal(err)
	}
}

func TestASessionKeepsItsSIDAndItsCookiesWhenEveryKeyIsReplaced(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.IDTokenSignedResponseAlg = "ES256" })
	set := must(h.store.Keys.Load(context.Background()))
	h.clock.add(set.SigningKeys[0].Activated.Sub(h.clock.now()) + 85*24*time.Hour)
	b := h.browser()
	before := b.tokens(authorization())
	h.clock.add(4 * 24 * time.Hour)
	h.clock.add(time.Hour)
	h.tick() // publishes
	h.clock.add(25 * time.Hour)
	h.tick() // replaces signing keys and data keys
	after := b.tokens(authorization("prompt", "none"))
	kid := func(token string) string {
		return must(jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})).Signatures[0].Header.KeyID
	}
	if kid(before.IDToken) == kid(after.IDToken) {
		t.Fatal("nothing was replaced")
	}
	if x, y := h.claims(before)["sid"], h.claims(after)["sid"]; x != y || x == "" {
		t.Errorf("sid was %v, is %v", x, y)
	}
	if subject, ok := h.op.authorize.Tokens.HintedSubject(webID, before.IDToken); !ok || subject != h.ada.Subject() {
		t.Error("the ID token of before is no hint any more")
	}
}

// A key signs only after every copy of the key set that may still be kept holds it.
func TestANewKeyIsServedBeforeItSigns(t *testing.T) {
	h := newHouse(t)
	must(h.ring.Rotate(context.Background(), storage.Operator, keys.ES256))
	set := decoded[jose.JSONWebKeySet](t, h.get(oauth.PathJWKS))
	if len(set.Keys) != 3 {
		t.Fatalf("%d keys are served", len(set.Keys))
	}
	if cache := h.get(oauth.PathJWKS).Header.Get("Cache-Control"); !strings.HasSuffix(cache, "max-age=300") {
		t.Fatalf("the key set may be kept for %s", cache)
	}
	sign := func() string { return must(h.ring.Sign(context.Background(), keys.ES256, "JWT", struct{}{})) }
	first := sign()
	h.clock.add(300 * time.Second)
	h.tick()
	if strings.Split(sign(), ".")[0] != strings.Split(first, ".")[0] {
		t.Error("it signs while a copy without it may be kept")
	}
	h.clock.add(300 * time.Second)
	h.tick()
	if strings.Split(sign(), ".")[0] == strings.Split(first, ".")[0] {
		t.Error("it never signs")
	}
	for _, token := range []string{first, sign()} {
		jws := must(jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256}))
		if _, err := jws.Verify(set); err != nil {
			t.Error(err)
		}
	}
}

func TestRefreshTokensOutliveTheKeysTheyWereMadeUnder(t *testing.T) {
	h, _, v := refreshable(t)
	set := must(h.store.Settings.Get(context.Background()))
	set.KeyRotation = new(uint32(policy.RotationLeast))
	if err := h.store.Settings.Set(context.Background(), storage.Operator, set); err != nil {
		t.Fatal(err)
	}
	made := h.ring.CurrentKey(keys.PurposeRefresh)
	for range 15 { // twenty days each: to the last but one of its year
		h.clock.add(20 * 24 * time.Hour)
		h.tick()
		h.tick()
		next, _ := h.token(webID, refresh(v.RefreshToken))
		if next.Status != http.StatusOK || h.userinfo(next.AccessToken).StatusCode != http.StatusOK {
			t.Fatalf("%+v", next)
		}
		v = next
	}
	if h.ring.CurrentKey(keys.PurposeRefresh) == made {
		t.Fatal("nothing was replaced")
	}
	must(h.ring.Discard(context.Background(), storage.Operator, ""))
	if out, _ := h.token(webID, refresh(v.RefreshToken)); out.Error != "invalid_grant" {
		t.Errorf("with a leaked key: %+v", out)
	}
	if resp := h.userinfo(v.AccessToken); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("an access token under a leaked key: %d", resp.StatusCode)
	}
}

func TestACodeOfBeforeALeakedKeyIsRefusedAsInvalidGrant(t *testing.T) {
	h, b, _ := refreshable(t)
	code := b.login(authorization("scope", "openid offline_access")).code()
	must(h.ring.Discard(context.Background(), storage.Operator, ""))
	if out, resp := h.token(webID, redemption(code)); resp.StatusCode != http.StatusBadRequest ||
		out.Error != "invalid_grant" {
		t.Errorf("%d %+v", resp.StatusCode, out)
	}
}
