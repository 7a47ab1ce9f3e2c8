package authorize

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/op/userclaims"
	"latchkey/storage/apps"
)

// Request is an authorization request, resolved: its client and redirect URI are
// checked, hints are reduced to what they say, and only what later steps need is
// kept. It travels in the flow cookie, so it is small.
type Request struct {
	ClientID     string             `cbor:"1,keyasint"`
	RedirectURI  string             `cbor:"2,keyasint"`
	Scopes       []string           `cbor:"3,keyasint"` // asked for and allowed to the client
	State        string             `cbor:"4,keyasint,omitempty"`
	Nonce        string             `cbor:"5,keyasint,omitempty"`
	ResponseMode string             `cbor:"6,keyasint,omitempty"` // fragment, form_post, or "" for query
	Prompt       []string           `cbor:"7,keyasint,omitempty"`
	MaxAge       *uint32            `cbor:"8,keyasint,omitempty"` // seconds
	Challenge    string             `cbor:"9,keyasint,omitempty"` // S256
	LoginHint    string             `cbor:"10,keyasint,omitempty"`
	Subject      string             `cbor:"11,keyasint,omitempty"` // whom id_token_hint or claims.sub names
	Claims       userclaims.Request `cbor:"12,keyasint,omitzero"`
	Started      time.Time          `cbor:"13,keyasint"`
	// Implied says that RedirectURI was not sent: it is the only one registered.
	Implied bool `cbor:"14,keyasint,omitempty"`
}

// fault is an error in a request whose client and redirect URI are good.
type fault struct {
	code string // RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6
	text string

	quoted string // what text repeats of what was sent, and the log does not
	untold bool   // the client cannot be told: a page says it
}

func faulty(code, format string, args ...any) *fault {
	return &fault{code: code, text: fmt.Sprintf(format, args...)}
}

// parameter sizes, in bytes. What passes them and is still too large together is
// refused when the flow is sealed. Some frameworks keep in state, sealed, where the
// person was: an app that is itself a provider has a whole request there.
const (
	nonceMost = 512
	hintMost  = 256
)

// redirectURI decides where answers to this client may go, before anything else is
// looked at. The URI was decoded once, by the form, and is compared as it is.
func redirectURI(c *apps.Client, form url.Values) (string, *frontchannel.Refusal) {
	if len(form["redirect_uri"]) > 1 {
		return "", frontchannel.Refuse(frontchannel.RefusedRequest, "redirect_uri was sent more than once")
	}
	sent := form.Get("redirect_uri")
	if sent == "" {
		// OpenID Connect requires it; plain OAuth lets a client with just one
		// leave it out (RFC 6749 section 3.1.2.3).
		if oauth.IsOIDC(strings.Fields(form.Get("scope"))) || len(c.Metadata.RedirectURIs) != 1 {
			return "", frontchannel.Refuse(frontchannel.RefusedRequest, "redirect_uri is missing")
		}
		return c.Metadata.RedirectURIs[0], nil
	}
	if !c.AllowsRedirect(sent) {
		// What is registered is not said: anybody can ask.
		quoted := fmt.Sprintf("%.256q", sent)
		return "", frontchannel.Refuse(frontchannel.RefusedRedirect,
			"the redirect_uri sent is not registered: %s%s", quoted,
			frontchannel.NearRegistered(c.Metadata.RedirectURIs, sent)).Quoting(quoted)
	}
	if asksForToken(form) && !slices.Contains(c.Metadata.RedirectURIs, sent) {
		return "", frontchannel.Refuse(frontchannel.RefusedRedirect,
			"another port than the registered one is for response_type code alone")
	}
	return sent, nil
}

// asksForToken reports whether the authorization response would hold a token.
func asksForToken(form url.Values) bool {
	types := strings.Fields(form.Get("response_type"))
	return slices.Contains(types, "token") || slices.Contains(types, "id_token")
}

