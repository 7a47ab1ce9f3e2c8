package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// signer is the key of an app that has no secret.
type signer struct {
	kid string
	key *ecdsa.PrivateKey
}

func newSigner(t *testing.T, kid string) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{kid, key}
}

// assertion is one of RFC 7523 section 3.
func (s signer) assertion(t *testing.T, client, audience string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: s.key, KeyID: s.kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := json.Marshal(map[string]any{"iss": client, "sub": client, "aud": audience, "jti": rand.Text(), "exp": time.Now().Add(time.Minute).Unix()})
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// ownToken asks for a token of the app's own, and says with which status.
func (s *server) ownToken(assertion string) int {
	s.t.Helper()
	resp, err := http.PostForm(s.issuer+"/connect/token", url.Values{"grant_type": {"client_credentials"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}})
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestAnAppThatKeepsItsKeysAtHomeNeedsNoSecretAndNoAssertionCountsTwice(t *testing.T) {
	s := start(t)
	first, second := newSigner(t, "first"), newSigner(t, "second")
	var published atomic.Value
	publish := func(all ...signer) {
		set := jose.JSONWebKeySet{}
		for _, k := range all {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.key.Public(), KeyID: k.kid})
		}
		published.Store(set)
	}
	publish(first)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(published.Load())
	}))
	t.Cleanup(app.Close)
	client := s.addClient("--client-name", "Robot", "--grant-type", "client_credentials",
		"--token-endpoint-auth-method", "private_key_jwt", "--jwks-uri", app.URL+"/jwks")
	if client.Secret != "" {
		t.Error("it was given a secret")
	}
	used := first.assertion(t, client.ID, s.issuer)
	want := func(when, assertion string, status int) {
		t.Helper()
		if got := s.ownToken(assertion); got != status {
			t.Errorf("%s: status %d, want %d", when, got, status)
		}
	}
	want("its key", used, http.StatusOK)
	want("the assertion again", used, http.StatusBadRequest)
	want("another key", second.assertion(t, client.ID, s.issuer), http.StatusBadRequest)
	publish(first, second)
	s.kill()
	s.serve()
	want("the assertion after a power cut", used, http.StatusBadRequest)
	want("another one", first.assertion(t, client.ID, s.issuer), http.StatusOK)
	want("the key published since", second.assertion(t, client.ID, s.issuer+"/connect/token"), http.StatusOK)
}
