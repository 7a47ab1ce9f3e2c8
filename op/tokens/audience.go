package tokens

import (
	"net/http"
	"net/url"

	"latchkey/op/oauth"
	"latchkey/storage/apps"
)

// Audience is for whom a token with these scopes is: the resources that own them,
// and this provider if one is no resource's, or there is none at all. It is never
// stored: whatever narrows a token's scopes narrows its audience.
func (s *Tokens) Audience(scopes apps.Offers) (aud oauth.Audience) {
	resources, own := scopes.Audience()
	if own || len(resources) == 0 {
		aud = oauth.Audience{s.Issuer}
	}
	for _, r := range resources {
		aud = append(aud, r.Identifier)
	}
	return aud
}

// Targets are the resources that a token request names (RFC 8707 section 2.2). This
// provider is one, too: the one that owns the scopes for userinfo.
func (s *Tokens) Targets(form url.Values) apps.Targets {
	return apps.Targets{Resources: oauth.NonEmpty(form["resource"]), Provider: s.Issuer}
}

func InvalidTarget(resource string) *oauth.Error {
	text := "the resource " + oauth.Printable(resource) + " "
	if err := apps.ResourceURI(resource); err != nil {
		text += err.Error()
	} else {
		text += "owns none of the scopes that this token could have, or is not registered here, or not in use: ask for one of its scopes"
	}
	return &oauth.Error{Status: http.StatusBadRequest, Code: "invalid_target", Text: text,
		Quoted: oauth.Printable(resource)}
}
