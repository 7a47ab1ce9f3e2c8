package cli

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"latchkey/api/client"
	"latchkey/cmd/latchkey/internal/textutil"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// metadataFlag sets one field of a client's metadata (RFC 7591 section 2). The
// flag of a list is its name in the singular, and may be repeated.
type metadataFlag struct {
	flag, field, usage string
	kind               metadataKind
}

type metadataKind int

const (
	asText metadataKind = iota
	asList
	asTruth
	asTruthOrSet // a truth that is as set for all, or by default, while the client has none of its own
	asSeconds
	asFile // of JSON
)

var metadataFlags = []metadataFlag{
	{"client-name", "client_name", "`name` that people see", asText},
	{"redirect-uri", "redirect_uris", "`address` where answers may be sent; may be repeated", asList},
	{"post-logout-redirect-uri", "post_logout_redirect_uris",
		"`address` where a signed-out browser may be sent; may be repeated", asList},
	{"grant-type", "grant_types", "`type`: authorization_code, refresh_token or client_credentials; may be repeated (default of add: the first two)", asList},
	{"response-type", "response_types", "`type`: code (the default); may be repeated", asList},
	{"token-endpoint-auth-method", "token_endpoint_auth_method",
		"`method`: client_secret_basic (the default), client_secret_post, private_key_jwt or none", asText},
	{"require-token-endpoint-auth-method", "require_token_endpoint_auth_method",
		"take its secret in that way only, not in header and body alike", asTruth},
	{"jwks", "jwks", "file with its public keys, as a JWK Set", asFile},
	{"jwks-uri", "jwks_uri", "https `address` where it keeps its public keys", asText},
	{"token-endpoint-auth-signing-alg", "token_endpoint_auth_signing_alg",
		"`algorithm` that its assertions must be signed with (default: whatever its keys fit)", asText},
	{"application-type", "application_type", "`type`: web (the default) or native", asText},
	{"scope", "scope", "`scopes` that it may ask for, separated by spaces (default: the standard ones and groups)",
		asText},
	{"optional-scope", "optional_scopes", "`scope` of these that a user may leave out; may be repeated", asList},
	{"id-token-signed-response-alg", "id_token_signed_response_alg",
		"`algorithm`: one that signing_algorithms enables (default: default_signing_algorithm)", asText},
	{"client-uri", "client_uri", "`address` of its home page", asText},
	{"policy-uri", "policy_uri", "`address` of its privacy policy", asText},
	{"tos-uri", "tos_uri", "`address` of its terms of service", asText},
	{"contact", "contacts", "e-mail `address` of somebody responsible; may be repeated", asList},
	{"default-max-age", "default_max_age", "`time` after which a user must sign in again, like 90s, 12h or 7d",
		asSeconds},
	{"require-auth-time", "require_auth_time", "say in every ID token when the user signed in", asTruth},
	{"require-pkce", "require_pkce", "refuse authorization without PKCE", asTruth},
	{"id-token-user-claims", "id_token_user_claims",
		"put the claims of scopes into ID tokens too (default: as set, id_token_user_claims)", asTruthOrSet},
	{"access-token-format", "access_token_format",
		"`format`: opaque (the default) or jwt (RFC 9068; lives ten minutes at most)", asText},
	{"refresh-token-reuse", "refresh_token_reuse", "keep one refresh token instead of replacing it at each use",
		asTruth},
	{"online-refresh-tokens", "online_refresh_tokens",
		"with the grant type refresh_token: give refresh tokens without offline_access too, which end with the session (default: yes; false turns them off)", asTruthOrSet},
	{"allowed-group", "allowed_groups", "`group` whose members may use it (default: everybody may); may be repeated", asList},
	{"consent", "consent", "`when` users are asked: remembered (the default), always, or for first-party apps skip",
		asText},
	{"access-token-lifetime", "access_token_lifetime",
		"`time` that its access tokens live, like 10m; 0: as set for all", asSeconds},
	{"id-token-lifetime", "id_token_lifetime", "`time` that its ID tokens live; 0: as set for all", asSeconds},
	{"refresh-token-idle", "refresh_token_idle",
		"`time` after which an unused refresh token ends; 0: as set for all", asSeconds},
	{"refresh-token-lifetime", "refresh_token_lifetime",
		"`time` after which refreshing ends for good; 0: as set for all", asSeconds},
	{"initiate-login-uri", "initiate_login_uri", "`address` that starts a sign-in at the app", asText},
}

func addMetadataFlags(c *cobra.Command) {
	for _, m := range metadataFlags {
		switch m.kind {
		case asText:
			c.Flags().String(m.flag, "", m.usage)
		case asList:
			c.Flags().StringArray(m.flag, nil, m.usage)
		case asTruth, asTruthOrSet:
			c.Flags().Bool(m.flag, false, m.usage)
		case asSeconds:
			c.Flags().Var(new(wholeSeconds), m.flag, m.usage)
		case asFile:
			c.Flags().Var(&jsonFile{}, m.flag, m.usage)
		}
	}
}

// metadataFields gathers what the flags set.
func metadataFields(flags *pflag.FlagSet) client.Fields {
	fields := client.Fields{}
	for _, m := range metadataFlags {
		if !flags.Changed(m.flag) {
			continue
		}
		switch m.kind {
		case asText:
			fields[m.field], _ = flags.GetString(m.flag)
		case asList:
			fields[m.field], _ = flags.GetStringArray(m.flag)
		case asTruth, asTruthOrSet:
			fields[m.field], _ = flags.GetBool(m.flag)
		case asSeconds:
			fields[m.field] = uint32(*flags.Lookup(m.flag).Value.(*wholeSeconds))
		case asFile:
			fields[m.field] = flags.Lookup(m.flag).Value.(*jsonFile).text
		}
	}
	return fields
}

// clearableMetadata are the flags whose fields can be emptied. What is only true or
// false has a value for that, and an app always has a name.
func clearableMetadata() (names []string) {
	for _, m := range metadataFlags {
		if m.kind != asTruth && m.flag != "client-name" {
			names = append(names, m.flag)
		}
	}
	return names
}

// clearMetadata empties the fields of these flags.
func clearMetadata(fields client.Fields, flags []string) {
	for _, m := range metadataFlags {
		if !slices.Contains(flags, m.flag) {
			continue
		}
		switch {
		case m.kind == asText:
			fields[m.field] = ""
		case m.kind == asList:
			fields[m.field] = []string{}
		case m.kind == asSeconds && m.field != "default_max_age":
			fields[m.field] = 0 // as set for all; of default_max_age it means sign in each time
		default:
			fields[m.field] = nil
		}
	}
}

// wholeSeconds is a time that is kept in seconds: a number of them, or like days.
type wholeSeconds uint32

func (n *wholeSeconds) String() string { return strconv.FormatUint(uint64(*n), 10) }

func (n *wholeSeconds) Set(s string) error {
	if v, err := strconv.ParseUint(s, 10, 32); err == nil {
		*n = wholeSeconds(v)
		return nil
	}
	var d textutil.Days
	if err := d.Set(s); err != nil {
		return fmt.Errorf("must be a number of seconds, or like 90s, 12h or 7d, not %q", s)
	}
	v := time.Duration(d)
	if v%time.Second != 0 || v/time.Second > math.MaxUint32 {
		return fmt.Errorf("must be whole seconds, and not so many, unlike %q", s)
	}
	*n = wholeSeconds(v / time.Second)
	return nil
}

func (n *wholeSeconds) Type() string { return "time" }
