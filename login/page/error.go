package page

import (
	"html/template"
	"net/http"
	"strings"
	"time"
)

// Fault is a kind of error. It decides the words of the page.
type Fault int

// The faults. The first group follows the status of the answer, the second is
// what an app got wrong in sending somebody here, or what a status does not tell apart.
const (
	Internal      Fault = iota // 500
	BadRequest                 // 400
	Forbidden                  // 403
	NotFound                   // 404
	WrongMethod                // 405
	TooLarge                   // 413
	TooMany                    // 429
	Overloaded                 // 503
	CrossOrigin                // 403: a form was sent from another site
	UnknownApp                 // 400: no such client
	WrongAddress               // 400: a redirect URI that is not registered
	WrongQuestion              // 400: an authorization request that makes no sense
	OutOfOrder                 // 503: nothing can be answered until an operator has seen to it
)

// faults maps each fault to its words: what happened, and whose turn it is.
var faults = map[Fault]struct {
	status            int
	title, what, turn Key
}{
	Internal:    {http.StatusInternalServerError, "error.internal", "error.internal.what", "error.internal.turn"},
	BadRequest:  {http.StatusBadRequest, "error.bad_request", "error.bad_request.what", "error.bad_request.turn"},
	Forbidden:   {http.StatusForbidden, "error.forbidden", "error.forbidden.what", "error.forbidden.turn"},
	NotFound:    {http.StatusNotFound, "error.not_found", "error.not_found.what", "error.not_found.turn"},
	WrongMethod: {http.StatusMethodNotAllowed, "error.method", "error.method.what", "error.method.turn"},
	TooLarge: {http.StatusRequestEntityTooLarge, "error.too_large", "error.too_large.what",
		"error.too_large.turn"},
	TooMany: {http.StatusTooManyRequests, "error.too_many", "error.too_many.what", "error.too_many.turn"},
	Overloaded: {http.StatusServiceUnavailable, "error.overloaded", "error.overloaded.what",
		"error.overloaded.turn"},
	CrossOrigin:  {http.StatusForbidden, "error.cross_origin", "error.cross_origin.what", "error.cross_origin.turn"},
	UnknownApp:   {http.StatusBadRequest, "error.unknown_app", "error.unknown_app.what", "error.app.turn"},
	WrongAddress: {http.StatusBadRequest, "error.wrong_address", "error.wrong_address.what", "error.app.turn"},
	OutOfOrder: {http.StatusServiceUnavailable, "error.out_of_order", "error.out_of_order.what",
		"error.out_of_order.turn"},
	WrongQuestion: {http.StatusBadRequest, "error.wrong_question", "error.wrong_question.what", "error.app.turn"},
}

// FaultOf is the fault that a status stands for: Internal for an unknown one of
// 500 and above, BadRequest for another.
func FaultOf(status int) Fault {
	for f := Internal; f <= Overloaded; f++ {
		if faults[f].status == status {
			return f
		}
	}
	if status >= http.StatusInternalServerError {
		return Internal
	}
	return BadRequest
}

// Status is the HTTP status the fault belongs to.
func (f Fault) Status() int { return faults[f].status }

// Error tells that something went wrong, and whose turn it is.
type Error struct {
	Fault  Fault
	App    *App   // whose request it was, if it is known
	Code   string // the protocol's error code, for WrongQuestion: the page says it in words
	Detail string // technical, for a developer, folded away; safe to show to anyone
	// RetryAfter is sent as a header and said in words, for TooMany and Overloaded.
	RetryAfter time.Duration
	// SignOutURL, for WrongAddress of a known App, is the path where the person is signed
	// out, which the app asked for: they are still signed in.
	SignOutURL string
}

func (p Error) frame(l *livery) frame {
	f := faults[p.Fault]
	m := &message{Icon: "alert", Lines: []Text{Say(f.what), Say(f.turn)}, Links: []link{home()},
		Reference: &reference{Detail: oneLine(p.Detail), Status: f.status}}
	if k := Key("error.question." + p.Code); p.Fault == WrongQuestion && english.messages[k] != "" {
		m.Lines[0] = Say(k)
	}
	if p.App != nil && f.turn == "error.app.turn" {
		m.Lines[1] = Say("error.app.turn.named", p.App.Name)
	}
	if p.Fault == Forbidden {
		m.Lines[1] = Say(f.turn, l.Contact())
		m.Links = append(m.Links, l.help()...)
	}
	if p.RetryAfter > 0 {
		m.Lines[1] = Say("error.retry", wait(p.RetryAfter))
	}
	if p.Fault == Internal || p.Fault == OutOfOrder {
		m.Links = append(m.Links, l.help()...)
	}
	title := Say(f.title)
	if strings.HasPrefix(p.SignOutURL, "/") && p.App != nil {
		title = Say("error.still_signed_in")
		m.Lines = []Text{Say("error.still_signed_in.what", p.App.Name), Say("error.still_signed_in.turn", p.App.Name)}
		m.Links = append([]link{{template.URL(p.SignOutURL), Say("signout.button")}},
			m.Links...) //nolint:gosec // G203: ours
	}
	return frame{template: "message", title: title, message: m, leaves: true, wait: p.RetryAfter}
}
