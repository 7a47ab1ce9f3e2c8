package front

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/login/page"
	"latchkey/op"
)

// Notices carry what just went well from the answer to a form to the page that comes
// next, in a cookie: an address that says it could be made by anybody, and would say it
// again at each reload.
type Notices struct{ Cookies op.Cookies }

const noticeCookie = "notice"

// noticeLife is how long the next page may be on its way.
const noticeLife = time.Minute

// noticePasswordChanged is followed by how many other devices were signed out.
const noticePasswordChanged = "password-changed."

const noticeAppRemoved = "app-removed"

// AppRemoved leaves the notice that an app was removed.
func (n Notices) AppRemoved(w http.ResponseWriter) {
	http.SetCookie(w, n.Cookies.New(noticeCookie, noticeAppRemoved, "/", noticeLife))
}

// PasswordChanged leaves the notice that a password was changed, and that so many
// other devices were signed out by it.
func (n Notices) PasswordChanged(w http.ResponseWriter, devices int) {
	http.SetCookie(w, n.Cookies.New(noticeCookie, noticePasswordChanged+strconv.Itoa(devices), "/", noticeLife))
}

// Take returns what was left for this page to say, and takes it out of the browser;
// zero: nothing.
func (n Notices) Take(w http.ResponseWriter, r *http.Request) page.Text {
	c, err := r.Cookie(n.Cookies.Name(noticeCookie, "/"))
	if err != nil {
		return page.Text{}
	}
	http.SetCookie(w, n.Cookies.New(noticeCookie, "", "/", -1))
	text, ok := strings.CutPrefix(c.Value, noticePasswordChanged)
	devices, err := strconv.Atoi(text)
	switch {
	case c.Value == noticeAppRemoved:
		return page.Say(page.AppRemoved)
	case !ok || err != nil || devices < 0:
		return page.Text{}
	case devices == 0:
		return page.Say(page.PasswordChangedOnly)
	}
	return page.Count(page.PasswordChanged, devices)
}
