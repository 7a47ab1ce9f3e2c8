package e2e

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

var configProfile = []struct {
	property string
	try      func(*testing.T, *party)
}{
	{"the issuer is exact and every address https", func(t *testing.T, p *party) {
		if p.metadata["issuer"] != p.s.issuer {
			t.Errorf("issuer %v", p.metadata["issuer"])
		}
		for name, value := range p.metadata {
			if !strings.HasSuffix(name, "_endpoint") && !strings.HasSuffix(name, "_uri") {
				continue
			}
			text, _ := value.(string)
			if u, err := url.Parse(text); err != nil || u.Scheme != "https" || u.Host == "" || u.Fragment != "" {
				t.Errorf("%s is %v", name, value)
			}
		}
	}},
	{"metadata has the form of OpenID Connect Discovery and RFC 8414", func(t *testing.T, p *party) {
		for name, value := range p.metadata {
			switch kind, known := membersOf[name]; {
			case !known:
				t.Errorf("%s is no member of those specifications", name)
			case !kind(value):
				t.Errorf("%s is %v", name, value)
			}
		}
		for _, name := range []string{"issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint",
			"scopes_supported", "response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"} {
			if p.metadata[name] == nil {
				t.Errorf("%s is missing", name)
			}
		}
		for name, value := range map[string]string{"scopes_supported": "openid", "response_types_supported": "code", "subject_types_supported": "public",
			"id_token_signing_alg_values_supported": "RS256", "response_modes_supported": "form_post", "grant_types_supported": "authorization_code"} {
			if all, _ := p.metadata[name].([]any); !slices.Contains(all, any(value)) {
				t.Errorf("%s lacks %s: %v", name, value, all)
			}
		}
	}},
	{"what is not built is not promised, and not there", func(t *testing.T, p *party) {
		for _, name := range []string{"registration_endpoint", "check_session_iframe", "frontchannel_logout_supported", "backchannel_logout_supported",
			"pushed_authorization_request_endpoint", "device_authorization_endpoint", "dpop_signing_alg_values_supported",
			"tls_client_certificate_bound_access_tokens", "mtls_endpoint_aliases", "request_object_signing_alg_values_supported",
			"userinfo_signing_alg_values_supported", "id_token_encryption_alg_values_supported"} {
			if p.metadata[name] != nil {
				t.Errorf("%s is %v", name, p.metadata[name])
			}
		}
		// Left out, this one would mean yes (OpenID Connect Discovery section 3).
		if p.metadata["request_uri_parameter_supported"] != false || p.metadata["request_parameter_supported"] != false {
			t.Error("request objects are promised")
		}
		for _, path := range []string{"/connect/register", "/connect/par", "/connect/checksession", "/connect/deviceauthorization"} {
			if a := p.person.visit(p.s.issuer+path, nil); a.status != http.StatusNotFound {
				t.Errorf("%s: %d", path, a.status)
			}
		}
	}},
	{"the key set holds public signing keys that can be told apart", func(t *testing.T, p *party) {
		var set struct {
			Keys []map[string]any `json:"keys"`
		}
		p.get(p.endpoint("jwks_uri"), &set)
		kids, algorithms := map[any]bool{}, map[any]bool{}
		for _, k := range set.Keys {
			if k["kid"] == nil || k["kid"] == "" || kids[k["kid"]] || k["use"] != "sig" || !sound(k) {
				t.Errorf("key %v", k)
			}
			kids[k["kid"]], algorithms[k["alg"]] = true, true
			for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
				if k[private] != nil {
					t.Errorf("a key holds %s", private)
				}
			}
		}
		enabled, _ := p.metadata["id_token_signing_alg_values_supported"].([]any)
		if !algorithms["RS256"] || len(algorithms) != len(enabled) {
			t.Errorf("keys for %v, algorithms %v", algorithms, enabled)
		}
	}},
}

// sound reports whether a key has the members of its type, and enough of them. There
// is no OKP key while EdDSA is not enabled: not everybody knows that type.
func sound(k map[string]any) bool {
	size := func(name string) int {
		text, _ := k[name].(string)
		b, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if err != nil {
			return -1
		}
		return len(b)
	}
	switch k["kty"] {
	case "RSA":
		return k["alg"] == "RS256" && size("n") >= 256 && size("e") == 3
	case "EC":
		return k["alg"] == "ES256" && k["crv"] == "P-256" && size("x") == 32 && size("y") == 32
	}
	return false
}

func isText(v any) bool { s, ok := v.(string); return ok && s != "" }

func isFlag(v any) bool { _, ok := v.(bool); return ok }

// isList is an array of different texts: one without members must be left out (RFC 8414
// section 2).
func isList(v any) bool {
	all, ok := v.([]any)
	seen := map[any]bool{}
	for _, e := range all {
		if !isText(e) || seen[e] {
			return false
		}
		seen[e] = true
	}
	return ok && len(all) > 0
}

// membersOf are the members of a discovery document that we may have, and what they are.
var membersOf = map[string]func(any) bool{
	"issuer": isText, "authorization_endpoint": isText, "token_endpoint": isText, "userinfo_endpoint": isText, "jwks_uri": isText,
	"introspection_endpoint": isText, "revocation_endpoint": isText, "end_session_endpoint": isText,
	"scopes_supported": isList, "response_types_supported": isList, "response_modes_supported": isList, "grant_types_supported": isList,
	"acr_values_supported": isList, "subject_types_supported": isList, "id_token_signing_alg_values_supported": isList,
	"token_endpoint_auth_methods_supported": isList, "token_endpoint_auth_signing_alg_values_supported": isList,
	"revocation_endpoint_auth_methods_supported": isList, "revocation_endpoint_auth_signing_alg_values_supported": isList,
	"introspection_endpoint_auth_methods_supported": isList, "introspection_endpoint_auth_signing_alg_values_supported": isList,
	"claim_types_supported": isList, "claims_supported": isList, "code_challenge_methods_supported": isList, "prompt_values_supported": isList,
	"claims_parameter_supported": isFlag, "request_parameter_supported": isFlag, "request_uri_parameter_supported": isFlag,
	"authorization_response_iss_parameter_supported": isFlag, "protected_resources": isList,
}
