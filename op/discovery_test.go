package op

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"latchkey/keys"
	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/storage/policy"

	"github.com/go-jose/go-jose/v4"
)

func TestDiscoveryNamesWhatIsSwitchedOnAndNothingElse(t *testing.T) {
	h := newHouse(t)
	resp := h.get(oauth.PathDiscovery)
	golden(t, "discovery.json", indented(t, body(resp)))
	if got := body(h.get(oauth.PathMetadata)); got != body(resp) {
		t.Errorf("%s differs: %s", oauth.PathMetadata, got)
	}
}

// What discovery promises is tried: each endpoint answers, and each list matches
// what is accepted.
func TestDiscoveryKeepsItsPromises(t *testing.T) {
	h := newHouse(t)
	d := decoded[map[string]any](t, h.get(oauth.PathDiscovery))
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint",
		"end_session_endpoint", "jwks_uri"} {
		path, ok := strings.CutPrefix(d[name].(string), issuer)
		if resp := h.get(path); !ok || resp.StatusCode == http.StatusNotFound {
			t.Errorf("%s: %v, %d", name, d[name], resp.StatusCode)
		}
	}
	for _, mode := range d["response_modes_supported"].([]any) {
		a := h.browser().login(authorization("response_mode", mode.(string)))
		if wantCode(t, a); a.posted != (mode == frontchannel.ModeFormPost) {
			t.Errorf("response_mode=%s: %+v", mode, a)
		}
	}
	for _, prompt := range d["prompt_values_supported"].([]any) {
		if a := h.browser().authorize(authorization("prompt",
			prompt.(string))); a.params.Get("error") == "invalid_request" {
			t.Errorf("prompt=%s: %+v", prompt, a)
		}
	}
	for _, scope := range d["scopes_supported"].([]any) {
		if h.browser().login(authorization("scope", "openid "+scope.(string))).code() == "" {
			t.Errorf("%s is not served", scope)
		}
	}
	for _, claim := range d["claims_supported"].([]any) {
		protocol := []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "sid"}
		if !strings.Contains(allClaims(), `"`+claim.(string)+`"`) && !slices.Contains(protocol, claim.(string)) {
			t.Errorf("no claim is called %s", claim)
		}
	}
}

func TestKeySetHoldsPublicKeysOfTheEnabledAlgorithms(t *testing.T) {
	h := newHouse(t)
	resp := h.get(oauth.PathJWKS)
	var raw struct{ Keys []map[string]any }
	if err := json.Unmarshal([]byte(body(resp)), &raw); err != nil {
		t.Fatal(err)
	}
	var shapes []string
	for _, k := range raw.Keys {
		for member, v := range k {
			if slices.Contains([]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}, member) {
				t.Errorf("the private member %s is published", member)
			}
			if s, ok := v.(string); !ok || s == "" {
				t.Errorf("%s is %v", member, v)
			}
		}
		shapes = append(shapes, strings.Join([]string{k["alg"].(string), k["kty"].(string), k["use"].(string)}, " "))
	}
	if want := []string{"RS256 RSA sig", "ES256 EC sig"}; !slices.Equal(shapes, want) {
		t.Errorf("keys are %q, want %q", shapes, want)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(body(resp)), &set); err != nil || len(set.Keys) != 2 {
		t.Fatalf("%v: %v", set, err)
	}
	for _, k := range set.Keys {
		if !k.Valid() || !k.IsPublic() || k.KeyID == "" || len(set.Key(k.KeyID)) != 1 {
			t.Errorf("%s: valid %v, public %v", k.KeyID, k.Valid(), k.IsPublic())
		}
	}
}

func TestKeySetFollowsTheKeys(t *testing.T) {
	h := newHouse(t)
	before := h.get(oauth.PathJWKS)
	set := must(h.store.Keys.Load(context.Background()))
	// Another process retires a key; the ring follows, and adds its successor.
	for i := range set.SigningKeys {
		if set.SigningKeys[i].Algorithm == keys.ES256 {
			set.SigningKeys[i].State = policy.KeyRetired
		}
	}
	must(h.store.Keys.Replace(context.Background(), set.Epoch, set))
	if err := h.ring.Reload(context.Background()); err != nil {
		t.Fatal(err)
	}
	after := h.get(oauth.PathJWKS)
	if n := len(decoded[struct{ Keys []any }](t, after).Keys); n != 3 ||
		after.Header.Get("Etag") == before.Header.Get("Etag") {
		t.Errorf("%d keys, entity tags %s and %s", n, before.Header.Get("Etag"), after.Header.Get("Etag"))
	}
}

func TestPublicDocumentsAreCachedAndComparedByEntityTag(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{oauth.PathDiscovery, oauth.PathMetadata, oauth.PathJWKS} {
		resp := h.get(path)
		tag := resp.Header.Get("Etag")
		if resp.StatusCode != 200 || tag == "" || resp.Header.Get("Cache-Control") != "public, max-age=300" ||
			resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v", path, resp.StatusCode, resp.Header)
		}
		again := httptest.NewRequest(http.MethodGet, path, nil)
		again.Header.Set("If-None-Match", tag)
		if r := h.do(again); r.StatusCode != http.StatusNotModified || body(r) != "" || r.Header.Get("Etag") != tag {
			t.Errorf("%s again: %d %q", path, r.StatusCode, body(r))
		}
		again.Header.Set("If-None-Match", `"other"`)
		if r := h.do(again); r.StatusCode != 200 {
			t.Errorf("%s with another tag: %d", path, r.StatusCode)
		}
		head := h.do(httptest.NewRequest(http.MethodHead, path, nil))
		if head.StatusCode != 200 || head.ContentLength != int64(len(body(resp))) || body(head) != "" {
			t.Errorf("HEAD %s: %d, %d bytes", path, head.StatusCode, head.ContentLength)
		}
		if r := h.do(httptest.NewRequest(http.MethodOptions, path, nil)); r.StatusCode != http.StatusNoContent ||
			r.Header.Get("Allow") != "GET, HEAD, OPTIONS" || body(r) != "" {
			t.Errorf("OPTIONS %s: %d %v", path, r.StatusCode, r.Header)
		}
		if r := h.do(formRequest(path, nil)); r.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, r.StatusCode)
		}
	}
}

func TestIssuerIsASchemeAndAHost(t *testing.T) {
	h := newHouse(t)
	for _, bad := range []string{"", "id.example.org", "https://", "https://id.example.org/",
		"https://id.example.org/a",
		"https://id.example.org?a", "https://id.example.org#a", "https://u@id.example.org", "https://id.example.org?"} {
		if _, err := New(context.Background(),
			Options{Issuer: bad, Store: h.store, Keys: h.ring, Pages: h.pages, Sessions: fakeSessions{}}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if _, err := New(context.Background(),
		Options{Issuer: "http://localhost:8080", Store: h.store, Keys: h.ring, Pages: h.pages,
			Sessions: fakeSessions{}}); err != nil {
		t.Error(err)
	}
}
