package authorize

import (
	"net/http"
	"time"

	"latchkey/internal/edge"
	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// outcome is what an authorization request, or a step of its flow, comes to: exactly one
// of page, fault, code and next. Nothing is decided after it, and nothing written before:
// authorizeHandler.write does that, once.
type outcome struct {
	client  *apps.Client // that asks; nil: not known
	request *Request     // that fault or code answers
	keep    *keptFlow    // what the browser is given to keep, besides; nil: nothing

	page  *frontchannel.Refusal // a page of ours, and the client hears nothing
	fault *fault                // an error for the client
	code  string                // for the client
	next  string                // an address of ours where the browser goes on: there something is missing
}

// keptFlow is a flow that is put into the browser.
type keptFlow struct {
	id    storage.ID
	flow  *flow
	life  time.Duration
	fresh bool // the browser need not have a name yet
}

// Ending is the end of a request at which no page has anything to ask.
type Ending struct {
	handler *Handler
	outcome outcome
}

// Write answers the request.
func (e *Ending) Write(w http.ResponseWriter, r *http.Request) { e.handler.write(w, r, e.outcome) }

// write answers a request with what it came to.
func (h *Handler) write(w http.ResponseWriter, r *http.Request, o outcome) {
	if k := o.keep; k != nil && k.fresh {
		h.keep(w, k.id, h.Browsers.NameFor(w, r, k.id, k.life), k.flow, k.life)
	} else if k != nil {
		h.keep(w, k.id, h.Browsers.Browser(r), k.flow, k.life)
	}
	switch {
	case o.page != nil:
		h.Pages.Refuse(w, r, o.page.For(r.Context(), o.client))
	case o.fault != nil && h.untold(o):
		h.Pages.Refuse(w, r, o.fault.page().For(r.Context(), o.client))
	case o.fault != nil:
		edge.Fail(r.Context(), o.fault.code, oauth.Unquoted(o.fault.text, o.fault.quoted))
		h.respond(w, r, o, [][2]string{{"error", o.fault.code}, {"error_description", o.fault.text}})
	case o.code != "":
		h.respond(w, r, o, [][2]string{{"code", o.code}})
	default:
		frontchannel.SeeOther(w, o.next)
	}
}

// untold reports whether a fault is shown on a page instead of told to the client: if it
// cannot be told, and if it is in the request of a public client. Anybody may send people
// to the redirect URI of such a client, and the page says what happened before the
// browser leaves (RFC 9700 section 4.11.2).
func (h *Handler) untold(o outcome) bool {
	return o.fault.untold || !o.client.Confidential() && !o.request.asks("none") && o.fault.code != "access_denied"
}

// page says a fault to the person.
func (f *fault) page() *frontchannel.Refusal {
	bad := frontchannel.Refuse(frontchannel.RefusedRequest, "%s", f.text).Quoting(f.quoted)
	bad.Code = f.code
	return bad
}

// respond sends an authorization response to the client, by a redirect or by a form.
// code comes first: apps have been seen that take the first parameter. iss comes in
// every response (RFC 9207).
func (h *Handler) respond(w http.ResponseWriter, r *http.Request, o outcome, params [][2]string) {
	q := o.request
	if q.State != "" {
		params = append(params, [2]string{"state", q.State})
	}
	params = append(params, [2]string{"iss", h.Issuer})
	if q.ResponseMode == frontchannel.ModeFormPost {
		h.Pages.Post(w, r, frontchannel.Post{Client: o.client.Name(), URI: q.RedirectURI, Params: params})
		return
	}
	frontchannel.SeeOther(w, frontchannel.ResponseURI(q.RedirectURI, q.ResponseMode, params))
}
