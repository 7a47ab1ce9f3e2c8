package apps

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"latchkey/storage"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// Client authentication methods (RFC 7591 section 2) that can be registered.
const (
	AuthMethodBasic = "client_secret_basic"
	AuthMethodPost  = "client_secret_post"
	AuthMethodNone  = "none"
	// AuthMethodPrivateKeyJWT is that of RFC 7523 section 2.2, by keys of the client's
	// own (OpenID Connect Core section 9).
	AuthMethodPrivateKeyJWT = "private_key_jwt"
)

// Application types (OpenID Connect Registration section 2).
const (
	ApplicationWeb    = "web"
	ApplicationNative = "native"
)

// Grant types (RFC 7591 section 2) that can be registered.
const (
	GrantTypeCode              = "authorization_code"
	GrantTypeRefresh           = "refresh_token"
	GrantTypeClientCredentials = "client_credentials"
)

// Forms of access tokens.
const (
	AccessTokenOpaque = "opaque"
	AccessTokenJWT    = "jwt" // RFC 9068
)

// When users are asked for consent.
const (
	ConsentRemembered = "remembered" // once, and again when the client asks for more
	ConsentAlways     = "always"
	ConsentSkip       = "skip" // never: for the platform's own clients
)

// Metadata is what a client says of itself and what it may do, named as in RFC
// 7591 section 2 and OpenID Connect Registration section 2.
type Metadata struct {
	ClientName              string   `cbor:"1,keyasint,omitempty" json:"client_name,omitempty"`
	RedirectURIs            []string `cbor:"2,keyasint,omitempty" json:"redirect_uris,omitempty"`
	PostLogoutRedirectURIs  []string `cbor:"3,keyasint,omitempty" json:"post_logout_redirect_uris,omitempty"`
	GrantTypes              []string `cbor:"4,keyasint,omitempty" json:"grant_types,omitempty"`
	ResponseTypes           []string `cbor:"5,keyasint,omitempty" json:"response_types,omitempty"`
	TokenEndpointAuthMethod string   `cbor:"6,keyasint,omitempty" json:"token_endpoint_auth_method,omitempty"`
	ApplicationType         string   `cbor:"7,keyasint,omitempty" json:"application_type,omitempty"`
	Scopes                  []string `cbor:"8,keyasint,omitempty" json:"-"` // scope, on the wire a string
	OptionalScopes          []string `cbor:"9,keyasint,omitempty" json:"optional_scopes,omitempty"`
	// IDTokenSignedResponseAlg is empty for a client that leaves it to the settings.
	IDTokenSignedResponseAlg string   `cbor:"10,keyasint,omitempty" json:"id_token_signed_response_alg,omitempty"`
	ClientURI                string   `cbor:"11,keyasint,omitempty" json:"client_uri,omitempty"`
	PolicyURI                string   `cbor:"12,keyasint,omitempty" json:"policy_uri,omitempty"`
	TosURI                   string   `cbor:"13,keyasint,omitempty" json:"tos_uri,omitempty"`
	Contacts                 []string `cbor:"14,keyasint,omitempty" json:"contacts,omitempty"`
	DefaultMaxAge            *uint32  `cbor:"15,keyasint,omitempty" json:"default_max_age,omitempty"` // seconds
	RequireAuthTime          bool     `cbor:"16,keyasint,omitempty" json:"require_auth_time,omitempty"`
	RequirePKCE              bool     `cbor:"17,keyasint,omitempty" json:"require_pkce,omitempty"`
	// IDTokenUserClaims says whether the claims of granted scopes are in ID tokens too;
	// nil: as set for all (see [Settings]).
	IDTokenUserClaims *bool  `cbor:"18,keyasint,omitempty" json:"id_token_user_claims,omitempty"`
	InitiateLoginURI  string `cbor:"19,keyasint,omitempty" json:"initiate_login_uri,omitempty"`
	// AccessTokenFormat is opaque or jwt. A JWT lives ten minutes at most: those
	// who check it by themselves notice a revocation only when it ends.
	AccessTokenFormat string `cbor:"20,keyasint,omitempty" json:"access_token_format,omitempty"`
	// RefreshTokenReuse keeps one refresh token in use instead of replacing it
	// each time; for confidential clients only.
	RefreshTokenReuse bool `cbor:"21,keyasint,omitempty" json:"refresh_token_reuse,omitempty"`
	// OnlineRefresh gives refresh tokens without offline_access too, to a client with the
	// grant type refresh_token; they die with the session. Nil: yes.
	OnlineRefresh *bool `cbor:"22,keyasint,omitempty" json:"online_refresh_tokens,omitempty"`
	// Lifetimes of this client's own, in seconds; 0: as set for all.
	AccessTokenLifetime  uint32 `cbor:"23,keyasint,omitempty" json:"access_token_lifetime,omitempty"`
	IDTokenLifetime      uint32 `cbor:"24,keyasint,omitempty" json:"id_token_lifetime,omitempty"`
	RefreshTokenIdle     uint32 `cbor:"25,keyasint,omitempty" json:"refresh_token_idle,omitempty"`
	RefreshTokenLifetime uint32 `cbor:"26,keyasint,omitempty" json:"refresh_token_lifetime,omitempty"`
	// JWKS is the JWK Set (RFC 7517 section 5) of the client's public keys, as JSON;
	// JWKSURI the address where the client keeps it instead.
	JWKS    json.RawMessage `cbor:"27,keyasint,omitempty" json:"jwks,omitempty"`
	JWKSURI string          `cbor:"28,keyasint,omitempty" json:"jwks_uri,omitempty"`
	// TokenEndpointAuthSigningAlg is what the client's assertions must be signed with;
	// empty: any that its keys fit.
	TokenEndpointAuthSigningAlg string `cbor:"29,keyasint,omitempty" json:"token_endpoint_auth_signing_alg,omitempty"`
	// AllowedGroups are the groups whose members may use the client; none: everybody.
	AllowedGroups []storage.ID `cbor:"35,keyasint,omitempty" json:"-"` // on the wire by name
	// Consent says when users are asked what the client may have.
	Consent string `cbor:"36,keyasint,omitempty" json:"consent,omitempty"`
	// RequireAuthMethod takes the secret only in the way that TokenEndpointAuthMethod
	// names, not in the header and the body alike.
	RequireAuthMethod bool `cbor:"37,keyasint,omitempty" json:"require_token_endpoint_auth_method,omitempty"`
}

