package op

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"latchkey/internal/edge"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// introspectionHandler is RFC 7662's endpoint. Only confidential clients and resources
// may ask.
type introspectionHandler struct {
	issuer  string
	auth    *clientAuth
	tokens  *tokens
	clients apps.Clients
	grants  grants.Grants
	now     func() time.Time
}

func (h *introspectionHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form, e := readTokenCall(w, r)
	if e != nil {
		e.write(w, r)
		return
	}
	out, e := h.answer(r, form)
	if e != nil {
		e.write(w, r)
		return
	}
	writeJSON(w, out)
}

func (h *introspectionHandler) answer(r *http.Request, form url.Values) (introspected, *apiError) {
	ctx := r.Context()
	sent, e := readCredentials(r.Header, form)
	if e != nil {
		return introspected{}, e
	}
	resource, e := h.auth.authenticateResource(ctx, sent)
	switch {
	case e != nil:
		return introspected{}, e
	case resource != nil && form.Get("token") == "":
		return introspected{}, tokenMissing()
	case resource != nil:
		return answerOf(ctx)(h.introspectFor(ctx, resource, form.Get("token")))
	}
	by, e := h.auth.authenticateClient(ctx, sent)
	switch {
	case e != nil:
		return introspected{}, e
	case !by.client.Confidential():
		return introspected{}, notAuthenticated("a public client may not introspect")
	case form.Get("token") == "":
		e = tokenMissing()
	}
	if e = h.auth.settle(ctx, by, e); e != nil {
		return introspected{}, e
	}
	return answerOf(ctx)(h.introspect(ctx, by.client, form.Get("token")))
}

// readTokenCall reads a request in which a caller sends a token: POST only, parameters in
// the body only.
func readTokenCall(w http.ResponseWriter, r *http.Request) (url.Values, *apiError) {
	noStore(w)
	if e := postOnly(w, r, "this endpoint"); e != nil {
		return nil, e
	}
	return postForm(w, r, tokenCallParameters)
}

func tokenMissing() *apiError { return invalidRequest("token is missing") }

// introspected is the answer of RFC 7662 section 2.2. The framework's type leaves
// out nothing that is false, and carries a user's claims, which are userinfo's.
type introspected struct {
	Active    bool                     `json:"active"`
	Scope     oidc.SpaceDelimitedArray `json:"scope,omitempty"`
	ClientID  string                   `json:"client_id,omitempty"`
	Username  string                   `json:"username,omitempty"`
	TokenType string                   `json:"token_type,omitempty"`
	Expires   int64                    `json:"exp,omitempty"`
	Subject   string                   `json:"sub,omitempty"`
	Issuer    string                   `json:"iss,omitempty"`
	AuthTime  int64                    `json:"auth_time,omitempty"`
	Audience  audience                 `json:"aud,omitempty"`
}

// answerOf says what a token is worth now, to the client it was issued to and to
// the resources it is for; of all others it says that they are not active, and no
// more.
func answerOf(ctx context.Context) func(introspected, error) (introspected, *apiError) {
	return func(out introspected, err error) (introspected, *apiError) {
		switch {
		case err == nil && !out.Active:
			err = errNotTheirs
			fallthrough
		case isRefusal(err):
			edge.Note(ctx, slog.Bool("active", false))
			edge.Fail(ctx, "", err) // the caller is told no reason
			return introspected{}, nil
		case err == nil:
			return out, nil
		default:
			return introspected{}, failed(err)
		}
	}
}

var errNotTheirs = errors.New("it is neither the caller's nor for the caller, or its refresh token is not the current one")

func (h *introspectionHandler) introspect(ctx context.Context, c *apps.Client, token string) (introspected, error) {
	if t, err := h.tokens.ownRefreshToken(ctx, token); err == nil {
		return h.introspectRefresh(ctx, c, t.Grant, t.Generation)
	} else if !isRefusal(err) {
		return introspected{}, err
	}
	t, id, err := h.tokens.openToken(token)
	if err != nil {
		return introspected{}, err
	}
	if t.grant.IsZero() {
		return h.introspectOwn(ctx, c, t, id)
	}
	a, err := h.tokens.opens(ctx, t, id)
	if err != nil || a.Client.UID != c.UID {
		return introspected{}, err
	}
	out := h.introspectedOf(a)
	out.TokenType, out.Expires, out.Audience = oidc.BearerToken, t.expires.Unix(), h.tokens.audience(a.Effective)
	return out, nil
}

func (h *introspectionHandler) introspectedOf(a *grants.Access) introspected {
	return introspected{Active: true, Scope: a.Scopes, ClientID: a.Client.ID, Username: a.User.Username,
		Subject: a.User.Subject(), Issuer: h.issuer, AuthTime: a.Grant.AuthTime.Unix()}
}

// introspectRefresh: a refresh token is active while it is the current one.
func (h *introspectionHandler) introspectRefresh(ctx context.Context, c *apps.Client, grant storage.ID, generation uint32) (introspected, error) {
	a, err := h.grants.Access(ctx, grant, nil)
	if err != nil || a.Client.UID != c.UID || a.State.Generation != generation || !mayRefresh(a) || a.RefreshOver(h.now()) != "" {
		return introspected{}, err
	}
	return h.introspectedOf(a), nil
}

func (h *introspectionHandler) introspectOwn(ctx context.Context, c *apps.Client, t accessToken, id []byte) (introspected, error) {
	a, err := h.clients.OwnAccess(ctx, t.named(id), t.own)
	if err != nil || a.Client.UID != c.UID {
		return introspected{}, err
	}
	return introspected{Active: true, Scope: a.Effective.Names(), ClientID: c.ID, TokenType: oidc.BearerToken,
		Expires: t.expires.Unix(), Subject: c.ID, Issuer: h.issuer, Audience: h.tokens.audience(a.Effective)}, nil
}

// named is how the store knows a token of a client's own.
func (t accessToken) named(id []byte) apps.ClientToken {
	return apps.ClientToken{ClientID: t.client, Epoch: uint64(t.epoch), Expires: t.expires, Token: id}
}
