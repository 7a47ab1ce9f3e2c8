package discovery

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"latchkey/keys"
	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/op/userclaims"
	"latchkey/storage/apps"
	"latchkey/storage/policy"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// metadata is the framework's discovery document with the members it lacks.
type metadata struct {
	oidc.DiscoveryConfiguration
	PromptValues   []string `json:"prompt_values_supported"`                        // Initiating User Registration 1.0
	IssParameter   bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207 section 3
	RequestURI     bool     `json:"request_uri_parameter_supported"`
	RequestObjects bool     `json:"request_parameter_supported"`
	Resources      []string `json:"protected_resources,omitempty"` // RFC 9728 section 4
}

// discoveryHandler serves what programs find the provider by: its metadata and its keys.
type Handler struct {
	Issuer   string
	Scopes   apps.Scopes
	Settings policy.SettingsStore
	Keys     *keys.Ring
	metadata prepared
	jwks     prepared
}

// discovery says what is really switched on (OpenID Connect Discovery section 3).
func (h *Handler) discovery(all *apps.Catalogue) ([]byte, error) {
	d := metadata{IssParameter: true, PromptValues: []string{"none", "login", "consent", "select_account"}}
	d.Issuer = h.Issuer
	d.AuthorizationEndpoint = h.Issuer + oauth.PathAuthorize
	d.TokenEndpoint = h.Issuer + oauth.PathToken
	d.UserinfoEndpoint = h.Issuer + oauth.PathUserinfo
	d.EndSessionEndpoint = h.Issuer + oauth.PathEndSession
	d.JwksURI = h.Issuer + oauth.PathJWKS
	d.ResponseTypesSupported = []string{"code"}
	d.ResponseModesSupported = []string{frontchannel.ModeQuery, frontchannel.ModeFragment, frontchannel.ModeFormPost}
	d.GrantTypesSupported = []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken,
		oidc.GrantTypeClientCredentials}
	d.IntrospectionEndpoint = h.Issuer + oauth.PathIntrospection
	confidential := []oidc.AuthMethod{oidc.AuthMethodBasic, oidc.AuthMethodPost, oidc.AuthMethodPrivateKeyJWT}
	methods := append(slices.Clone(confidential), oidc.AuthMethodNone)
	d.IntrospectionEndpointAuthMethodsSupported = confidential
	d.IntrospectionEndpointAuthSigningAlgValuesSupported = policy.SigningAlgorithms()
	d.RevocationEndpoint = h.Issuer + oauth.PathRevocation
	d.RevocationEndpointAuthMethodsSupported = methods
	d.RevocationEndpointAuthSigningAlgValuesSupported = policy.SigningAlgorithms()
	d.SubjectTypesSupported = []string{"public"}
	d.IDTokenSigningAlgValuesSupported = h.Keys.Algorithms()
	d.TokenEndpointAuthMethodsSupported = methods
	d.TokenEndpointAuthSigningAlgValuesSupported = policy.SigningAlgorithms()
	d.CodeChallengeMethodsSupported = []oidc.CodeChallengeMethod{oidc.CodeChallengeMethodS256}
	d.ACRValuesSupported = []string{userclaims.AcrPassword}
	d.ClaimTypesSupported = []string{"normal"}
	d.ClaimsParameterSupported = true
	d.ClaimsSupported = []string{"iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "sid"}
	for _, s := range all.Offers {
		if s.FirstParty {
			continue // whoever may have it knows
		}
		d.ScopesSupported = append(d.ScopesSupported, s.Name)
		d.ClaimsSupported = append(d.ClaimsSupported, s.Claims...)
	}
	resources, _ := all.Offers.Audience()
	for _, r := range resources {
		d.Resources = append(d.Resources, r.Identifier)
	}
	return json.Marshal(d)
}

// prepared is a document that is made from the keys and the catalogue, and made again
// when they are others.
type prepared struct{ last atomic.Pointer[versioned] }

type versioned struct {
	version version
	document
}

// version names what a document was made from.
type version struct{ keys, catalogue uint64 }

func (d *prepared) of(version version, body func() ([]byte, error)) (document, error) {
	if last := d.last.Load(); last != nil && last.version == version {
		return last.document, nil
	}
	b, err := body()
	if err != nil {
		return document{}, err
	}
	fresh := &versioned{version: version, document: newDocument(b)}
	d.last.Store(fresh)
	return fresh.document, nil
}

// document is a body that many ask for, with its entity tag.
type document struct {
	body []byte
	etag string
}

func newDocument(body []byte) document {
	sum := sha256.Sum256(body)
	return document{body: body, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`}
}

// jwksMaxAge is how long a client may keep the key set. The next signing key is
// published at least this long before it signs.
const jwksMaxAge = "public, max-age=300"

func (h *Handler) ServeMetadata(w http.ResponseWriter, r *http.Request) {
	all, err := h.Scopes.Catalogue(r.Context())
	if err != nil {
		oauth.Failed(err).Write(w, r)
		return
	}
	d, err := h.Document(all)
	if err != nil {
		oauth.Failed(err).Write(w, r)
		return
	}
	serveDocument(w, r, d, "public, max-age=300")
}

func (h *Handler) Document(all *apps.Catalogue) (document, error) {
	return h.metadata.of(version{h.Keys.Version(), all.Edition}, func() ([]byte, error) { return h.discovery(all) })
}

func (h *Handler) ServeJWKS(w http.ResponseWriter, r *http.Request) {
	d, err := h.jwks.of(version{keys: h.Keys.Version()}, func() ([]byte, error) { return h.Keys.JWKS(), nil })
	if err != nil {
		oauth.Failed(err).Write(w, r)
		return
	}
	serveDocument(w, r, d, jwksMaxAge)
}

func serveDocument(w http.ResponseWriter, r *http.Request, d document, cache string) {
	h := w.Header()
	if r.Method == http.MethodOptions { // and no preflight: what is there to do here
		h.Set("Allow", "GET, HEAD, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", cache)
	h.Set("Etag", d.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(d.body))
}
