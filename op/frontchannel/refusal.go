package frontchannel

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"latchkey/internal/edge"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// Refusal is an authorization request that ends on a page of ours. The pages own
// the words; Detail is for developers.
type Refusal struct {
	Kind   RefusalKind
	Status int
	// Client is the app's name, when the app is known.
	Client string
	// Home is the app's own page, when it has registered one.
	Home string
	// SignOut, if not empty, is an address of ours that does what an app asked for, to sign
	// somebody out, without going to the address that it gave. They are still signed in.
	SignOut string
	// Suspended says, of an unavailable client, that it was in use before.
	Suspended bool
	// Retry is how long to wait before the same request may succeed; 0: not known.
	Retry time.Duration
	// Code is the protocol's error code (RFC 6749 section 4.1.2.1), if any.
	Code string
	// Detail says to the app's developer what was wrong. It holds nothing secret.
	Detail string

	quoted string // what Detail repeats of what was sent, and the log does not
	cause  error  // for the log; nil: Detail says it all
}

// RefusalKind is whose turn it is.
type RefusalKind string

// The kinds of refusal.
const (
	RefusedClient      RefusalKind = "unknown_client"     // no such client
	RefusedRedirect    RefusalKind = "redirect_uri"       // not one the client registered
	RefusedRequest     RefusalKind = "request"            // the client's request is wrong
	RefusedUnavailable RefusalKind = "client_unavailable" // not approved, or suspended
	RefusedNotAllowed  RefusalKind = "not_allowed"        // the user's groups may not use the client
	RefusedExpired     RefusalKind = "expired"            // the flow is over, or began in another browser
	RefusedFinished    RefusalKind = "finished"           // the app has had its answer already
	RefusedTooMany     RefusalKind = "too_many"           // codes made for this user
	RefusedInternal    RefusalKind = "internal"           // our fault
	RefusedStopped     RefusalKind = "stopped"            // our fault, until the program is started again
)

func (k RefusalKind) Status() int {
	switch k {
	case RefusedUnavailable, RefusedNotAllowed:
		return http.StatusForbidden
	case RefusedExpired, RefusedFinished:
		return http.StatusGone
	case RefusedTooMany:
		return http.StatusTooManyRequests
	case RefusedInternal:
		return http.StatusInternalServerError
	case RefusedStopped:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}

// Quoting says what of the detail was sent.
func (r *Refusal) Quoting(sent string) *Refusal {
	r.quoted = sent
	return r
}

func Refuse(kind RefusalKind, format string, args ...any) *Refusal {
	return &Refusal{Kind: kind, Status: kind.Status(), Detail: fmt.Sprintf(format, args...)}
}

// Internal is our own fault: people hear no more than that.
func Internal(err error) *Refusal {
	bad := Refuse(RefusedInternal, "something went wrong on our side")
	if storage.Stopped(err) {
		bad = Refuse(RefusedStopped, "the provider is out of order")
	}
	bad.cause = err
	return bad
}

// Expired is the one answer to a flow that is over, unknown, changed or another
// browser's.
func Expired() *Refusal {
	return Refuse(RefusedExpired, "the flow is over, or began in another browser")
}

// of is the refusal of a request of client, which may be nil, with the protocol's error
// code. The reason is put into the request's log record.
func (r *Refusal) For(ctx context.Context, client *apps.Client) Refusal {
	out := *r
	if client != nil {
		out.Client, out.Home = client.Name(), client.Metadata.ClientURI
		out.Suspended = client.State == apps.ClientSuspended
	}
	cause := out.cause
	if cause == nil {
		cause = oauth.Unquoted(out.Detail, out.quoted)
	}
	switch {
	case out.Code != "":
		edge.Fail(ctx, out.Code, cause)
	case out.Kind == RefusedInternal || out.Kind == RefusedStopped:
		edge.Fail(ctx, "server_error", cause)
	case out.Kind == RefusedRequest:
		out.Code = "invalid_request"
		edge.Fail(ctx, out.Code, cause)
	default:
		edge.Fail(ctx, string(out.Kind), cause)
	}
	return out
}
