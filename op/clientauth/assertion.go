package clientauth

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/url"
	"slices"
	"time"

	"latchkey/internal/strictjson"
	"latchkey/keys"
	"latchkey/op/oauth"
	"latchkey/storage/apps"
)

const (
	// assertionType is the only one served (RFC 7523 section 2.2).
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// assertionJWT is what an assertion's typ may say.
	assertionJWT = "client-authentication+jwt"
	// assertionLife is how far ahead exp may be. Minutes are better, but libraries
	// that are not told otherwise take an hour, and an assertion counts once anyway.
	assertionLife = time.Hour
	// assertionSkew is by how much a client's clock may differ from ours.
	assertionSkew = 30 * time.Second
	jtiMost       = 256 // bytes
)

// assertion is a JWT sent to authenticate a client, its signature not yet verified.
type assertion struct {
	jwt    keys.ClientJWT
	claims assertionClaims
}

// assertionClaims are those of RFC 7523 section 3.
type assertionClaims struct {
	Issuer    string         `json:"iss"`
	Subject   string         `json:"sub"`
	Audience  oauth.Audience `json:"aud"`
	Expires   *seconds       `json:"exp"`
	NotBefore *seconds       `json:"nbf"`
	IssuedAt  *seconds       `json:"iat"`
	ID        string         `json:"jti"`
}

// seconds is a NumericDate (RFC 7519 section 2), which may have a fraction.
type seconds float64

// time is within what can be stored.
func (s seconds) time() time.Time { return time.Unix(int64(min(max(s, 0), 1<<40)), 0) }

// asserts reports whether a request has an assertion, or a part of one.
func asserts(form url.Values) bool {
	return form.Get("client_assertion") != "" || form.Get("client_assertion_type") != ""
}

// readAssertion takes an assertion apart. Whom it is said to be by is all that is
// taken from it before its signature is verified.
func readAssertion(form url.Values) (credentials, *oauth.Error) {
	switch {
	case form.Get("client_assertion_type") != assertionType:
		return credentials{}, invalidClient("client_assertion_type must be " + assertionType)
	case form.Get("client_assertion") == "":
		return credentials{}, invalidClient("client_assertion is missing")
	}
	jwt, err := keys.ParseClientJWT(form.Get("client_assertion"), assertionJWT)
	if err != nil {
		return credentials{}, NotAuthenticated("client assertion: " + err.Error())
	}
	a := &assertion{jwt: jwt}
	if strictjson.Unmarshal(jwt.Unverified(), &a.claims) != nil {
		return credentials{}, NotAuthenticated("client assertion: its claims cannot be read")
	}
	id := a.claims.Subject
	if sent := form.Get("client_id"); id == "" || sent != "" && sent != id {
		return credentials{}, NotAuthenticated("client assertion: sub is missing, or client_id is another") // RFC 7521 section 4.2
	}
	return credentials{id: id, method: apps.AuthMethodPrivateKeyJWT, assertion: a}, nil
}

// verifyAssertion verifies an assertion of the client's. What costs little comes first:
// the keys may have to be fetched, which is before the signature can be known to be
// good. Errors are for the log.
func (auth *Authenticator) verifyAssertion(ctx context.Context, c *apps.Client, a *assertion) (apps.Assertion, error) {
	if alg := c.Metadata.TokenEndpointAuthSigningAlg; alg != "" && alg != a.jwt.Algorithm() {
		return apps.Assertion{}, errors.New("its alg is not the registered token_endpoint_auth_signing_alg")
	}
	if err := a.claims.check(c.ID, []string{auth.Issuer, auth.Issuer + oauth.PathToken}, auth.Now()); err != nil {
		return apps.Assertion{}, err
	}
	if err := auth.Known.verify(ctx, c, a.jwt); err != nil {
		return apps.Assertion{}, err
	}
	// By the id and not the registration: one deleted and added again may have the same
	// key. No id holds a zero byte.
	hash := sha256.Sum256([]byte(c.ID + "\x00" + a.claims.ID))
	return apps.Assertion{Hash: hash[:], Expires: a.claims.Expires.time()}, nil
}

// check applies RFC 7523 section 3. An assertion that names another audience besides us
// is refused: the other one could present it here.
func (a *assertionClaims) check(client string, audiences []string, now time.Time) error {
	foreign := func(name string) bool { return !slices.Contains(audiences, name) }
	switch {
	case a.Issuer != client || a.Subject != client:
		return errors.New("iss and sub must both be the client_id")
	case len(a.Audience) == 0 || slices.ContainsFunc(a.Audience, foreign):
		return errors.New("aud must be the issuer or the token endpoint's address, and nothing else")
	case a.Expires == nil:
		return errors.New("exp is missing")
	case !now.Before(a.Expires.time().Add(assertionSkew)):
		return errors.New("it is expired")
	case a.Expires.time().After(now.Add(assertionLife + assertionSkew)):
		return errors.New("exp is more than an hour ahead")
	case a.NotBefore != nil && a.NotBefore.time().After(now.Add(assertionSkew)):
		return errors.New("nbf is ahead: is a clock wrong?")
	case a.IssuedAt != nil && a.IssuedAt.time().After(now.Add(assertionSkew)):
		return errors.New("iat is ahead: is a clock wrong?")
	case a.ID == "" || len(a.ID) > jtiMost:
		return errors.New("jti must be there, and at most 256 bytes long")
	}
	return nil
}
