package keys

import (
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// clientSigned is a JWT by a client's key; header adds to its header.
func clientSigned(t testing.TB, alg string, key crypto.Signer, header map[string]any) string {
	t.Helper()
	o := &jose.SignerOptions{}
	for name, v := range header {
		o = o.WithHeader(jose.HeaderKey(name), v)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: key}, o)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign([]byte(`{"sub":"web"}`))
	if err != nil {
		t.Fatal(err)
	}
	return compact(t, jws)
}

func compact(t testing.TB, jws *jose.JSONWebSignature) string {
	t.Helper()
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// clientForged is a JWT of any header and signature.
func clientForged(header string, sign func(input string) []byte) string {
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"web"}`))
	return input + "." + base64.RawURLEncoding.EncodeToString(sign(input))
}

// taken is how a JWT fares with keys; nil: it is believed.
func taken(token string, keys ClientKeys) error {
	jwt, err := ParseClientJWT(token, "client-authentication+jwt")
	if err != nil {
		return err
	}
	return jwt.Verify(keys)
}

func everyPublicKey(t testing.TB) ClientKeys {
	t.Helper()
	return parsed(t, public(RS256, "rsa"), public(ES256, "p256"), public(ES384, "p384"), public(EdDSA, "ed"))
}

func TestAClientsJWTVerifiesInEveryAlgorithmWithAndWithoutKid(t *testing.T) {
	set := everyPublicKey(t)
	kids := map[string]string{RS256: "rsa", ES256: "p256", ES384: "p384", EdDSA: "ed"}
	for alg, kid := range kids {
		for _, header := range []map[string]any{nil, {"kid": kid}, {"typ": "JWT"},
			{"typ": "client-authentication+jwt"}, {"typ": "application/JWT"}} {
			token := clientSigned(t, alg, clientSigners()[alg], header)
			if err := taken(token, set); err != nil {
				t.Errorf("%s %v: %v", alg, header, err)
			}
			jwt, _ := ParseClientJWT(token)
			if jwt.jws != nil && (jwt.Algorithm() != alg || string(jwt.Unverified()) != `{"sub":"web"}`) {
				t.Errorf("%s: %s, %s", alg, jwt.Algorithm(), jwt.Unverified())
			}
		}
	}
	if err := taken(clientSigned(t, PS256, clientSigners()[RS256], map[string]any{"kid": "rsa"}), set); err != nil {
		t.Error(err)
	}
	// Two keys of one kid, as while the one replaces the other, and none.
	two := parsed(t, public(ES256, "k"), jwk(clientSigners()[PS256].Public(), "k"), public(RS256, "k"),
		public(PS256, ""))
	for _, header := range []map[string]any{nil, {"kid": "k"}} {
		if err := taken(clientSigned(t, RS256, clientSigners()[RS256], header), two); err != nil {
			t.Errorf("%v: %v", header, err)
		}
	}
}

func TestConfusionOfAlgorithmsAndKeysHasNoWayIn(t *testing.T) {
	set := everyPublicKey(t)
	der, err := x509.MarshalPKIXPublicKey(clientSigners()[RS256].Public())
	if err != nil {
		t.Fatal(err)
	}
	var jwks struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(keySet(t, public(RS256, "rsa")), &jwks); err != nil {
		t.Fatal(err)
	}
	hs := func(key []byte) func(string) []byte {
		return func(input string) []byte {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(input))
			return mac.Sum(nil)
		}
	}
	nothing := func(string) []byte { return nil }
	other, err := algorithms[ES256].generate()
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := json.Marshal(jwk(other.Public(), "p256"))
	if err != nil {
		t.Fatal(err)
	}
	by := func(key crypto.Signer, alg string) func(string) []byte {
		return func(input string) []byte {
			s, err := algorithms[alg].sign(key, []byte(input))
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	}
	p256 := clientSigners()[ES256]
	for name, token := range map[string]string{
		"ALG":       clientForged(`{"ALG":"ES256","kid":"p256"}`, by(p256, ES256)),
		"kid twice": clientForged(`{"alg":"ES256","kid":"rsa","kid":"p256"}`, by(p256, ES256)),
		"not UTF-8": clientForged("{\"alg\":\"ES256\",\"kid\":\"p256\",\"x\":\"\xff\"}",
			by(p256, ES256)),
		"none":                          clientForged(`{"alg":"none"}`, nothing),
		"None":                          clientForged(`{"alg":"None","kid":"rsa"}`, nothing),
		"no alg":                        clientForged(`{"kid":"rsa"}`, nothing),
		"no signature":                  clientForged(`{"alg":"ES256","kid":"p256"}`, nothing),
		"HMAC by the public key as DER": clientForged(`{"alg":"HS256","kid":"rsa"}`, hs(der)),
		"HMAC by it as PEM": clientForged(`{"alg":"HS256","kid":"rsa"}`,
			hs(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))),
		"HMAC by it as JWK":         clientForged(`{"alg":"HS256","kid":"rsa"}`, hs(jwks.Keys[0])),
		"another's key":             clientSigned(t, ES256, other, map[string]any{"kid": "p256"}),
		"another's key without kid": clientSigned(t, ES256, other, nil),
		"an embedded key":           clientForged(`{"alg":"ES256","jwk":`+string(embedded)+`}`, by(other, ES256)),
		"an address of keys": clientSigned(t, ES256, other,
			map[string]any{"jku": "https://evil.example/jwks"}),
		"an address of a certificate": clientSigned(t, ES256, other,
			map[string]any{"x5u": "https://evil.example/cert"}),
		"the kid of another key": clientSigned(t, ES256, p256, map[string]any{"kid": "p384"}),
		"the kid of no key":      clientSigned(t, ES256, p256, map[string]any{"kid": "another client's"}),
		"the alg of another key": clientForged(`{"alg":"EdDSA","kid":"p256"}`, by(p256, ES256)),
		"the other curve":        clientForged(`{"alg":"ES384","kid":"p256"}`, by(p256, ES256)),
		"the other padding": clientForged(`{"alg":"PS256","kid":"rsa"}`,
			by(clientSigners()[RS256], RS256)),
		"an unknown critical header": clientForged(`{"alg":"ES256","kid":"p256","crit":["x"],"x":1}`,
			by(p256, ES256)),
		"a known critical header": clientForged(`{"alg":"ES256","kid":"p256","crit":["b64"],"b64":true}`,
			by(p256, ES256)),
		"an empty list of critical ones": clientForged(`{"alg":"ES256","kid":"p256","crit":[]}`, by(p256, ES256)),
		"a payload that is not base64":   clientForged(`{"alg":"ES256","kid":"p256","b64":false}`, by(p256, ES256)),
		"a logout token":                 clientSigned(t, ES256, p256, map[string]any{"typ": "logout+jwt"}),
		"a request object":               clientSigned(t, ES256, p256, map[string]any{"typ": "oauth-authz-req+jwt"}),
		"a DPoP proof":                   clientSigned(t, ES256, p256, map[string]any{"typ": "dpop+jwt"}),
		"a typ that is no text":          clientSigned(t, ES256, p256, map[string]any{"typ": 5}),
		"a signature of zeros": clientForged(`{"alg":"ES256","kid":"p256"}`,
			func(string) []byte { return make([]byte, 64) }),
		"a signature in another encoding": clientForged(`{"alg":"ES256","kid":"p256"}`, func(in string) []byte {
			s := sha256.Sum256([]byte(in))
			d, _ := p256.Sign(nil, s[:], crypto.SHA256)
			return d
		}),
		"a header twice":     clientForged(`{"alg":"none","alg":"ES256","kid":"p256"}`, by(p256, ES256)),
		"JSON serialization": `{"payload":"e30","protected":"eyJhbGciOiJFUzI1NiJ9","signature":"AA"}`,
		"an encrypted one":   "a.b.c.d.e",
		"nothing":            "",
		"dots":               "..",
		"endless":            strings.Repeat("a", maxJWS+1),
	} {
		if err := taken(token, set); err == nil {
			t.Errorf("%s is believed", name)
		} else if strings.Contains(err.Error(), "jose") {
			t.Errorf("%s: the refusal is the library's: %v", name, err)
		}
	}
	good := clientForged(`{"alg":"ES256","kid":"p256"}`, by(p256, ES256))
	if err := taken(good, set); err != nil {
		t.Errorf("the test itself: %v", err)
	}
	for i := range good {
		c := byte('A')
		if good[i] == c {
			c = 'B'
		}
		if broken := good[:i] + string(c) + good[i+1:]; i < len(good)-1 && taken(broken, set) == nil {
			t.Errorf("with another byte at %d it is believed", i)
		}
	}
}

func FuzzClientJWT(f *testing.F) {
	set := everyPublicKey(f)
	good := map[string]bool{}
	for _, alg := range []string{RS256, ES256, ES384, EdDSA} {
		token := clientSigned(f, alg, clientSigners()[alg], nil)
		f.Add(token)
		jwt, err := ParseClientJWT(token)
		if err != nil {
			f.Fatal(err)
		}
		good[string(jwt.Unverified())] = true
	}
	f.Add("eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsxXX0.eA")
	f.Add("eyJhbGciOiJub25lIn0..")
	f.Fuzz(func(t *testing.T, token string) {
		jwt, err := ParseClientJWT(token, "x")
		if err != nil {
			return
		}
		if err := jwt.Verify(set); err == nil && !good[string(jwt.Unverified())] {
			t.Fatalf("believed: %s", token)
		}
	})
}
