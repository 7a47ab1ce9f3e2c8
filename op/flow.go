package op

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/fxamacker/cbor/v2"

	"latchkey/keys"
	"latchkey/storage"
)

// PathFlow is where the pages of a flow live: PathFlow/<id>/…
const PathFlow = "/flow"

// flowCookieMost bounds the flow cookie's value in bytes. A browser sends it only
// to its own flow's pages, together with the small cookies of all pages; proxies
// refuse headers past 8 KB.
const flowCookieMost = 3500

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

var (
	flowEncoder = func() cbor.EncMode {
		m, err := cbor.EncOptions{Time: cbor.TimeUnix}.EncMode()
		if err != nil {
			panic(err)
		}
		return m
	}()
	// flowDecoder takes text in any bytes: state is sent back as it came.
	flowDecoder = func() cbor.DecMode {
		m, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode()
		if err != nil {
			panic(err)
		}
		return m
	}()
	errNoFlow = errors.New("op: this browser has no such flow")
)

func flowPath(id storage.ID) string { return PathFlow + "/" + id.String() }

// binding ties a flow cookie to its flow and to the browser it was given to.
func binding(id storage.ID, browser []byte) []byte { return append(id[:], browser...) }

// bindingPosted is that of a request on its way from POST to GET. No flow's is as
// short.
var bindingPosted = []byte("posted")

func (f *flow) bytes() []byte {
	plain, err := flowEncoder.Marshal(f)
	if err != nil {
		panic("op: a flow cannot be written as CBOR: " + err.Error())
	}
	return plain
}

// fits reports whether the flow fits into its cookie, and will when everything in it
// has been decided: a person is not let in to be turned away after saying yes.
func (f *flow) fits() bool {
	full := flow{Request: f.Request, Decisions: decisions{Session: storage.ID{1}, Authenticated: true, Over: true,
		Consent: &consentDecision{Session: storage.ID{1}, Digest: make([]byte, sha256.Size), Scopes: f.Request.Scopes,
			Declined: []string{}, Claims: f.Request.Claims.all()}}}
	return base64.RawURLEncoding.EncodedLen(len(full.bytes())+keys.SealOverhead)+8 <= flowCookieMost
}

func (p *Provider) seal(binding []byte, f *flow) string {
	return base64.RawURLEncoding.EncodeToString(p.keys.Seal(keys.PurposeFlow, binding, f.bytes()))
}

// open reads what seal wrote: errNoFlow for anything else, whatever the reason.
func (p *Provider) open(binding []byte, text string) (*flow, error) {
	if len(text) > flowCookieMost {
		return nil, errNoFlow
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || base64.RawURLEncoding.EncodedLen(len(sealed)) != len(text) { // the library skips line breaks
		return nil, errNoFlow
	}
	plain, err := p.keys.Unseal(keys.PurposeFlow, binding, sealed)
	if err != nil {
		return nil, errNoFlow
	}
	f := new(flow)
	if err := flowDecoder.Unmarshal(plain, f); err != nil {
		return nil, errNoFlow
	}
	return f, nil
}

// flowKept is how much longer than the flow its cookie is kept: a night, after which a
// page that waited too long can still say for which app. When a flow is over is decided
// by the time in it, never by the cookie being there.
const flowKept = 12 * time.Hour

// keep writes a flow, one that fits and has life left, into this browser.
func (p *Provider) keep(w http.ResponseWriter, id storage.ID, browser []byte, f *flow, life time.Duration) {
	http.SetCookie(w, p.cookies.New("flow", p.seal(binding(id, browser), f), flowPath(id), life+flowKept))
}

// left is how long a flow that is in the browser has yet.
func (p *Provider) left(f *flow, set *storage.Settings) time.Duration {
	return f.Request.Started.Add(storage.Seconds(set.Lifetimes.Flow)).Sub(p.now()).Truncate(time.Second)
}

// close answers the app with a no, and leaves of the flow in this browser only that it
// is over, and whose it was: by the back button, or the flow's link opened again, no
// code follows an answer that the app has had. Nothing is stored, for nobody may be
// signed in. Whoever brings an older cookie back overrules nobody but themselves.
func (p *Provider) close(w http.ResponseWriter, r *http.Request, id storage.ID, st *storage.Standing, f *flow, no *fault) {
	over := &flow{Request: Request{ClientID: f.Request.ClientID, RedirectURI: f.Request.RedirectURI, Started: f.Request.Started},
		Decisions: decisions{Over: true}}
	p.keep(w, id, p.Browser(r), over, p.left(f, st.Settings))
	p.answerFault(w, r, st.Client, &f.Request, no)
}

// recall reads the flow id of this browser, if it has it.
func (p *Provider) recall(r *http.Request, id storage.ID) (*flow, error) {
	browser := p.Browser(r)
	c, err := r.Cookie(p.cookies.Name("flow", flowPath(id)))
	if err != nil || browser == nil {
		return nil, errNoFlow
	}
	f, err := p.open(binding(id, browser), c.Value)
	if first := p.browserIn(r, firstCookie(id)); err != nil && first != nil {
		return p.open(binding(id, first), c.Value)
	}
	return f, err
}
