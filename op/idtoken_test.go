package op

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"latchkey/keys"
	"latchkey/storage"
)

// verified checks an ID token as a stranger would: by the published key set alone.
func (h *house) verified(token, alg string) map[string]any {
	h.t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(body(h.get(PathJWKS))), &set); err != nil {
		h.t.Fatal(err)
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		h.t.Fatal(err)
	}
	claims := map[string]any{}
	if err := parsed.Claims(set, &claims); err != nil {
		h.t.Fatal(err)
	}
	return claims
}

// verifiedAs is verified, of a token whose header says this type.
func (h *house) verifiedAs(token, alg, typ string) map[string]any {
	h.t.Helper()
	head, _, _ := strings.Cut(token, ".")
	if got := decodedJSON(h.t, string(must(strictBase64.DecodeString(head))))["typ"]; got != typ {
		h.t.Errorf("typ is %v", got)
	}
	return h.verified(token, alg)
}

func decodedJSON(t testing.TB, raw string) map[string]any {
	t.Helper()
	v := map[string]any{}
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestIDTokensAreSignedInTheClientsAlgorithmAndVerifyByJWKS(t *testing.T) {
	h := newHouse(t)
	h.client("es", func(m *storage.Metadata) { m.IDTokenSignedResponseAlg = keys.ES256 })
	for id, alg := range map[string]string{webID: keys.RS256, "es": keys.ES256} {
		v := h.browser().tokens(authorization("client_id", id))
		c := h.verified(v.IDToken, alg)
		sum := sha256.Sum256([]byte(v.AccessToken))
		now := h.clock.now().Unix()
		for name, want := range map[string]any{"iss": issuer, "sub": h.ada.Subject(), "aud": id, "azp": id, "nonce": "n", "acr": acrPassword,
			"iat": float64(now), "exp": float64(now + 3600), "auth_time": float64(now), "at_hash": strictBase64.EncodeToString(sum[:16])} {
			if c[name] != want {
				t.Errorf("%s of %s is %v, want %v", name, id, c[name], want)
			}
		}
	}
}

func TestIDTokenClaimsAreAsTheSpecificationNamesThem(t *testing.T) {
	h := newHouse(t)
	claims := h.claims(h.browser().tokens(authorization()))
	golden(t, "idtoken.json", indented(t, withoutSecrets(string(must(json.Marshal(claims))))))
}

// Scope claims come by userinfo, unless the client cannot ask there.
func TestScopeClaimsAreInTheIDTokenOnlyForClientsThatWantThemThere(t *testing.T) {
	h := newHouse(t)
	if c := h.claims(h.browser().tokens(authorization())); c["email"] != nil || c["preferred_username"] != nil {
		t.Errorf("%v", c)
	}
	h.change(webID, func(m *storage.Metadata) { m.IDTokenUserClaims = true })
	if c := h.claims(h.browser().tokens(authorization())); c["email"] != "ada@example.org" || c["email_verified"] != false || c["preferred_username"] != "ada" {
		t.Errorf("%v", c)
	}
}

func TestWithoutNonceNoneComesBackAndWithOneItIsTheSame(t *testing.T) {
	h := newHouse(t)
	if c := h.claims(h.browser().tokens(authorization("nonce", ""))); c["nonce"] != nil {
		t.Errorf("%v", c)
	}
	for _, nonce := range []string{"a b+%2f&=", "Ünïcödé \u2028 <script>", "\x00"} {
		if c := h.claims(h.browser().tokens(authorization("nonce", nonce))); c["nonce"] != nonce {
			t.Errorf("%q came back as %q", nonce, c["nonce"])
		}
	}
}

// Two clients cannot find out by sid that they serve the same session, and one
// client can tell sessions apart.
func TestSidIsPerSessionAndClient(t *testing.T) {
	h := newHouse(t)
	h.client("other", nil)
	b := h.browser()
	one, again, other := h.claims(b.tokens(authorization())), h.claims(b.tokens(authorization())), h.claims(b.tokens(authorization("client_id", "other")))
	elsewhere := h.claims(h.browser().tokens(authorization()))
	if one["sid"] != again["sid"] || one["sid"] == other["sid"] || one["sid"] == elsewhere["sid"] || len(one["sid"].(string)) < 22 {
		t.Errorf("%v %v %v %v", one["sid"], again["sid"], other["sid"], elsewhere["sid"])
	}
}

func TestAuthTimeIsThatOfTheSession(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn()
	then := h.clock.now().Unix()
	h.clock.add(time.Hour)
	if c := h.claims(b.tokens(authorization())); c["auth_time"] != float64(then) || c["iat"] != float64(then+3600) {
		t.Errorf("%v", c)
	}
}
