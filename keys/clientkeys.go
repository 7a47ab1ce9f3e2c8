package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/strictjson"
)

// ClientKeys are the public keys by which a client's signatures are verified. The
// zero value has none. They are not to be changed.
type ClientKeys struct{ keys []clientKey }

// clientKey is one of them. What its owner says of id and algorithm may be empty.
type clientKey struct {
	id, algorithm string
	public        crypto.PublicKey
}

// The bounds of a JWK Set that a client brings.
const (
	clientKeysMost = 10   // keys of all kinds
	minRSABits     = 2048 // bits (RFC 7518 section 3.3)
	maxRSABits     = 8192 // bits: verifying with longer ones would be work for others
)

// privateMembers are those that only private and symmetric keys have (RFC 7518
// section 6, RFC 8037 section 2, RFC 9964 section 3).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// publicMembers are all that is read of a key: no certificate is parsed, no address
// followed.
var publicMembers = []string{"kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"}

// ParseClientKeys reads a JWK Set (RFC 7517 section 5). Keys of kinds unknown here,
// and those that are not for signatures, are left out, as section 5 wants it; there
// must be one left. A private key is refused: whoever sends one has given it away.
// With alg, one of the keys must fit it. Errors are ErrKeySet and say, for the client's
// developer, what the set must be; they hold nothing of it.
func ParseClientKeys(set []byte, alg string) (ClientKeys, error) {
	var in struct {
		Keys []map[string]json.RawMessage `json:"keys"`
	}
	if strictjson.Unmarshal(set, &in) != nil || in.Keys == nil {
		return ClientKeys{}, fmt.Errorf(`%w: it must be a JSON object with an array "keys" of keys`, ErrKeySet)
	}
	if len(in.Keys) > clientKeysMost {
		return ClientKeys{}, fmt.Errorf("%w: it must hold at most %d keys", ErrKeySet, clientKeysMost)
	}
	var out ClientKeys
	for i, members := range in.Keys {
		key, err := parseClientKey(members)
		if errors.Is(err, jose.ErrUnsupportedKeyType) {
			continue
		}
		if err != nil {
			return ClientKeys{}, fmt.Errorf("%w: key %d %w", ErrKeySet, i+1, err)
		}
		out.keys = append(out.keys, key)
	}
	if len(out.keys) == 0 {
		return out, fmt.Errorf("%w: it must hold a public key for signatures: RSA, EC on P-256 or P-384, or Ed25519", ErrKeySet)
	}
	if alg != "" && len(out.fitting(alg, "")) == 0 {
		return ClientKeys{}, fmt.Errorf("%w: none of its keys fits %s", ErrKeySet, alg)
	}
	return out, nil
}

// parseClientKey returns jose.ErrUnsupportedKeyType for a key to be left out.
func parseClientKey(members map[string]json.RawMessage) (clientKey, error) {
	var kty, crv string
	if json.Unmarshal(members["kty"], &kty) != nil {
		return clientKey{}, errors.New("must have a kty")
	}
	if kty == "oct" {
		return clientKey{}, errors.New("must be a public key, not a shared secret")
	}
	for _, name := range privateMembers {
		if _, has := members[name]; has {
			return clientKey{}, errors.New("must be the public key alone: this is a private one, which is no secret any more; make another")
		}
	}
	_ = json.Unmarshal(members["crv"], &crv) // not every kind has a curve
	if !knownKind(kty, crv) {
		return clientKey{}, jose.ErrUnsupportedKeyType
	}
	public := make(map[string]json.RawMessage, len(publicMembers))
	for _, name := range publicMembers {
		if v, has := members[name]; has {
			public[name] = v
		}
	}
	text, err := json.Marshal(public)
	if err != nil {
		return clientKey{}, errors.New("must be a JSON object")
	}
	var jwk jose.JSONWebKey
	if jwk.UnmarshalJSON(text) != nil || !jwk.Valid() {
		return clientKey{}, errors.New("must be a key of its kty as RFC 7518 section 6 or RFC 8037 section 2 writes it")
	}
	if jwk.Use != "" && jwk.Use != "sig" {
		return clientKey{}, jose.ErrUnsupportedKeyType
	}
	if k, ok := jwk.Key.(*rsa.PublicKey); ok &&
		(k.N.BitLen() < minRSABits || k.N.BitLen() > maxRSABits || k.E < 3 || k.E > 1<<31-1 || k.E%2 == 0) {
		return clientKey{}, fmt.Errorf("must be an RSA key of %d to %d bits with an odd exponent from 3 to 2^31-1",
			minRSABits, maxRSABits)
	}
	return clientKey{id: jwk.KeyID, algorithm: jwk.Algorithm, public: jwk.Key}, nil
}

// knownKind reports whether an algorithm of ours goes with such a key.
func knownKind(kty, crv string) bool {
	switch kty {
	case "RSA":
		return true
	case "EC":
		return crv == "P-256" || crv == "P-384"
	case "OKP":
		return crv == "Ed25519"
	}
	return false
}

// fitting are the keys that a signature with this header may be by. Without a kid they
// are all that fit the algorithm.
func (k ClientKeys) fitting(alg, kid string) (fit []clientKey) {
	for _, key := range k.keys {
		if kid != "" && key.id != kid || key.algorithm != "" && key.algorithm != alg {
			continue
		}
		if algorithms[alg] != nil && key.fits(alg) {
			fit = append(fit, key)
		}
	}
	return fit
}

// fits reports whether the key is of the algorithm's type, and on its curve.
func (k clientKey) fits(alg string) bool {
	switch key := k.public.(type) {
	case *rsa.PublicKey:
		return alg == RS256 || alg == PS256
	case *ecdsa.PublicKey:
		return alg == ES256 && key.Curve == elliptic.P256() || alg == ES384 && key.Curve == elliptic.P384()
	case ed25519.PublicKey:
		return alg == EdDSA
	}
	return false
}
