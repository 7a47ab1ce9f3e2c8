package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// The algorithms that sign, as RFC 7518 section 3.1 names them. Another one is
// another entry in the table below.
const (
	RS256 = "RS256"
	ES256 = "ES256"
)

const (
	rsaBits  = 2048
	p256Size = 32 // bytes of one coordinate
)

// algorithm is what a JWS algorithm does with a key pair.
type algorithm struct {
	name     string
	slow     bool // takes its turn behind the ring's gate
	generate func() (crypto.Signer, error)
	fits     func(crypto.Signer) bool // is the key of this algorithm's type and size?
	sign     func(key crypto.Signer, input []byte) ([]byte, error)
	verify   func(key crypto.PublicKey, input, signature []byte) bool
}

var algorithms = map[string]*algorithm{
	RS256: {
		name: RS256,
		slow: true, // thirty times the cost of ES256
		generate: func() (crypto.Signer, error) {
			return rsa.GenerateKey(rand.Reader, rsaBits)
		},
		fits: func(key crypto.Signer) bool {
			k, ok := key.(*rsa.PrivateKey)
			return ok && k.N.BitLen() >= rsaBits // RFC 7518 section 3.3
		},
		sign: func(key crypto.Signer, input []byte) ([]byte, error) {
			digest := sha256.Sum256(input)
			return key.Sign(rand.Reader, digest[:], crypto.SHA256)
		},
		verify: func(key crypto.PublicKey, input, signature []byte) bool {
			digest := sha256.Sum256(input)
			return rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), crypto.SHA256, digest[:], signature) == nil
		},
	},
	ES256: {
		name: ES256,
		generate: func() (crypto.Signer, error) {
			return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		},
		fits: func(key crypto.Signer) bool {
			k, ok := key.(*ecdsa.PrivateKey)
			return ok && k.Curve == elliptic.P256()
		},
		sign: func(key crypto.Signer, input []byte) ([]byte, error) {
			digest := sha256.Sum256(input)
			r, s, err := ecdsa.Sign(rand.Reader, key.(*ecdsa.PrivateKey), digest[:])
			if err != nil {
				return nil, err
			}
			// RFC 7518 section 3.4: both numbers at full length, one after the other.
			signature := make([]byte, 2*p256Size)
			r.FillBytes(signature[:p256Size])
			s.FillBytes(signature[p256Size:])
			return signature, nil
		},
		verify: func(key crypto.PublicKey, input, signature []byte) bool {
			if len(signature) != 2*p256Size {
				return false
			}
			digest := sha256.Sum256(input)
			r := new(big.Int).SetBytes(signature[:p256Size])
			s := new(big.Int).SetBytes(signature[p256Size:])
			return ecdsa.Verify(key.(*ecdsa.PublicKey), digest[:], r, s)
		},
	},
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
			return nil, fmt.Errorf("%w: %q is not supported; choose from %s", ErrAlgorithm, name, strings.Join(known, ", "))
		}
		if !slices.Contains(enabled, alg) {
			enabled = append(enabled, alg)
		}
	}
	return enabled, nil
}