// StandardScopes are those of OpenID Connect Core sections 5.4 and 11.
func StandardScopes() []string {
	return []string{ScopeOpenID, ScopeProfile, ScopeEmail, ScopeAddress, ScopePhone, ScopeOfflineAccess}
}

// fill gives what was left out its registered default. What a client may ask for is
// its owner's matter too: see [Client.fill].
func (m *Metadata) fill() {
	if m.TokenEndpointAuthMethod == "" {
		m.TokenEndpointAuthMethod = AuthMethodBasic
	}
	if len(m.GrantTypes) == 0 {
		m.GrantTypes = []string{GrantTypeCode}
	}
	if len(m.ResponseTypes) == 0 && slices.Contains(m.GrantTypes, GrantTypeCode) {
		m.ResponseTypes = []string{"code"}
	}
	if m.ApplicationType == "" {
		m.ApplicationType = ApplicationWeb
	}
	if m.Consent == "" {
		m.Consent = ConsentRemembered
	}
	if m.AccessTokenFormat == "" {
		m.AccessTokenFormat = AccessTokenOpaque
	}
}

// validate applies the rules that need nothing but the metadata itself.
func (m *Metadata) validate() error {
	if err := m.validateWords(); err != nil {
		return err
	}
	if err := m.validateChoices(); err != nil {
		return err
	}
	if err := m.validateLifetimes(); err != nil {
		return err
	}
	if err := m.validateKeys(); err != nil {
		return err
	}
	if slices.Contains(m.GrantTypes, GrantTypeCode) && len(m.RedirectURIs) == 0 {
		return storage.Invalidf("redirect_uris", "must name at least one address")
	}
	if err := validRedirectURIs("redirect_uris", m.RedirectURIs, m); err != nil {
		return err
	}
	return validRedirectURIs("post_logout_redirect_uris", m.PostLogoutRedirectURIs, m)
}

