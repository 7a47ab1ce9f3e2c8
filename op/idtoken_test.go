package op

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/keys"
	"latchkey/op/oauth"
	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"
	"latchkey/storage/policy"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// verified checks an ID token as a stranger would: by the published key set alone.
func (h *house) verified(token, alg string) map[string]any {
	h.t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(body(h.get(oauth.PathJWKS))), &set); err != nil {
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
	h.client("es", func(m *apps.Metadata) { m.IDTokenSignedResponseAlg = keys.ES256 })
	for id, alg := range map[string]string{webID: keys.RS256, "es": keys.ES256} {
		v := h.browser().tokens(authorization("client_id", id))
		c := h.verified(v.IDToken, alg)
		sum := sha256.Sum256([]byte(v.AccessToken))
		now := h.clock.now().Unix()
		for name, want := range map[string]any{"iss": issuer, "sub": h.ada.Subject(), "aud": id, "azp": id,
			"nonce": "n", "acr": userclaims.AcrPassword,
			"iat": float64(now), "exp": float64(now + 3600), "auth_time": float64(now),
			"at_hash": strictBase64.EncodeToString(sum[:16])} {
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

// idTokenUserClaims sets the policy for all.
func (h *house) idTokenUserClaims(on bool) {
	h.t.Helper()
	must(0, h.store.Settings.Change(context.Background(), storage.Operator,
		[]policy.SettingChange{{Name: "id_token_user_claims", Value: []byte(strconv.FormatBool(on))}}))
}

// Many programs never call userinfo. A client's own choice counts more than that for all.
func TestClaimsOfGrantedScopesAreInTheIDTokenUnlessASettingOrTheClientSaysOtherwise(t *testing.T) {
	h := newHouse(t)
	h.join(h.group("Staff"), h.ada, true)
	b := h.browser()
	for _, forAll := range []bool{true, false} {
		h.idTokenUserClaims(forAll)
		for _, own := range []*bool{nil, new(true), new(false)} {
			h.change(webID, func(m *apps.Metadata) { m.IDTokenUserClaims = own })
			c := h.claims(b.tokens(authorization("scope", "openid profile email groups")))
			want := []any{nil, nil, nil, nil}
			if own == nil && forAll || own != nil && *own {
				want = []any{"ada@example.org", false, "ada", []any{"Staff"}}
			}
			if got := []any{c["email"], c["email_verified"], c["preferred_username"],
				c["groups"]}; !reflect.DeepEqual(got, want) {
				t.Errorf("setting %v, client %v: %v", forAll, own, got)
			}
		}
	}
	h.idTokenUserClaims(true)
	h.change(webID, func(m *apps.Metadata) { m.IDTokenUserClaims = nil })
	if c := h.claims(b.tokens(authorization("scope", "openid"))); c["email"] != nil || c["groups"] != nil ||
		c["preferred_username"] != nil {
		t.Errorf("of scopes that were not granted: %v", c)
	}
}

// Whoever is given an address alone takes it for verified.
func TestAContactNeverComesWithoutWhetherItIsVerified(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	b.user = h.grace()
	const ask = `{"userinfo":{"email":null,"phone_number":null},"id_token":{"email":null,"phone_number":null}}`
	v := b.tokens(authorization("scope", "openid", "claims", ask))
	for where, c := range map[string]map[string]any{"ID token": h.claims(v), "userinfo": h.claimsOf(v.AccessToken)} {
		if c["email"] != "grace@example.org" || c["email_verified"] != true || c["phone_number_verified"] != true {
			t.Errorf("%s: %v", where, c)
		}
	}
}

func TestAScopeNarrowedAwayAtRefreshIsNotInTheIDTokenEither(t *testing.T) {
	h, _, v := refreshable(t)
	if c := h.claims(v); c["email"] == nil || c["preferred_username"] == nil {
		t.Fatalf("%v", c)
	}
	out, _ := h.token(webID, refresh(v.RefreshToken, "scope", "openid email"))
	if c := h.claims(out); c["email"] == nil || c["preferred_username"] != nil {
		t.Errorf("%v", c)
	}
}

// Programs keep ID tokens in cookies and send them in addresses, as id_token_hint.
func TestAnIDTokenStaysUnder4KBAndWhatIsLeftOutIsAtUserinfo(t *testing.T) {
	long := strings.Repeat("é", 256) // as long as a claim may be
	wide := people.Address{Formatted: long, StreetAddress: long, Locality: long, Region: long, PostalCode: long,
		Country: long}
	all := people.Profile{Name: long, GivenName: long, FamilyName: long, MiddleName: long, Nickname: long, Gender: long,
		Website: "https://a.example/" + strings.Repeat("x", 494), PhoneNumber: long, Address: wide}
	for what, c := range map[string]struct {
		groups  int
		profile people.Profile
		left    []string
	}{
		"little": {3, people.Profile{Name: "Ada"}, nil},
		"many groups": {50, people.Profile{Name: "Ada", Address: people.Address{Country: "GB"}},
			[]string{"groups"}},
		"a long address":           {0, people.Profile{Name: "Ada", Address: wide}, []string{"groups", "address"}},
		"everything as it is most": {50, all, []string{"groups", "address", "website"}},
	} {
		h := newHouse(t)
		b := h.browser()
		b.user = h.user(people.User{Username: "grace", Email: "grace@example.org", Profile: c.profile})
		for i := range c.groups {
			h.join(h.group(fmt.Sprintf("A group with a name of some length %02d", i)), b.user, true)
		}
		h.log.reset()
		v := b.tokens(authorization("scope", "openid profile email address phone groups", "nonce",
			strings.Repeat("n", longestNonce)))
		if len(v.IDToken) >= 4096 {
			t.Errorf("%s: an ID token of %d bytes", what, len(v.IDToken))
		}
		id, info := h.claims(v), h.claimsOf(v.AccessToken)
		for name := range info {
			if _, has := id[name]; !has && (c.left == nil || !strings.Contains(h.log.String(), "id_token_left_out")) {
				t.Errorf("%s: %s is left out, and the log does not say so", what, name)
			}
		}
		for _, name := range c.left {
			if id[name] != nil || info[name] == nil {
				t.Errorf("%s: %s is in the ID token, or not at userinfo", what, name)
			}
		}
		if id["email"] == nil || id["email_verified"] == nil || c.left == nil && id["groups"] == nil ||
			len(c.left) == 1 && id["address"] == nil {
			t.Errorf("%s: %v", what, id)
		}
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
	one, again, other := h.claims(b.tokens(authorization())), h.claims(b.tokens(authorization())),
		h.claims(b.tokens(authorization("client_id", "other")))
	elsewhere := h.claims(h.browser().tokens(authorization()))
	if one["sid"] != again["sid"] || one["sid"] == other["sid"] || one["sid"] == elsewhere["sid"] ||
		len(one["sid"].(string)) < 22 {
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
