package remote

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionLife = time.Minute
)

// readSigner reads a private key in PEM, PKCS #8, as openssl genpkey makes them.
func readSigner(path, kid string) (jose.Signer, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%s is not a private key in PEM, as openssl genpkey makes it", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	alg := algorithmOf(key)
	if err != nil || alg == "" {
		return nil, fmt.Errorf("%s is a key of no kind that signs assertions: Ed25519, P-256, P-384 or RSA", path)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		return nil, fmt.Errorf("%s cannot sign: %w", path, err)
	}
	return signer, nil
}

// algorithmOf is what a key signs by; "": by nothing that Latchkey takes.
func algorithmOf(key any) jose.SignatureAlgorithm {
	switch k := key.(type) {
	case ed25519.PrivateKey:
		return jose.EdDSA
	case *ecdsa.PrivateKey:
		switch k.Curve {
		case elliptic.P256():
			return jose.ES256
		case elliptic.P384():
			return jose.ES384
		}
	case *rsa.PrivateKey:
		return jose.RS256
	}
	return ""
}

// assertion says once to the issuer who this is (RFC 7523 section 3).
func (c Credentials) assertion(issuer string, now time.Time) (string, error) {
	claims, err := json.Marshal(map[string]any{"iss": c.ClientID, "sub": c.ClientID, "aud": issuer, "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix()})
	if err != nil {
		return "", err
	}
	signed, err := c.signer.Sign(claims)
	if err != nil {
		return "", fmt.Errorf("the key of %s cannot sign: %w", c.ClientID, err)
	}
	return signed.CompactSerialize()
}