func validRedirectURIs(field string, uris []string, m *Metadata) error {
	if len(uris) > 50 {
		return storage.Invalidf(field, "must be at most 50")
	}
	for _, uri := range uris {
		if err := validRedirectURI(field, uri, m); err != nil {
			return err
		}
	}
	return nil
}

func (m *Metadata) validateWords() error {
	if err := storage.PlainText("client_name", m.ClientName); err != nil {
		return err
	}
	if strings.TrimSpace(m.ClientName) == "" || len(m.ClientName) > 100 {
		return storage.Invalidf("client_name", "must be 1 to 100 bytes long")
	}
	for _, f := range []struct{ field, value string }{
		{"client_uri", m.ClientURI}, {"policy_uri", m.PolicyURI}, {"tos_uri", m.TosURI},
		{"initiate_login_uri", m.InitiateLoginURI},
	} {
		if err := storage.WebURL(f.field, f.value); err != nil {
			return err
		}
	}
	if len(m.Contacts) > 10 {
		return storage.Invalidf("contacts", "must be at most 10")
	}
	for _, c := range m.Contacts {
		if err := table.ValidEmail(c); err != nil || c == "" {
			return storage.Invalidf("contacts", "must be e-mail addresses, not %q", c)
		}
	}
	return nil
}

func (m *Metadata) validateChoices() error {
	choices := []struct {
		field   string
		have    []string
		allowed []string
	}{
		{"token_endpoint_auth_method", []string{m.TokenEndpointAuthMethod}, authMethods()},
		{"grant_types", m.GrantTypes, []string{GrantTypeCode, GrantTypeRefresh, GrantTypeClientCredentials}},
		{"access_token_format", []string{m.AccessTokenFormat}, []string{AccessTokenOpaque, AccessTokenJWT}},
		{"response_types", m.ResponseTypes, []string{"code"}},
		{"application_type", []string{m.ApplicationType}, []string{ApplicationWeb, ApplicationNative}},
		{"id_token_signed_response_alg", []string{cmp.Or(m.IDTokenSignedResponseAlg, policy.AlgorithmRS256)},
			policy.SigningAlgorithms()},
		{"consent", []string{cmp.Or(m.Consent, ConsentRemembered)},
			[]string{ConsentRemembered, ConsentAlways, ConsentSkip}},
		{"optional_scopes", m.OptionalScopes, m.Scopes},
		{"scope", m.Scopes, m.Scopes}, // which of them exist is the catalogue's to say
	}
	for _, c := range choices {
		for i, v := range c.have {
			if slices.Contains(c.have[:i], v) {
				return storage.Invalidf(c.field, "must not name %q twice", v)
			}
			if !slices.Contains(c.allowed, v) {
				return storage.Invalidf(c.field, "must be among %s, not %q", strings.Join(c.allowed, ", "), v)
			}
		}
	}
	public := m.TokenEndpointAuthMethod == AuthMethodNone
	switch {
	case public && slices.Contains(m.GrantTypes, GrantTypeClientCredentials):
		return storage.Invalidf("grant_types",
			"must not hold client_credentials: a public client has none (RFC 6749 section 4.4)")
	case public && m.RefreshTokenReuse:
		return storage.Invalidf("refresh_token_reuse",
			"needs a confidential client: whoever stole a public client's token could use it unseen (RFC 9700 section 4.14.2)")
	case slices.Contains(m.GrantTypes, GrantTypeRefresh) && !slices.Contains(m.GrantTypes, GrantTypeCode):
		return storage.Invalidf("grant_types",
			"with refresh_token must hold authorization_code, which gives the first one")
	}
	if slices.Contains(m.OptionalScopes, ScopeOpenID) {
		return storage.Invalidf("optional_scopes", "must not hold openid")
	}
	if len(m.ResponseTypes) > 0 != slices.Contains(m.GrantTypes, GrantTypeCode) {
		// RFC 7591 section 2.1
		return storage.Invalidf("response_types", "must be code if grant_types holds %s, and absent if not",
			GrantTypeCode)
	}
	return nil
}
