package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"math/big"
)

func es256() *algorithm { return newECDSA(ES256, elliptic.P256(), crypto.SHA256) }

func es384() *algorithm { return newECDSA(ES384, elliptic.P384(), crypto.SHA384) }

// newECDSA is an algorithm of RFC 7518 section 3.4: a signature is both numbers at
// full length, one after the other.
func newECDSA(name string, curve elliptic.Curve, hash crypto.Hash) *algorithm {
	size := (curve.Params().BitSize + 7) / 8 // bytes of one number
	a := &algorithm{
		name: name,
		hash: hash,
		generate: func() (crypto.Signer, error) {
			return ecdsa.GenerateKey(curve, rand.Reader)
		},
		fits: func(key crypto.Signer) bool {
			k, ok := key.(*ecdsa.PrivateKey)
			return ok && k.Curve == curve
		},
	}
	a.sign = func(key crypto.Signer, input []byte) ([]byte, error) {
		r, s, err := ecdsa.Sign(rand.Reader, key.(*ecdsa.PrivateKey), a.digest(input))
		if err != nil {
			return nil, err
		}
		signature := make([]byte, 2*size)
		r.FillBytes(signature[:size])
		s.FillBytes(signature[size:])
		return signature, nil
	}
	a.verify = func(key crypto.PublicKey, input, signature []byte) bool {
		if len(signature) != 2*size {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(key.(*ecdsa.PublicKey), a.digest(input), r, s)
	}
	return a
}

// edDSA is Ed25519 (RFC 8037 section 3.1), which hashes the input itself.
func edDSA() *algorithm {
	return &algorithm{
		name: EdDSA,
		hash: crypto.SHA512,
		generate: func() (crypto.Signer, error) {
			_, private, err := ed25519.GenerateKey(rand.Reader)
			return private, err
		},
		fits: func(key crypto.Signer) bool {
			_, ok := key.(ed25519.PrivateKey)
			return ok
		},
		sign: func(key crypto.Signer, input []byte) ([]byte, error) {
			return key.Sign(nil, input, crypto.Hash(0))
		},
		verify: func(key crypto.PublicKey, input, signature []byte) bool {
			return ed25519.Verify(key.(ed25519.PublicKey), input, signature)
		},
	}
}
