package keys

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"latchkey/internal/limit"
)

// maxJWS is the length in bytes of the longest JWT that Verify looks at.
const maxJWS = 16 << 10

// Sign returns claims, a value that encodes to a JSON object, as a JWT in compact
// serialization (RFC 7515 section 7.1), signed by the current key of alg. Signatures
// with RSA wait for a free core; ctx ends the wait. It returns ErrAlgorithm if alg
// is not enabled, ErrClaims if claims or typ cannot be signed.
func (r *Ring) Sign(ctx context.Context, alg, typ string, claims any) (string, error) {
	key := r.state.Load().signing[alg]
	if key == nil {
		return "", fmt.Errorf("%w: %q: enable it in signing_algorithms, or change the client's id_token_signed_response_alg", ErrAlgorithm, alg)
	}
	header, ok := key.headers[typ]
	if !ok {
		return "", fmt.Errorf("%w: typ %q", ErrClaims, typ)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrClaims, err)
	}
	if payload[0] != '{' {
		return "", fmt.Errorf("%w: they are not a JSON object", ErrClaims)
	}
	token := make([]byte, 0, len(header)+base64.RawURLEncoding.EncodedLen(len(payload))+400)
	token = append(token, header...)
	token = base64.RawURLEncoding.AppendEncode(token, payload)
	signature, err := r.sign(ctx, key, token)
	if err != nil {
		return "", err
	}
	token = append(token, '.')
	token = base64.RawURLEncoding.AppendEncode(token, signature)
	return string(token), nil
}

func (r *Ring) sign(ctx context.Context, key *signingKey, input []byte) ([]byte, error) {
	if key.algorithm.slow {
		if err := awaitTurn(ctx, r.slow, limit.Caller{}, r.span); err != nil {
			return nil, err
		}
		defer r.slow.Done()
	}
	defer r.span.begin(ctx, key.span)()
	return key.algorithm.sign(key.private, input)
}

// Verify returns the claims, a JSON object, and the algorithm of a JWT of this type
// that this ring has signed, whatever the claims say about time, issuer or audience.
// Anything else is ErrToken.
//
// It never reads a header that others wrote: the encoded header must equal, byte for
// byte, one that a published key of ours puts in front. So "none", a public key used
// as an HMAC secret, an embedded key, an unknown crit (RFC 7515 section 4.1.11) or
// the kid of one key with the algorithm of another have no way in, and no claim is
// parsed before the signature holds. Should our header change one day, the old form
// has to stay among those accepted while its tokens live.
func (r *Ring) Verify(typ, token string) (claims []byte, alg string, err error) {
	if len(token) > maxJWS {
		return nil, "", ErrToken
	}
	headerEnd := strings.IndexByte(token, '.') + 1
	payloadEnd := strings.LastIndexByte(token, '.')
	if headerEnd > payloadEnd {
		return nil, "", ErrToken
	}
	key := r.state.Load().verifying[verifier{typ, token[:headerEnd]}]
	if key == nil {
		return nil, "", ErrToken
	}
	signature, err := decode(token[payloadEnd+1:])
	if err != nil {
		return nil, "", err
	}
	if !key.algorithm.verify(key.public.Key, []byte(token[:payloadEnd]), signature) {
		return nil, "", ErrToken
	}
	claims, err = decode(token[headerEnd:payloadEnd])
	return claims, key.algorithm.name, err
}

// Signs reports whether Sign has a key of alg: a key of one that has just been
// enabled takes up to a minute to be there.
func (r *Ring) Signs(alg string) bool { return r.state.Load().signing[alg] != nil }

// Algorithms returns the names of the enabled algorithms, RS256 first.
func (r *Ring) Algorithms() []string {
	return names(r.state.Load().enabled)
}

// JWKS returns the JWK set (RFC 7517 section 5) of the enabled algorithms, encoded:
// the keys that sign, those that will and those that did. Equal key sets give equal
// bytes. The caller does not change them.
func (r *Ring) JWKS() []byte { return r.state.Load().jwks }

// Version is a digest of what JWKS returns: another value, other keys.
func (r *Ring) Version() uint64 { return r.state.Load().version }
