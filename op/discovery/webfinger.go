package discovery

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/op/oauth"
)

const PathWebFinger = "/.well-known/webfinger"

// relIssuer is the relation by which programs look for a user's provider (OpenID Connect
// Discovery section 2).
const relIssuer = "http://openid.net/specs/connect/1.0/issuer"

// descriptor is a JSON Resource Descriptor (RFC 7033 section 4.4).
type descriptor struct {
	Subject string `json:"subject"`
	Links   []link `json:"links"`
}

type link struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

// ServeWebFinger names the issuer to whoever asks for an account of one of the domains
// that the setting webfinger_domains lists (RFC 7033). The answer is the same whether the
// account exists: nobody learns here who has one.
func (h *Handler) ServeWebFinger(w http.ResponseWriter, r *http.Request) {
	form, err := url.ParseQuery(r.URL.RawQuery)
	account, isAccount := strings.CutPrefix(form.Get("resource"), "acct:")
	at := strings.LastIndexByte(account, '@')
	switch {
	case err != nil || len(form["resource"]) != 1:
		oauth.InvalidRequest("resource must be sent, and once").Write(w, r) // RFC 7033 section 4.2
		return
	case !isAccount || at < 1:
		h.noAccount(w, r)
		return
	}
	set, err := h.Settings.Get(r.Context())
	if err != nil {
		oauth.Failed(err).Write(w, r)
		return
	}
	if !slices.Contains(set.WebFingerDomains, strings.ToLower(account[at+1:])) {
		h.noAccount(w, r)
		return
	}
	d := descriptor{Subject: form.Get("resource"), Links: []link{}}
	if wanted := form["rel"]; len(wanted) == 0 || slices.Contains(wanted, relIssuer) {
		d.Links = append(d.Links, link{Rel: relIssuer, Href: h.Issuer})
	}
	text, err := json.Marshal(d)
	if err != nil {
		oauth.Failed(err).Write(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/jrd+json")
	_, _ = w.Write(text)
}

func (h *Handler) noAccount(w http.ResponseWriter, r *http.Request) {
	e := oauth.Error{Status: http.StatusNotFound, Code: "not_found",
		Text: "no account of a domain that this provider serves"}
	e.Write(w, r)
}
