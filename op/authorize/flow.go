package authorize

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"latchkey/keys"
	"latchkey/op/frontchannel"
	"latchkey/storage"
	"latchkey/storage/grants"
	"latchkey/storage/policy"
)

// PathFlow is where the pages of a flow live: PathFlow/<id>/…
const PathFlow = "/flow"

// The most bytes that a sealed flow has in one cookie, and in all. Browsers take cookies
// of 4 KB; proxies refuse header lines past 8 KB, and a browser sends a flow only to its
// own pages, together with the small cookies of all pages.
const (
	flowCookieMost = 3500
	flowMost       = 6000
)

// A flow too long for one cookie goes on in a second one, and the first says so by its
// last character: a second one that is left over from before means nothing.
const (
	flowCookie  = "flow"
	flowCookie2 = "flow-2"
	flowGoesOn  = "."
)

// flow is an authorization in progress, as it travels in this browser's cookie.
type flow struct {
	Request   Request   `cbor:"1,keyasint"`
	Decisions decisions `cbor:"2,keyasint,omitzero"`
}

// decisions are what was decided in this flow, written only by the pages. Each is
// bound to a session: a decision of one account never serves another.
type decisions struct {
	// Session is the account that signed in or was chosen here: the first session of
	// its line, so that signing in again in another tab does not undo what was decided.
	Session storage.ID `cbor:"1,keyasint,omitzero"`
	// Authenticated says that Session began in this flow: what prompt=login and
	// max_age=0 ask for. Another tab's sign-in does not satisfy them.
	Authenticated bool             `cbor:"2,keyasint,omitempty"`
	Consent       *consentDecision `cbor:"3,keyasint,omitempty"`
	// Over says that the app has had its answer, and that it was no: nothing is
	// decided in this flow any more.
	Over bool `cbor:"4,keyasint,omitempty"`
}

type consentDecision struct {
	Session  storage.ID `cbor:"1,keyasint"`
	Digest   []byte     `cbor:"2,keyasint"` // of what was shown
	Scopes   []string   `cbor:"3,keyasint"`
	Declined []string   `cbor:"4,keyasint,omitempty"`
	Claims   []string   `cbor:"5,keyasint,omitempty"`
}

func flowPath(id storage.ID) string { return PathFlow + "/" + id.String() }

// binding ties a flow cookie to its flow and to the browser it was given to.
func binding(id storage.ID, browser []byte) []byte { return append(id[:], browser...) }

// bindingPosted is that of a request on its way from POST to GET. No flow's is as
// short.
var bindingPosted = []byte("posted")

// fits reports whether the flow fits into its cookies, and will when everything in it
// has been decided: a person is not let in to be turned away after saying yes.
func (f *flow) fits() bool {
	digest := sha256.Sum256([]byte(f.Request.State)) // as little to compress as the real one
	other := sha256.Sum256(digest[:])                // nor do the real ones share bytes
	session := storage.ID(other[:])
	full := flow{Request: f.Request, Decisions: decisions{Session: session, Authenticated: true, Over: true,
		Consent: &consentDecision{Session: session, Digest: digest[:], Scopes: f.Request.Scopes,
			Declined: f.Request.Scopes, Claims: f.Request.Claims.All()}}}
	const spare = 64 // other bytes compress a little worse
	return base64.RawURLEncoding.EncodedLen(len(frontchannel.Pack(&full))+keys.SealOverhead+spare) <= flowMost
}

// open reads a flow that was sealed.
func (h *Handler) open(binding []byte, text string) (*flow, error) {
	f := new(flow)
	if err := h.Sealer.Unseal(binding, text, flowMost, f); err != nil {
		return nil, err
	}
	return f, nil
}

// flowKept is how much longer than the flow its cookie is kept: a night, after which a
// page that waited too long can still say for which app. When a flow is over is decided
// by the time in it, never by the cookie being there.
const flowKept = 12 * time.Hour

// keep writes a flow, one that fits and has life left, into this browser.
func (h *Handler) keep(w http.ResponseWriter, id storage.ID, browser []byte, f *flow, life time.Duration) {
	first, rest := h.Sealer.Seal(binding(id, browser), f), ""
	if len(first) > flowCookieMost {
		first, rest = first[:flowCookieMost]+flowGoesOn, first[flowCookieMost:]
	}
	http.SetCookie(w, h.Browsers.Cookies.New(flowCookie, first, flowPath(id), life+flowKept))
	if rest != "" {
		http.SetCookie(w, h.Browsers.Cookies.New(flowCookie2, rest, flowPath(id), life+flowKept))
	}
}

// left is how long a flow that is in the browser has yet.
func (h *Handler) left(f *flow, set *policy.Settings) time.Duration {
	return f.Request.Started.Add(policy.Seconds(set.Lifetimes.Flow)).Sub(h.Now()).Truncate(time.Second)
}

// close answers the app with a no, and leaves of the flow in this browser only that it
// is over, and whose it was: by the back button, or the flow's link opened again, no
// code follows an answer that the app has had. Nothing is stored, for nobody may be
// signed in. Whoever brings an older cookie back overrules nobody but themselves.
func (h *Handler) close(id storage.ID, st *grants.Standing, f *flow, no *fault) outcome {
	over := &flow{Request: Request{ClientID: f.Request.ClientID, RedirectURI: f.Request.RedirectURI,
		Started: f.Request.Started},
		Decisions: decisions{Over: true}}
	return outcome{client: st.Client, request: &f.Request, fault: no,
		keep: &keptFlow{id: id, flow: over, life: h.left(f, st.Settings)}}
}

// recall reads the flow id of this browser, if it has it.
func (h *Handler) recall(r *http.Request, id storage.ID) (*flow, error) {
	browser := h.Browsers.Browser(r)
	text := h.flowIn(r, id)
	if text == "" || browser == nil {
		return nil, frontchannel.ErrNoFlow
	}
	f, err := h.open(binding(id, browser), text)
	if first := h.Browsers.BrowserIn(r, frontchannel.FirstCookie(id)); err != nil && first != nil {
		return h.open(binding(id, first), text)
	}
	return f, err
}

// flowIn is the sealed flow id as the request brings it; "" if it brings none.
func (h *Handler) flowIn(r *http.Request, id storage.ID) string {
	first, err := r.Cookie(h.Browsers.Cookies.Name(flowCookie, flowPath(id)))
	if err != nil {
		return ""
	}
	text, goesOn := strings.CutSuffix(first.Value, flowGoesOn)
	if !goesOn {
		return text
	}
	rest, err := r.Cookie(h.Browsers.Cookies.Name(flowCookie2, flowPath(id)))
	if err != nil {
		return ""
	}
	return text + rest.Value
}
