package introspection

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"latchkey/internal/edge"
	"latchkey/op/clientauth"
	"latchkey/op/oauth"
	"latchkey/op/tokens"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// introspectionHandler is RFC 7662's endpoint. Only confidential clients and resources
// may ask.
type Handler struct {
	Issuer  string
	Auth    *clientauth.Authenticator
	Tokens  *tokens.Tokens
	Clients apps.Clients
	Grants  grants.Grants
	Now     func() time.Time
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form, e := readTokenCall(w, r)
	if e != nil {
		e.Write(w, r)
		return
	}
	out, e := h.answer(r, form)
	if e != nil {
		e.Write(w, r)
		return
	}
	oauth.WriteJSON(w, out)
}

func (h *Handler) answer(r *http.Request, form url.Values) (introspected, *oauth.Error) {
	ctx := r.Context()
	sent, e := clientauth.ReadCredentials(r.Header, form)
	if e != nil {
		return introspected{}, e
	}
	resource, e := h.Auth.AuthenticateResource(ctx, sent)
	switch {
	case e != nil:
		return introspected{}, e
	case resource != nil && form.Get("token") == "":
		return introspected{}, tokenMissing()
	case resource != nil:
		return answerOf(ctx)(h.introspectFor(ctx, resource, form.Get("token")))
	}
	by, e := h.Auth.AuthenticateClient(ctx, sent)
	switch {
	case e != nil:
		return introspected{}, e
	case !by.Client.Confidential():
		return introspected{}, clientauth.NotAuthenticated("a public client may not introspect")
	case form.Get("token") == "":
		e = tokenMissing()
	}
	if e = h.Auth.Settle(ctx, by, e); e != nil {
		return introspected{}, e
	}
	return answerOf(ctx)(h.introspect(ctx, by.Client, form.Get("token")))
}

// readTokenCall reads a request in which a caller sends a token: POST only, parameters in
// the body only.
func readTokenCall(w http.ResponseWriter, r *http.Request) (url.Values, *oauth.Error) {
	oauth.NoStore(w)
	if e := oauth.PostOnly(w, r, "this endpoint"); e != nil {
		return nil, e
	}
	return oauth.PostForm(w, r, oauth.TokenCallParameters)
}

func tokenMissing() *oauth.Error { return oauth.InvalidRequest("token is missing") }

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
	Audience  oauth.Audience           `json:"aud,omitempty"`
}

// answerOf says what a token is worth now, to the client it was issued to and to
// the resources it is for; of all others it says that they are not active, and no
// more.
func answerOf(ctx context.Context) func(introspected, error) (introspected, *oauth.Error) {
	return func(out introspected, err error) (introspected, *oauth.Error) {
		switch {
		case err == nil && !out.Active:
			err = errNotTheirs
			fallthrough
		case tokens.IsRefusal(err):
			edge.Note(ctx, slog.Bool("active", false))
			edge.Fail(ctx, "", err) // the caller is told no reason
			return introspected{}, nil
		case err == nil:
			return out, nil
		default:
			return introspected{}, oauth.Failed(err)
		}
	}
}

var errNotTheirs = errors.New("it is neither the caller's nor for the caller, or its refresh token is not the current one")

func (h *Handler) introspect(ctx context.Context, c *apps.Client, token string) (introspected, error) {
	if t, err := h.Tokens.OpenRefreshToken(ctx, token); err == nil {
		return h.introspectRefresh(ctx, c, t.Grant, t.Generation)
	} else if !tokens.IsRefusal(err) {
		return introspected{}, err
	}
	t, id, err := h.Tokens.Open(token)
	if err != nil {
		return introspected{}, err
	}
	if t.Grant.IsZero() {
		return h.introspectOwn(ctx, c, t, id)
	}
	a, err := h.Tokens.OpenGrant(ctx, t, id)
	if err != nil || a.Client.UID != c.UID {
		return introspected{}, err
	}
	out := h.introspectedOf(a)
	out.TokenType, out.Expires, out.Audience = oidc.BearerToken, t.Expires.Unix(), h.Tokens.Audience(a.Effective)
	return out, nil
}

func (h *Handler) introspectedOf(a *grants.Access) introspected {
	return introspected{Active: true, Scope: a.Scopes, ClientID: a.Client.ID, Username: a.User.Username,
		Subject: a.User.Subject(), Issuer: h.Issuer, AuthTime: a.Grant.AuthTime.Unix()}
}

// introspectRefresh: a refresh token is active while it is the current one.
func (h *Handler) introspectRefresh(ctx context.Context, c *apps.Client, grant storage.ID,
	generation uint32) (introspected, error) {
	a, err := h.Grants.Access(ctx, grant, nil)
	if err != nil || a.Client.UID != c.UID || a.State.Generation != generation || !tokens.MayRefresh(a) ||
		a.RefreshOver(h.Now()) != "" {
		return introspected{}, err
	}
	return h.introspectedOf(a), nil
}

func (h *Handler) introspectOwn(ctx context.Context, c *apps.Client, t tokens.AccessToken, id []byte) (introspected,
	error) {
	a, err := h.Clients.OwnAccess(ctx, t.ClientToken(id), t.Own)
	if err != nil || a.Client.UID != c.UID {
		return introspected{}, err
	}
	return introspected{Active: true, Scope: a.Effective.Names(), ClientID: c.ID, TokenType: oidc.BearerToken,
		Expires: t.Expires.Unix(), Subject: c.ID, Issuer: h.Issuer, Audience: h.Tokens.Audience(a.Effective)}, nil
}
