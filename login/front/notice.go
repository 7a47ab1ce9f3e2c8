package front

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/login/page"
	"latchkey/op/frontchannel"
)

// Notices carry what just went well from the answer to a form to the page that comes
// next, in a cookie: an address that says it could be made by anybody, and would say it
// again at each reload.
type Notices struct{ Cookies frontchannel.Cookies }

const noticeCookie = "notice"

// noticeLife is how long the next page may be on its way.
const noticeLife = time.Minute

// noticePasswordChanged is followed by how many other devices were signed out.
const noticePasswordChanged = "password-changed."

const (
	noticeAppRemoved    = "app-removed"
	noticeAppRemovedOwn = "app-removed-own"
)

// These are followed by a name in base64url.
const (
	noticeSetUp       = "set-up."
	noticePasswordSet = "password-set."
)

func (n Notices) leave(w http.ResponseWriter, what string) {
	http.SetCookie(w, n.Cookies.New(noticeCookie, what, "/", noticeLife))
}

// SetUp leaves the notice that the first administrator is signed in.
func (n Notices) SetUp(w http.ResponseWriter, name string) {
	n.leave(w, noticeSetUp+base64.RawURLEncoding.EncodeToString([]byte(name)))
}

// PasswordSet leaves the notice, for the sign-in form, that a recovered account has a new
// password, and the username to sign in with.
func (n Notices) PasswordSet(w http.ResponseWriter, username string) {
	n.leave(w, noticePasswordSet+base64.RawURLEncoding.EncodeToString([]byte(username)))
}

// AppRemoved leaves the notice that an app was removed, one that asks before it has
// access again or one that does not.
func (n Notices) AppRemoved(w http.ResponseWriter, asks bool) {
	if asks {
		n.leave(w, noticeAppRemoved)
	} else {
		n.leave(w, noticeAppRemovedOwn)
	}
}

// PasswordChanged leaves the notice that a password was changed, and that so many
// other devices were signed out by it.
func (n Notices) PasswordChanged(w http.ResponseWriter, devices int) {
	n.leave(w, noticePasswordChanged+strconv.Itoa(devices))
}

// Take returns what was left for this page to say, and takes it out of the browser;
// zero: nothing.
func (n Notices) Take(w http.ResponseWriter, r *http.Request) page.Text {
	value := n.take(w, r)
	switch value {
	case noticeAppRemoved:
		return page.Say(page.AppRemoved)
	case noticeAppRemovedOwn:
		return page.Say(page.AppRemovedOwn)
	}
	if name, ok := nameIn(value, noticeSetUp); ok {
		return page.Say(page.SetUpDone, name)
	}
	text, ok := strings.CutPrefix(value, noticePasswordChanged)
	devices, err := strconv.Atoi(text)
	switch {
	case !ok || err != nil || devices < 0:
		return page.Text{}
	case devices == 0:
		return page.Say(page.PasswordChangedOnly)
	}
	return page.Count(page.PasswordChanged, devices)
}

// TakeSignIn is Take for the sign-in form, with the username to fill in; empty: none.
func (n Notices) TakeSignIn(w http.ResponseWriter, r *http.Request) (notice page.Text, username string) {
	name, ok := nameIn(n.take(w, r), noticePasswordSet)
	if !ok {
		return page.Text{}, ""
	}
	return page.Say(page.PasswordSet), name
}

func (n Notices) take(w http.ResponseWriter, r *http.Request) string {
	c, err := r.Cookie(n.Cookies.Name(noticeCookie, "/"))
	if err != nil {
		return ""
	}
	http.SetCookie(w, n.Cookies.New(noticeCookie, "", "/", -1))
	return c.Value
}

// nameIn is the name that follows a prefix.
func nameIn(value, prefix string) (string, bool) {
	text, ok := strings.CutPrefix(value, prefix)
	name, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return string(name), ok && err == nil
}
