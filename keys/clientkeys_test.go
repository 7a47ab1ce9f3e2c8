package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// clientSigners are private keys, one for each algorithm.
var clientSigners = sync.OnceValue(func() map[string]crypto.Signer {
	all := map[string]crypto.Signer{}
	for name, alg := range algorithms {
		key, err := alg.generate()
		if err != nil {
			panic(err)
		}
		all[name] = key
	}
	return all
})

func jwk(key any, kid string) jose.JSONWebKey { return jose.JSONWebKey{Key: key, KeyID: kid} }

func public(alg, kid string) jose.JSONWebKey { return jwk(clientSigners()[alg].Public(), kid) }

func keySet(t testing.TB, all ...jose.JSONWebKey) []byte {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: all})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parsed(t testing.TB, all ...jose.JSONWebKey) ClientKeys {
	t.Helper()
	set, err := ParseClientKeys(keySet(t, all...), "")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestClientKeysOfEveryAlgorithmAreTaken(t *testing.T) {
	for alg := range algorithms {
		set, err := ParseClientKeys(keySet(t, public(alg, "k")), alg)
		if err != nil || len(set.keys) != 1 {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

func TestKeysThatAreNotForSignaturesHereAreLeftOut(t *testing.T) {
	enc := public(ES256, "enc")
	enc.Use = "enc"
	text := strings.TrimSuffix(string(keySet(t, enc, public(ES256, "sig"))), "]}") + `,
		{"kty":"XYZ"},{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"},{"kty":"EC","crv":"P-521"},{"kty":"OKP","crv":"X25519","x":"AA"},{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}]}`
	set, err := ParseClientKeys([]byte(text), "")
	if err != nil || len(set.keys) != 1 || set.keys[0].id != "sig" {
		t.Errorf("%+v, %v", set, err)
	}
}

// What a certificate or an address beside a key says is not even looked at.
func TestOnlyTheKeyItselfIsRead(t *testing.T) {
	text := strings.Replace(string(keySet(t, public(ES256, "k"))), `"kty"`,
		`"x5c":["!"],"x5u":":","x5t":"!","key_ops":5,"kty"`, 1)
	if _, err := ParseClientKeys([]byte(text), ""); err != nil {
		t.Error(err)
	}
}

func TestAKeySetThatIsNoGoodIsRefusedInWordsThatSayWhy(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	large := &rsa.PublicKey{N: new(big.Int).Exp(small.N, big.NewInt(9), nil), E: 65537} // 9 times as long
	even := *clientSigners()[PS256].(*rsa.PrivateKey).Public().(*rsa.PublicKey)
	even.E = 2
	good := string(keySet(t, public(ES256, "k")))
	many := make([]jose.JSONWebKey, clientKeysMost+1)
	for i := range many {
		many[i] = public(EdDSA, "")
	}
	off := *clientSigners()[ES384].Public().(*ecdsa.PublicKey)
	for name, c := range map[string]struct{ text, alg, want string }{
		"nothing":            {"", "", "JSON object"},
		"no JSON":            {"{", "", "JSON object"},
		"null":               {"null", "", "JSON object"},
		"an array":           {"[]", "", "JSON object"},
		"one key":            {strings.TrimSuffix(strings.TrimPrefix(good, `{"keys":[`), "]}"), "", "JSON object"},
		"keys that are none": {`{"keys":[1]}`, "", "JSON object"},
		"keys twice":         {strings.TrimSuffix(good, "}") + `,"keys":[]}`, "", "JSON object"},
		"KEYS":               {strings.Replace(good, "keys", "KEYS", 1), "", "JSON object"},
		"a kty twice":        {strings.Replace(good, `"kty":`, `"kty":"oct","kty":`, 1), "", "JSON object"},
		"a null key":         {`{"keys":[null]}`, "", "key 1 must have a kty"},
		"no keys":            {`{"keys":[]}`, "", "must hold a public key"},
		"unknown kinds only": {`{"keys":[{"kty":"XYZ"}]}`, "", "must hold a public key"},
		"too many":           {string(keySet(t, many...)), "", "at most 10 keys"},
		"a shared secret":    {`{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`, "", "key 1 must be a public key"},
		"a private EC key": {string(keySet(t, public(ES256, ""), jwk(clientSigners()[ES256], ""))), "",
			"key 2 must be the public key alone"},
		"a private RSA key": {string(keySet(t, jwk(clientSigners()[RS256], ""))), "", "must be the public key alone"},
		"a private OKP key": {string(keySet(t, jwk(clientSigners()[EdDSA], ""))), "", "must be the public key alone"},
		"a trace of one": {strings.Replace(good, `"kty"`, `"dp":null,"kty"`, 1), "",
			"must be the public key alone"},
		"RSA of 1024 bits": {string(keySet(t, jwk(small.Public(), ""))), "", "2048 to 8192 bits"},
		"RSA of 9216 bits": {string(keySet(t, jwk(large, ""))), "", "key 1 must be"},
		"an even exponent": {string(keySet(t, jwk(&even, ""))), "", "odd exponent"},
		"no exponent":      {`{"keys":[{"kty":"RSA","n":"AQAB"}]}`, "", "must be a key of its kty"},
		"off the curve": {strings.Replace(string(keySet(t, jwk(&off, ""))), `"x":"`, `"x":"AAAA`, 1), "",
			"must be a key of its kty"},
		"a mixed curve":    {strings.Replace(good, "P-256", "P-384", 1), "", "must be a key of its kty"},
		"OKP of no length": {`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]}`, "", "must be a key of its kty"},
		"kid of no text":   {strings.Replace(good, `"kid":"k"`, `"kid":7`, 1), "", "must be a key of its kty"},
		"none for its alg": {good, ES384, "none of its keys fits ES384"},
	} {
		set, err := ParseClientKeys([]byte(c.text), c.alg)
		if !errors.Is(err, ErrKeySet) || !strings.Contains(err.Error(), c.want) || len(set.keys) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A key serves its own algorithm, and no kind of confusion another one.
func TestAKeyFitsItsOwnAlgorithmOnly(t *testing.T) {
	all := parsed(t, public(RS256, "rsa"), public(ES256, "p256"), public(ES384, "p384"), public(EdDSA, "ed"))
	for alg, want := range map[string]string{RS256: "rsa", PS256: "rsa", ES256: "p256", ES384: "p384", EdDSA: "ed",
		"HS256": "", "none": "", "": "", "ES512": "", "RS384": ""} {
		got := ""
		for _, key := range all.fitting(alg, "") {
			got += key.id
		}
		if got != want {
			t.Errorf("%s is fitted by %q, want %q", alg, got, want)
		}
		for _, kid := range []string{"rsa", "p256", "p384", "ed", "other"} {
			if n := len(all.fitting(alg, kid)); (n == 1) != (kid == want && want != "") {
				t.Errorf("%s with kid %s is fitted by %d keys", alg, kid, n)
			}
		}
	}
	only := public(RS256, "k")
	only.Algorithm = PS256
	if set := parsed(t, only); len(set.fitting(RS256, "k")) != 0 || len(set.fitting(PS256, "k")) != 1 {
		t.Error("the key's own alg does not count")
	}
}

func FuzzClientKeys(f *testing.F) {
	for alg := range algorithms {
		f.Add(string(keySet(f, public(alg, "k"), jwk(clientSigners()[alg], ""))), alg)
		f.Add(string(keySet(f, public(alg, "k"))), "")
	}
	f.Add(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","x5c":["AA"]}]}`, RS256)
	f.Add(`{"keys":[{"kty":"EC","crv":"P-256","x":"","y":""}],"keys":[null]}`, "")
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(keySet(f, jwk(p521.Public(), ""))), "")
	f.Fuzz(func(t *testing.T, text, alg string) {
		set, err := ParseClientKeys([]byte(text), alg)
		if err != nil {
			if !errors.Is(err, ErrKeySet) || len(set.keys) != 0 {
				t.Fatalf("%v, %+v", err, set)
			}
			return
		}
		if len(set.keys) == 0 || len(set.keys) > clientKeysMost {
			t.Fatalf("%d keys", len(set.keys))
		}
		for _, key := range set.keys {
			switch key.public.(type) {
			case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
			default:
				t.Fatalf("a key is a %T", key.public)
			}
		}
	})
}
