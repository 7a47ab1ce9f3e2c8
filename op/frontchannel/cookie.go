package frontchannel

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"time"

	"latchkey/storage"
)

// Cookies is how this provider's cookies look: HttpOnly; Lax, since Strict would be
// withheld when a client's page sends the browser here; and over https Secure,
// under a name prefix that browsers hold us to (RFC 6265bis section 4.1.3).
type Cookies struct {
	Secure bool // the issuer is https
}

// New makes the cookie called name; a negative life removes it.
func (k Cookies) New(name, value, path string, life time.Duration) *http.Cookie {
	c := &http.Cookie{Name: k.Name(name, path), Value: value, Path: path, HttpOnly: true,
		Secure: k.Secure, SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second)}
	if life < 0 {
		c.MaxAge = -1
	}
	return c
}

// Name is the full name of the cookie called name at path. On plain http, which
// only localhost may use, there are no prefixes.
func (k Cookies) Name(name, path string) string {
	switch {
	case !k.Secure:
		return "latchkey-" + name
	case path == "/":
		return "__Host-latchkey-" + name
	default:
		return "__Secure-latchkey-" + name
	}
}

const (
	browserCookie = "browser"
	browserBytes  = 16
	browserLife   = 400 * 24 * time.Hour // the most that browsers keep a cookie
)

// Browsers gives browsers a name.
type Browsers struct{ Cookies Cookies }

// Browser returns what names this browser: the bytes of a small cookie that says
// nothing about anybody. Nil if it has none yet.
func (b *Browsers) Browser(r *http.Request) []byte { return b.BrowserIn(r, browserCookie) }

func (b *Browsers) BrowserIn(r *http.Request, cookie string) []byte {
	c, err := r.Cookie(b.Cookies.Name(cookie, "/"))
	if err != nil {
		return nil
	}
	name, err := base64.RawURLEncoding.Strict().DecodeString(c.Value)
	if err != nil || len(name) != browserBytes {
		return nil
	}
	return name
}

// NameBrowser is Browser, giving it a name if it has none.
func (b *Browsers) NameBrowser(w http.ResponseWriter, r *http.Request) []byte {
	if name := b.Browser(r); name != nil {
		return name
	}
	name := make([]byte, browserBytes)
	_, _ = rand.Read(name) // never fails: it would end the program
	http.SetCookie(w, b.Cookies.New(browserCookie, base64.RawURLEncoding.EncodeToString(name), "/", browserLife))
	return name
}

// FirstCookie is called by the flow that it is for.
func FirstCookie(flow storage.ID) string { return browserCookie + "-" + flow.String() }

// NameFor is NameBrowser for a flow that begins, whose cookie is sealed with the name.
// Two tabs that open at once in a browser without a name are given one each, and it
// keeps the one that came last. So a name that is new is left a second time, for this
// flow alone: the other tab's does not take its place. Like the first it is under a
// __Host- name, by which no neighbouring site can plant it.
func (b *Browsers) NameFor(w http.ResponseWriter, r *http.Request, flow storage.ID, life time.Duration) []byte {
	had := b.Browser(r)
	name := b.NameBrowser(w, r)
	if had == nil {
		http.SetCookie(w, b.Cookies.New(FirstCookie(flow), base64.RawURLEncoding.EncodeToString(name), "/", life))
	}
	return name
}
