package op

import (
	"encoding/json"
	"net/http"
	"net/url"

	"latchkey/storage/apps"
)

// audience is the aud of a token: a string if there is one, else an array (RFC 7519
// section 4.1.3).
type audience []string

func (a audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// audience is for whom a token with these scopes is: the resources that own them,
// and this provider if one is no resource's, or there is none at all. It is never
// stored: whatever narrows a token's scopes narrows its audience.
func (s *tokens) audience(scopes apps.Offers) (aud audience) {
	resources, own := scopes.Audience()
	if own || len(resources) == 0 {
		aud = audience{s.issuer}
	}
	for _, r := range resources {
		aud = append(aud, r.Identifier)
	}
	return aud
}

// nonEmpty are the values of a parameter as far as they are any: one without a value
// counts as left out (RFC 6749 section 3.1).
func nonEmpty(values []string) (some []string) {
	for _, v := range values {
		if v != "" {
			some = append(some, v)
		}
	}
	return some
}

// targets are the resources that a token request names (RFC 8707 section 2.2). This
// provider is one, too: the one that owns the scopes for userinfo.
func (s *tokens) targets(form url.Values) apps.Targets {
	return apps.Targets{Resources: nonEmpty(form["resource"]), Provider: s.issuer}
}

func invalidTarget(resource string) *apiError {
	text := "the resource " + printable(resource) + " "
	if err := apps.ResourceURI(resource); err != nil {
		text += err.Error()
	} else {
		text += "owns none of the scopes that this token could have, or is not registered here, or not in use: ask for one of its scopes"
	}
	return &apiError{status: http.StatusBadRequest, code: "invalid_target", text: text, quoted: printable(resource)}
}
