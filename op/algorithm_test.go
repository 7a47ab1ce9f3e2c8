package op

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"latchkey/keys"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/policy"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// enable switches signing algorithms on, and all others off, while running.
func (h *house) enable(algorithms ...string) {
	h.t.Helper()
	ctx := context.Background()
	set := must(h.store.Settings.Get(ctx))
	set.SigningAlgorithms = algorithms
	if err := h.store.Settings.Set(ctx, storage.Operator, set); err != nil {
		h.t.Fatal(err)
	}
	if err := h.ring.Reload(ctx); err != nil {
		h.t.Fatal(err)
	}
}

// RoundTrip lets a client library fetch from the provider without a network.
func (h *house) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

func TestIDTokensOfEveryAlgorithmVerifyWithClientLibraries(t *testing.T) {
	h := newHouse(t)
	h.enable(policy.SigningAlgorithms()...)
	ctx := oidc.ClientContext(context.Background(), &http.Client{Transport: h})
	provider := must(oidc.NewProvider(ctx, issuer))
	for _, alg := range policy.SigningAlgorithms() {
		h.change(webID, func(m *apps.Metadata) { m.IDTokenSignedResponseAlg = alg })
		tokens := h.browser().tokens(authorization())
		// The library takes from discovery which algorithms to expect.
		token, err := provider.Verifier(&oidc.Config{ClientID: webID, Now: h.clock.now}).Verify(ctx, tokens.IDToken)
		if err != nil {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		if err := token.VerifyAccessToken(tokens.AccessToken); err != nil {
			t.Errorf("%s: at_hash: %v", alg, err)
		}
		jws := must(jose.ParseSignedCompact(tokens.IDToken, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)}))
		set := decoded[jose.JSONWebKeySet](t, h.get(oauth.PathJWKS))
		if _, err := jws.Verify(set); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

func TestNoOctetKeyPairIsPublishedUnlessEdDSAIsEnabled(t *testing.T) {
	h := newHouse(t)
	h.enable(policy.SigningAlgorithms()...)
	if !strings.Contains(body(h.get(oauth.PathJWKS)), `"OKP"`) {
		t.Error("EdDSA is enabled, and no key of it is published")
	}
	h.enable("RS256", "PS256", "ES256", "ES384")
	if strings.Contains(body(h.get(oauth.PathJWKS)), `"OKP"`) {
		t.Error("EdDSA is off, and a key of it is published")
	}
}

func TestDiscoveryFollowsTheEnabledAlgorithms(t *testing.T) {
	h := newHouse(t)
	for _, enabled := range [][]string{{"RS256", "ES384", "EdDSA"}, {"RS256"},
		{"RS256", "ES256", "ES384", "EdDSA", "PS256"}} {
		h.enable(enabled...)
		d := decoded[struct {
			Algorithms []string `json:"id_token_signing_alg_values_supported"`
		}](t, h.get(oauth.PathDiscovery))
		if !slices.Equal(d.Algorithms, enabled) {
			t.Errorf("discovery says %q, enabled are %q", d.Algorithms, enabled)
		}
	}
}

func TestAClientWhoseAlgorithmIsSwitchedOffGetsNoTokenOfAnother(t *testing.T) {
	h := newHouse(t)
	h.enable("RS256", "EdDSA")
	h.change(webID, func(m *apps.Metadata) { m.IDTokenSignedResponseAlg = "EdDSA" })
	h.enable("RS256")
	a := h.browser().login(authorization())
	v, _ := h.token(webID, redemption(a.code()))
	if v.Status != http.StatusInternalServerError || v.Error != "server_error" || v.IDToken != "" ||
		v.AccessToken != "" {
		t.Errorf("%+v", v)
	}
	if log := h.log.String(); !strings.Contains(log, "EdDSA") || !strings.Contains(log, "signing_algorithms") {
		t.Errorf("the log does not say what to do: %s", log)
	}
}

// preset is the algorithm for clients that have registered none.
func (h *house) preset(alg string) {
	h.t.Helper()
	if err := h.store.Settings.Change(context.Background(), storage.Operator,
		[]policy.SettingChange{{Name: "default_signing_algorithm", Value: []byte(`"` + alg + `"`)}}); err != nil {
		h.t.Fatal(err)
	}
}

func TestAClientThatRegisteredNoAlgorithmIsSignedForAsTheSettingsSayAtOnce(t *testing.T) {
	h := newHouse(t)
	h.enable(policy.SigningAlgorithms()...)
	jwts := func(m *apps.Metadata) { m.AccessTokenFormat = apps.AccessTokenJWT }
	h.change(webID, jwts)
	h.client("robot", func(m *apps.Metadata) { ownGrant(m); jwts(m) })
	h.client("own", func(m *apps.Metadata) { m.IDTokenSignedResponseAlg = "ES384"; jwts(m) })
	for _, alg := range append([]string{"RS256"}, policy.SigningAlgorithms()...) {
		h.preset(alg)
		v := h.browser().tokens(authorization())
		if claims := h.verified(v.IDToken, alg); claims["at_hash"] != keys.HalfHash(alg, v.AccessToken) {
			t.Errorf("%s: at_hash is %v", alg, claims["at_hash"])
		}
		h.verifiedAs(v.AccessToken, alg, "at+jwt")
		if resp := h.userinfo(v.AccessToken); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: userinfo answers %d", alg, resp.StatusCode)
		}
		robot, _ := h.token("robot", forItself)
		h.verifiedAs(robot.AccessToken, alg, "at+jwt")
		own := h.browser().tokens(authorization("client_id", "own"))
		h.verified(own.IDToken, "ES384")
		h.verifiedAs(own.AccessToken, "ES384", "at+jwt")
	}
}

func TestUntilAKeyOfTheDefaultAlgorithmIsThereRS256Signs(t *testing.T) {
	h := newHouse(t)
	set := must(h.store.Settings.Get(context.Background()))
	set.SigningAlgorithms, set.DefaultSigningAlgorithm = []string{"RS256", "EdDSA"}, "EdDSA"
	if err := h.store.Settings.Set(context.Background(), storage.Operator, set); err != nil {
		t.Fatal(err)
	}
	h.verified(h.browser().tokens(authorization()).IDToken, "RS256")
	if err := h.ring.Reload(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.verified(h.browser().tokens(authorization()).IDToken, "EdDSA")
}
