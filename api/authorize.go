package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"latchkey/storage"
	"latchkey/storage/apps"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"
)

// Authorization lets callers on a network in by access tokens (RFC 6750). All fields
// without a stated default are required.
type Authorization struct {
	// Judge says on whose behalf a token acts: an actor that is ReadOnly may do what
	// GET does, another one everything. Errors: ErrInvalidToken,
	// ErrInsufficientScope; any other is the server's own fault.
	Judge func(ctx context.Context, token string) (storage.Actor, error)
	// AuthorizationURL and TokenURL are where tokens come from, for the description.
	AuthorizationURL, TokenURL string
	// Refused hears why a caller was not let in, by the code of RFC 6750 section 3.1
	// or a word like it; default nobody.
	Refused func(ctx context.Context, code string, cause error)
}

// What Judge says of a token that lets nobody in.
var (
	ErrInvalidToken      = errors.New("the access token is not valid, expired or revoked")
	ErrInsufficientScope = errors.New("the access token is not for this")
)

// scopeFor is the least scope that a call needs. It is decided by the method, so that
// no operation can be added without: GET is safe (RFC 9110 section 9.2.1), nothing
// else is.
func scopeFor(method string) string {
	if method == http.MethodGet {
		return apps.ScopeAdminRead
	}
	return apps.ScopeAdmin
}

// turnedAway is why a caller is not let in, as RFC 6750 section 3 has it.
type turnedAway struct {
	status int
	code   string // "": no token came, so nothing is wrong with one
	scope  string // that would do
	detail string
	cause  error // for the log
}

// admitted is who was let in, and by which token.
type admitted struct {
	by    storage.Actor
	token string
}

type admittedKey struct{}

func admittedAs(ctx context.Context) admitted {
	c, _ := ctx.Value(admittedKey{}).(admitted) // nobody, who may do nothing
	return c
}

// authorize stands before every operation, before anything of its body is read.
func (r *routes) authorize(ctx huma.Context, next func(huma.Context)) {
	ctx.SetHeader("Cache-Control", "no-store")
	if r.Authorization == nil {
		next(ctx)
		return
	}
	request, _ := humamux.Unwrap(ctx)
	token, away := bearer(request)
	var by storage.Actor
	if away == nil {
		by, away = r.judge(ctx.Context(), ctx.Operation().Method, token)
	}
	if away != nil {
		r.turnAway(ctx, away)
		return
	}
	next(huma.WithValue(ctx, admittedKey{}, admitted{by, token}))
}

// stillIn judges once more when the body of a change has come, which takes as long as
// its sender likes: whoever holds requests open must not act by what has ended since.
func (r *routes) stillIn(ctx context.Context, method string) (context.Context, error) {
	if r.Authorization == nil || method == http.MethodGet {
		return ctx, nil
	}
	token := admittedAs(ctx).token
	by, away := r.judge(ctx, method, token)
	if away != nil {
		r.note(ctx, away)
		return ctx, huma.ErrorWithHeaders(huma.NewError(away.status, away.detail), away.header())
	}
	return context.WithValue(ctx, admittedKey{}, admitted{by, token}), nil
}

func (r *routes) judge(ctx context.Context, method, token string) (storage.Actor, *turnedAway) {
	by, err := r.Authorization.Judge(ctx, token)
	scope := scopeFor(method)
	switch {
	case errors.Is(err, ErrInvalidToken):
		return by, &turnedAway{status: http.StatusUnauthorized, code: "invalid_token",
			detail: ErrInvalidToken.Error(), cause: err}
	case errors.Is(err, ErrInsufficientScope), err == nil && by.ReadOnly && scope != apps.ScopeAdminRead:
		return by, &turnedAway{status: http.StatusForbidden, code: "insufficient_scope", scope: scope, cause: err,
			detail: "the access token lacks the scope " + scope + ", which this needs"}
	case err != nil:
		status, detail := fault(err)
		return by, &turnedAway{status: status, detail: detail, cause: err}
	case !by.Administers():
		return by, &turnedAway{status: http.StatusForbidden, code: "forbidden", detail: storage.ErrForbidden.Error()}
	}
	return by, nil
}

// bearer takes the access token from the one place where it may be: a token in the
// address ends up in logs.
func bearer(r *http.Request) (string, *turnedAway) {
	bad := func(detail string) *turnedAway {
		return &turnedAway{status: http.StatusBadRequest, code: "invalid_request", detail: detail}
	}
	if r.URL.Query().Has("access_token") {
		return "", bad("an access token does not belong in the address: send it in the Authorization header")
	}
	headers := r.Header["Authorization"]
	if len(headers) > 1 {
		return "", bad("the Authorization header was sent more than once")
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if token = strings.TrimSpace(token); token == "" || !strings.EqualFold(scheme, "Bearer") {
		return "", &turnedAway{status: http.StatusUnauthorized, detail: "send an access token: Authorization: Bearer …"}
	}
	return token, nil
}

func (r *routes) turnAway(ctx huma.Context, a *turnedAway) {
	r.note(ctx.Context(), a)
	for name := range a.header() {
		ctx.SetHeader(name, a.header().Get(name))
	}
	_ = huma.WriteErr(r.huma, ctx, a.status, a.detail)
}

// note tells whoever hears of refusals why.
func (r *routes) note(ctx context.Context, a *turnedAway) {
	switch {
	case a.status >= http.StatusInternalServerError:
		r.Report(ctx, a.cause)
	case r.Authorization.Refused != nil:
		r.Authorization.Refused(ctx, cmp.Or(a.code, "no_token"), a.cause)
	}
}

func (a *turnedAway) header() http.Header {
	h := http.Header{}
	if a.challenges() {
		h.Set("WWW-Authenticate", a.challenge())
	}
	return h
}

// challenges reports whether another token would help: not where we have failed, nor
// a user who may not administer.
func (a *turnedAway) challenges() bool {
	return a.status == http.StatusUnauthorized || a.code == "invalid_request" || a.code == "insufficient_scope"
}

// challenge is RFC 6750 section 3's.
func (a *turnedAway) challenge() string {
	text := `Bearer realm="latchkey"`
	if a.code != "" {
		text += `, error="` + a.code + `", error_description="` + a.detail + `"`
	}
	if a.scope != "" {
		text += `, scope="` + a.scope + `"`
	}
	return text
}

// securityScheme is its name in the description.
const securityScheme = "latchkey"

// secured says in the description what authorize demands.
func (r *routes) secured(op *huma.Operation) {
	if r.Authorization == nil {
		return
	}
	op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden)
	op.Security = []map[string][]string{{securityScheme: {apps.ScopeAdmin}}}
	if least := scopeFor(op.Method); least != apps.ScopeAdmin {
		op.Security = append(op.Security, map[string][]string{securityScheme: {least}})
	}
}

// security describes how to get a token.
func (a *Authorization) security() map[string]*huma.SecurityScheme {
	scopes := map[string]string{apps.ScopeAdmin: "Everything", apps.ScopeAdminRead: "Everything that GET does"}
	return map[string]*huma.SecurityScheme{securityScheme: {
		Type:        "oauth2",
		Description: "An access token of Latchkey's own, in the Authorization header (RFC 6750). Only first-party clients get these scopes, and a user's token is worth what the user's roles are.",
		Flows: &huma.OAuthFlows{
			ClientCredentials: &huma.OAuthFlow{TokenURL: a.TokenURL, Scopes: scopes},
			AuthorizationCode: &huma.OAuthFlow{AuthorizationURL: a.AuthorizationURL, TokenURL: a.TokenURL,
				Scopes: scopes},
		},
	}}
}
