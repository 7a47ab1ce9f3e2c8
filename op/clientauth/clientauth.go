package clientauth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/edge"
	"latchkey/internal/limit"
	"latchkey/keys"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// credentials are what a client sent to say who it is.
type credentials struct {
	id      string
	secrets []string // one secret, in the forms it may have been sent in
	method  string   // client_secret_basic, client_secret_post, private_key_jwt or none

	assertion *assertion // of private_key_jwt
}

// clientAuth finds out which client, or which resource, calls an endpoint.
type Authenticator struct {
	Issuer    string
	Clients   apps.Clients
	Resources apps.Resources
	Keys      *keys.Ring
	Hasher    Hasher
	Known     *clientKeys
	Wrong     *limit.Table[limit.Spent] // see countedBy
	Now       func() time.Time
}

// Caller is a client that was authenticated.
type Caller struct {
	Client    *apps.Client
	assertion apps.Assertion // by which it was; zero once it is used up
}

// Authenticate is the one authenticator of clients; every endpoint that needs one
// goes through it. Whatever is wrong is invalid_client, and nothing tells which clients
// exist (RFC 6749 section 5.2). Every answer to the caller that comes of it goes through
// settle before it is written.
func (auth *Authenticator) Authenticate(r *http.Request, form url.Values) (*Caller, *oauth.Error) {
	sent, e := ReadCredentials(r.Header, form)
	if e != nil {
		return nil, e
	}
	return auth.AuthenticateClient(r.Context(), sent)
}

// AuthenticateClient is authenticate for credentials that were read.
func (auth *Authenticator) AuthenticateClient(ctx context.Context, sent credentials) (*Caller, *oauth.Error) {
	c, err := auth.Clients.Get(ctx, sent.id)
	switch {
	case errors.Is(err, storage.ErrNotFound) && sent.method == apps.AuthMethodNone:
		return nil, noCredentials("no such client")
	case errors.Is(err, storage.ErrNotFound):
		return nil, auth.wrongSecret(ctx, sent, "no such client")
	}
	if err != nil {
		return nil, oauth.Failed(err)
	}
	edge.ClientID(ctx, c.ID)
	switch {
	case !c.Metadata.AllowsAuthMethod(sent.method):
		return nil, auth.otherMethod(ctx, c, sent)
	case !c.Live(): // before what may cost a hash
		return nil, auth.wrongSecret(ctx, sent, "the client's state is "+string(c.State))
	}
	if c.Metadata.UsesSecret() {
		if e := auth.checkSecret(ctx, c, sent); e != nil {
			return nil, e
		}
	}
	out := &Caller{Client: c}
	if sent.assertion != nil {
		if out.assertion, err = auth.verifyAssertion(ctx, c, sent.assertion); err != nil {
			return nil, NotAuthenticated("client assertion: " + err.Error())
		}
	}
	return out, nil
}

// checkSecret compares first what costs nothing, so that a right secret that nobody can
// guess never waits for the wrong ones of others. One that can be guessed waits even if it
// is right: else the answer would tell. So does one that costs a hash.
func (auth *Authenticator) checkSecret(ctx context.Context, c *apps.Client, sent credentials) *oauth.Error {
	right, easy := auth.matching(c.LiveSecrets(auth.Now()), sent.secrets), guessable(sent)
	if right != nil && !easy {
		return nil
	}
	if wait := auth.secretWait(countedBy(ctx, c.ID, easy)); wait > 0 {
		return tooManyWrong(wait)
	}
	if right == nil {
		return auth.checkImported(ctx, c, sent, easy)
	}
	if right.GuessableUntil.IsZero() { // imported before this was asked
		if err := auth.Clients.EndGuessable(ctx, c.ID, right.ID); err != nil {
			return oauth.Failed(err)
		}
	}
	return nil
}

