package frontchannel

import (
	"net/http"
	"net/url"
	"strings"
)

// see sends the browser on by GET (RFC 9110 section 15.4.4), whatever the method of
// this request: a form is never sent twice, nor to another origin (RFC 9700 section
// 4.12).
func SeeOther(w http.ResponseWriter, to string) {
	h := w.Header()
	h.Set("Location", to)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusSeeOther)
}

// ResponseURI adds parameters to a redirect URI, whose own bytes stay as they are
// (RFC 6749 section 3.1.2).
func ResponseURI(uri, mode string, params [][2]string) string {
	var b strings.Builder
	b.WriteString(uri)
	separator := "?"
	if mode == ModeFragment {
		separator = "#"
	} else if strings.Contains(uri, "?") {
		separator = "&"
	}
	for _, p := range params {
		b.WriteString(separator)
		b.WriteString(url.QueryEscape(p[0]) + "=" + url.QueryEscape(p[1]))
		separator = "&"
	}
	return b.String()
}