// parse reads the rest of a request. The Request it returns is good for sending an
// error to the client even when there is a fault.
func (h *Handler) parse(all *apps.Catalogue, c *apps.Client, redirect string, form url.Values) (*Request, *fault) {
	q := &Request{ClientID: c.ID, RedirectURI: redirect, Implied: form.Get("redirect_uri") == "",
		Started: h.Now().UTC().Truncate(time.Second)}
	if f := q.readReturn(form); f != nil {
		return q, f
	}
	if name := oauth.SentTwice(form, oauth.AuthorizeParameters); name != "" {
		return q, faulty("invalid_request", "%s was sent more than once", name)
	}
	for _, step := range []func(*apps.Client, url.Values) *fault{
		q.readResponse, q.readUnsupported, q.readPrompt, q.readChallenge, h.readScopes(q, all), h.readHints(q),
	} {
		if f := step(c, form); f != nil {
			return q, f
		}
	}
	return q, nil
}

// readReturn reads what an answer depends on, be it an error: how it travels, and
// whether anybody may be shown a page.
func (q *Request) readReturn(form url.Values) *fault {
	q.Prompt = strings.Fields(form.Get("prompt"))
	if f := q.readMode(form); f != nil {
		return f
	}
	return q.readState(form)
}

// readState keeps what the client tells its request by. One that cannot come back as it
// was is told on a page: an answer without it looks forged (RFC 6749 section 4.1.2.1).
func (q *Request) readState(form url.Values) (f *fault) {
	state := form.Get("state")
	switch {
	case len(form["state"]) > 1:
		f = faulty("invalid_request", "state was sent more than once")
	case len(state) > frontchannel.MaxState:
		f = faulty("invalid_request", "state may be up to %d bytes long", frontchannel.MaxState)
	case q.ResponseMode == frontchannel.ModeFormPost && !frontchannel.PostableText(state):
		f = faulty("invalid_request", "with response_mode form_post, state must be UTF-8 without control characters")
	case q.ResponseMode != frontchannel.ModeFormPost &&
		len(q.RedirectURI)+len(url.QueryEscape(state)) > frontchannel.MaxLocation-frontchannel.MaxAnswer:
		f = faulty("invalid_request", "redirect_uri and state, encoded, are too long to come back in an address of %d bytes", frontchannel.MaxLocation)
	default:
		q.State = state
		return nil
	}
	f.untold = true
	return f
}

// readMode reads how an answer travels. If we cannot send it like that, no error can be
// sent either (OpenID Connect Core section 3.1.2.6).
func (q *Request) readMode(form url.Values) *fault {
	var f *fault
	mode := form.Get("response_mode")
	if mode == "" {
		mode = q.modeOfObject(form.Get("request"))
	}
	switch mode {
	case "", frontchannel.ModeQuery:
		// An app that asks for tokens from the front channel looks for the error in the
		// fragment too (OAuth 2.0 Multiple Response Type Encoding Practices section 2.1).
		if asksForToken(form) {
			q.ResponseMode = frontchannel.ModeFragment
		}
		return nil
	case frontchannel.ModeFormPost:
		if frontchannel.Postable(q.RedirectURI) {
			q.ResponseMode = mode
			return nil
		}
		f = faulty("invalid_request", "response_mode form_post needs an https or http redirect URI")
	case frontchannel.ModeFragment:
		q.ResponseMode = mode
		return nil
	default:
		f = faulty("invalid_request", "response_mode must be query, fragment or form_post")
	}
	f.untold = true
	return f
}

// modeOfObject is the response mode that a request object (OpenID Connect Core section 6)
// asks for, if it is one that we serve. The object itself is refused, and its signature
// not looked at: the client hears of that where it listens.
func (q *Request) modeOfObject(object string) string {
	parts := strings.Split(object, ".")
	if len(parts) != 3 {
		return ""
	}
	var claims struct {
		ResponseMode string `json:"response_mode"`
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &claims) != nil {
		return ""
	}
	if m := claims.ResponseMode; m == frontchannel.ModeFragment || m == frontchannel.ModeFormPost &&
		frontchannel.Postable(q.RedirectURI) {
		return m
	}
	return ""
}

func (q *Request) asks(prompt string) bool { return slices.Contains(q.Prompt, prompt) }