// matching is the secret that was sent; nil: none of them. It costs no slow hash, and so
// knows nothing of imported secrets that were not used yet.
func (auth *Authenticator) matching(live []apps.Secret, sent []string) *apps.Secret {
	for i := range live {
		for _, secret := range sent {
			if auth.Keys.VerifyClientSecret(live[i].Hash, secret) {
				return &live[i]
			}
		}
	}
	return nil
}

// ReadCredentials finds out which method was used. Two at once are refused (RFC
// 6749 section 2.3). The client_id in the body beside the header is no second method, and
// a client_secret without a value is none sent.
func ReadCredentials(h http.Header, form url.Values) (credentials, *oauth.Error) {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	basicID, basicSecrets, basic, e := basicAuth(h)
	switch {
	case e != nil:
		return credentials{}, e
	case basic && (secret != "" || id != "" && id != basicID), asserts(form) && (basic || secret != ""):
		return credentials{}, oauth.InvalidRequest("client authentication was sent in two ways")
	case asserts(form):
		return readAssertion(form)
	case basic && basicSecrets[0] == "": // libraries send the header for public clients too
		return credentials{id: basicID, method: apps.AuthMethodNone}, nil
	case basic:
		return credentials{id: basicID, secrets: basicSecrets, method: apps.AuthMethodBasic}, nil
	case id == "":
		return credentials{}, invalidClient("client_id is missing")
	case secret != "":
		return credentials{id: id, secrets: []string{secret}, method: apps.AuthMethodPost}, nil
	default:
		return credentials{id: id, method: apps.AuthMethodNone}, nil
	}
}

// basicAuth reads HTTP Basic credentials. RFC 6749 section 2.3.1 form-encodes both
// halves first; many clients do not, so a secret is tried both ways.
func basicAuth(h http.Header) (id string, secrets []string, ok bool, e *oauth.Error) {
	if len(h["Authorization"]) > 1 {
		return "", nil, false, oauth.InvalidRequest("the Authorization header was sent more than once")
	}
	scheme, text, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", nil, false, nil
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	id, secret, colon := strings.Cut(string(raw), ":")
	if err != nil || !colon {
		return "", nil, false, invalidClient("the Authorization header cannot be read")
	}
	if plain, err := url.QueryUnescape(id); err == nil {
		id = plain
	}
	secrets = []string{secret}
	if plain, err := url.QueryUnescape(secret); err == nil && plain != secret {
		secrets = append(secrets, plain)
	}
	return id, secrets, true, nil
}

// NotAuthenticated tells the caller one thing whatever the reason; the log knows
// it.
func NotAuthenticated(why string) *oauth.Error {
	e := invalidClient("client authentication failed")
	e.Cause = errors.New(why)
	return e
}

// otherMethod refuses a client that may not use the method that it used. Who has its
// secret, and did not guess it, may know which to use: libraries differ in what they use
// unasked. That a client is a public one anybody may know.
func (auth *Authenticator) otherMethod(ctx context.Context, c *apps.Client, sent credentials) *oauth.Error {
	if sent.method == apps.AuthMethodNone {
		return noCredentials("registered for " + c.Metadata.TokenEndpointAuthMethod + ", used none")
	}
	why := "registered for " + c.Metadata.TokenEndpointAuthMethod + ", used " + sent.method
	if c.Confidential() && (guessable(sent) || auth.matching(c.LiveSecrets(auth.Now()), sent.secrets) == nil) {
		return auth.wrongSecret(ctx, sent, why)
	}
	e := NotAuthenticated(why)
	e.Text = "this client is registered for " + c.Metadata.TokenEndpointAuthMethod + " alone and used " + sent.method
	return e
}

// noCredentials is the same for a client and for a resource, and for what there is not.
func noCredentials(why string) *oauth.Error {
	e := NotAuthenticated(why)
	e.Text += ": neither a client secret nor a client assertion was sent"
	return e
}

// invalidClient is 400, or 401 where basicChallenged.
func invalidClient(text string) *oauth.Error {
	return &oauth.Error{Status: http.StatusBadRequest, Code: "invalid_client", Text: text}
}
