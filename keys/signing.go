package keys

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"latchkey/storage/policy"

	"github.com/go-jose/go-jose/v4"
)

// Types of the JWTs that are signed here, as their typ header says (RFC 8725
// section 3.11), so that one kind is never taken for another.
const (
	TypeJWT         = "JWT"        // ID tokens, signed answers
	TypeAccessToken = "at+jwt"     // RFC 9068 section 2.1
	TypeLogout      = "logout+jwt" // OpenID Connect Back-Channel Logout 1.0 section 2.4
)

var types = []string{TypeJWT, TypeAccessToken, TypeLogout}

// signingKey is an opened signing key. Its JWS headers, encoded and with the dot
// behind, are made once.
type signingKey struct {
	id        string
	algorithm *algorithm
	state     policy.KeyState
	private   crypto.Signer
	public    jose.JSONWebKey
	headers   map[string]string // by typ
	span      string            // the name of those of its signatures
}

// newSigningKey makes a key that is in no state yet.
func newSigningKey(seal func(binding, plaintext []byte) []byte, alg *algorithm, now time.Time) (policy.SigningKey,
	error) {
	private, err := alg.generate()
	if err != nil {
		return policy.SigningKey{}, fmt.Errorf("generate a key for %s: %w", alg.name, err)
	}
	public, err := publicKey(alg, private)
	if err != nil {
		return policy.SigningKey{}, err
	}
	jwk, err := json.Marshal(public)
	if err != nil {
		return policy.SigningKey{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return policy.SigningKey{}, err
	}
	return policy.SigningKey{
		ID:        public.KeyID,
		Algorithm: alg.name,
		Public:    jwk,
		Sealed:    seal(signingBinding(alg.name, public.KeyID), der),
		Created:   now,
	}, nil
}

// openSigningKey opens a stored key. The stored public half serves readers without
// the master key; what the ring publishes is derived from the sealed private half,
// so that writing to the file is not enough to have another key published.
func openSigningKey(unseal func(binding, sealed []byte) ([]byte, error), alg *algorithm,
	record policy.SigningKey) (*signingKey, error) {
	damaged := fmt.Errorf("%w: signing key %s (%s) does not open", ErrDamaged, record.ID, record.Algorithm)
	der, err := unseal(signingBinding(record.Algorithm, record.ID), record.Sealed)
	if err != nil {
		return nil, damaged
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, damaged
	}
	private, ok := parsed.(crypto.Signer)
	if !ok || !alg.fits(private) {
		return nil, damaged
	}
	public, err := publicKey(alg, private)
	if err != nil || public.KeyID != record.ID {
		return nil, damaged
	}
	return &signingKey{
		id:        record.ID,
		algorithm: alg,
		state:     record.State,
		private:   private,
		public:    public,
		headers:   encodeHeaders(alg.name, record.ID),
		span:      spanSign + alg.name,
	}, nil
}

// publicKey returns the JWK of the public half. Its kid is the thumbprint of RFC
// 7638: no two keys share one, and it tells nothing else.
func publicKey(alg *algorithm, private crypto.Signer) (jose.JSONWebKey, error) {
	jwk := jose.JSONWebKey{Key: private.Public(), Algorithm: alg.name, Use: "sig"}
	thumbprint, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return jwk, err
	}
	jwk.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	return jwk, nil
}

func encodeHeaders(alg, kid string) map[string]string {
	headers := make(map[string]string, len(types))
	for _, typ := range types {
		header := fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":%q}`, alg, kid, typ)
		headers[typ] = base64.RawURLEncoding.EncodeToString([]byte(header)) + "."
	}
	return headers
}

// A sealed private key is bound to its algorithm, so that a key of one is never
// used for another, and to its kid.
func signingBinding(alg, kid string) []byte { return []byte(alg + " " + kid) }
