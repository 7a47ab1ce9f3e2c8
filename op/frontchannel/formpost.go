package frontchannel

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The response modes served.
const (
	ModeQuery    = "query"
	ModeFragment = "fragment"
	ModeFormPost = "form_post" // OAuth 2.0 Form Post Response Mode
)

// Post is an authorization response that the browser sends to the app as a form (OAuth
// 2.0 Form Post Response Mode section 2), so that nothing of it is in an address.
type Post struct {
	Client string      // the app's name
	URI    string      // the redirect URI, https or http: where the form goes, byte for byte
	Params [][2]string // names and values, in UTF-8 and without control characters
}

// Postable reports whether a form can be sent to a redirect URI: not to a private
// scheme, by which a browser starts a program.
func Postable(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http")
}

// PostableText reports whether text comes through a form as it went in. A browser makes
// one thing of all kinds of line breaks, and a page cannot hold what is not UTF-8. No
// state that RFC 6749 appendix A.5 allows is among them.
func PostableText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
