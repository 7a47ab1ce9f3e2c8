package keys

import (
	"errors"
	"slices"
	"strings"

	"latchkey/internal/strictjson"

	"github.com/go-jose/go-jose/v4"
)

// ClientJWT is a JWT that a client has signed, taken apart and not yet believed.
type ClientJWT struct {
	jws      *jose.JSONWebSignature
	alg, kid string
}

// What is wrong with a client's JWT; for the log.
var (
	errClientForm      = errors.New("it is no JWT in compact serialization, or is signed with none of the algorithms taken here")
	errClientCritical  = errors.New("its header says that something unknown here is critical")
	errClientType      = errors.New("its typ is that of another kind of JWT")
	errClientNoKey     = errors.New("no key of the client fits its alg and kid")
	errClientSignature = errors.New("its signature does not verify")
)

// clientAlgorithms are those that a client may sign with: each that we could, whether
// it is switched on for our own signatures or not.
var clientAlgorithms = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.ES384, jose.EdDSA}

// ParseClientJWT takes a JWT apart, in compact serialization (RFC 7515 section 7.1).
// typ may be absent, JWT or types (RFC 8725 section 3.11): a client signs several kinds
// of JWTs, and none may be taken for another. Keys and certificates that a header
// brings along, and addresses of such, have no say: the client's keys are registered.
// Errors say why it is refused, and hold nothing of it.
func ParseClientJWT(token string, types ...string) (ClientJWT, error) {
	if len(token) > maxJWS {
		return ClientJWT{}, errClientForm
	}
	jws, err := jose.ParseSignedCompact(token, clientAlgorithms)
	if err != nil || len(jws.Signatures) != 1 {
		return ClientJWT{}, errClientForm
	}
	encoded, _, _ := strings.Cut(token, ".")
	if header, err := decode(encoded); err != nil || strictjson.Check(header) != nil {
		return ClientJWT{}, errClientForm
	}
	h := jws.Signatures[0].Protected
	for _, name := range []jose.HeaderKey{"crit", "b64"} { // RFC 7515 section 4.1.11, RFC 7797
		if _, has := h.ExtraHeaders[name]; has {
			return ClientJWT{}, errClientCritical
		}
	}
	if typ, has := h.ExtraHeaders[jose.HeaderType]; has && !isType(typ, types) {
		return ClientJWT{}, errClientType
	}
	return ClientJWT{jws: jws, alg: h.Algorithm, kid: h.KeyID}, nil
}

// isType compares media types: letter case and "application/" do not count (RFC 7515
// section 4.1.9).
func isType(typ any, types []string) bool {
	text, ok := typ.(string)
	if !ok {
		return false
	}
	if rest, has := strings.CutPrefix(strings.ToLower(text), "application/"); has {
		text = rest
	}
	return strings.EqualFold(text, TypeJWT) ||
		slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, text) })
}

// Algorithm is the one that its header names.
func (t ClientJWT) Algorithm() string { return t.alg }

// Unverified is its payload, which anybody may have written.
func (t ClientJWT) Unverified() []byte { return t.jws.UnsafePayloadWithoutVerification() }

// Verify reports, by nil, that one of the keys has signed it. With a kid only the keys
// of that id are tried; without one all that fit, which are ten at most.
func (t ClientJWT) Verify(keys ClientKeys) error {
	fit := keys.fitting(t.alg, t.kid)
	if len(fit) == 0 {
		return errClientNoKey
	}
	for _, key := range fit {
		if _, err := t.jws.Verify(key.public); err == nil {
			return nil
		}
	}
	return errClientSignature
}
