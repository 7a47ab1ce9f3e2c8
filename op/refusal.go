package op

import (
	"fmt"
	"net/http"
	"time"
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

func (k RefusalKind) status() int {
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

// quoting says what of the detail was sent.
func (r *Refusal) quoting(sent string) *Refusal {
	r.quoted = sent
	return r
}

func refuse(kind RefusalKind, format string, args ...any) *Refusal {
	return &Refusal{Kind: kind, Status: kind.status(), Detail: fmt.Sprintf(format, args...)}
}
