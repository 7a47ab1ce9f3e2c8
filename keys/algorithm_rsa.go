package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
)

const rsaBits = 2048

// rs256 is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3).
func rs256() *algorithm {
	a := newRSA(RS256)
	a.sign = func(key crypto.Signer, input []byte) ([]byte, error) {
		return key.Sign(rand.Reader, a.digest(input), a.hash)
	}
	a.verify = func(key crypto.PublicKey, input, signature []byte) bool {
		return rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), a.hash, a.digest(input), signature) == nil
	}
	return a
}

// ps256 is RSASSA-PSS with SHA-256, its salt as long as the hash (RFC 7518 section
// 3.5).
func ps256() *algorithm {
	a := newRSA(PS256)
	options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: a.hash}
	a.sign = func(key crypto.Signer, input []byte) ([]byte, error) {
		return key.Sign(rand.Reader, a.digest(input), options)
	}
	a.verify = func(key crypto.PublicKey, input, signature []byte) bool {
		return rsa.VerifyPSS(key.(*rsa.PublicKey), a.hash, a.digest(input), signature, options) == nil
	}
	return a
}

func newRSA(name string) *algorithm {
	return &algorithm{
		name: name,
		slow: true, // thirty times the cost of ES256
		hash: crypto.SHA256,
		generate: func() (crypto.Signer, error) {
			return rsa.GenerateKey(rand.Reader, rsaBits)
		},
		fits: func(key crypto.Signer) bool {
			k, ok := key.(*rsa.PrivateKey)
			return ok && k.N.BitLen() >= rsaBits // RFC 7518 section 3.3
		},
	}
}
