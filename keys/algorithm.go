package keys

import (
	"crypto"
	_ "crypto/sha256" // the hashes below
	_ "crypto/sha512"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The algorithms that sign, as RFC 7518 section 3.1 and RFC 8037 section 3.1 name
// them. Another one is another entry in the table below.
const (
	RS256 = "RS256"
	PS256 = "PS256"
	ES256 = "ES256"
	ES384 = "ES384"
	EdDSA = "EdDSA" // with Ed25519
)

// algorithm is what a JWS algorithm does with a key pair.
type algorithm struct {
	name     string
	slow     bool        // takes its turn behind the ring's gate
	hash     crypto.Hash // what at_hash and c_hash are made with
	generate func() (crypto.Signer, error)
	fits     func(crypto.Signer) bool // is the key of this algorithm's type and size?
	sign     func(key crypto.Signer, input []byte) ([]byte, error)
	verify   func(key crypto.PublicKey, input, signature []byte) bool
}

var algorithms = byName(rs256(), ps256(), es256(), es384(), edDSA())

func byName(all ...*algorithm) map[string]*algorithm {
	m := make(map[string]*algorithm, len(all))
	for _, alg := range all {
		m[alg.name] = alg
	}
	return m
}

func (a *algorithm) digest(input []byte) []byte {
	h := a.hash.New()
	h.Write(input)
	return h.Sum(nil)
}

// HalfHash is the left half of a token's or code's hash, in base64url: at_hash and
// c_hash of an ID token signed with alg (OpenID Connect Core section 3.1.3.6). The
// hash is the algorithm's own; EdDSA with Ed25519 hashes with SHA-512 (RFC 8032
// section 5.1), and so do the libraries that check it. It is "" for an algorithm
// that nothing can be signed with.
func HalfHash(alg, token string) string {
	a := algorithms[alg]
	if a == nil {
		return ""
	}
	sum := a.digest([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// enabledAlgorithms resolves the names of the algorithms to enable, RS256 first and
// always: every provider must offer it (OpenID Connect Discovery 1.0 section 3).
func enabledAlgorithms(names []string) ([]*algorithm, error) {
	if len(names) == 0 {
		names = []string{RS256, ES256}
	}
	enabled := []*algorithm{algorithms[RS256]}
	for _, name := range slices.Sorted(slices.Values(names)) {
		alg := algorithms[name]
		if alg == nil {
			known := slices.Sorted(maps.Keys(algorithms))
			return nil, fmt.Errorf("%w: %q is not supported; choose from %s", ErrAlgorithm, name,
				strings.Join(known, ", "))
		}
		if !slices.Contains(enabled, alg) {
			enabled = append(enabled, alg)
		}
	}
	return enabled, nil
}

func names(algorithms []*algorithm) []string {
	all := make([]string, len(algorithms))
	for i, alg := range algorithms {
		all[i] = alg.name
	}
	return all
}
