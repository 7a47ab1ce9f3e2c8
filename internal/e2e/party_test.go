package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
)

const (
	partyURI = "https://rp.example/callback"
	partyBye = "https://rp.example/bye"
)

// party is a relying party as strict as the Foundation's: whatever it is answered it
// checks each time, whatever the test is about.
type party struct {
	t         *testing.T
	s         *server
	person    *person
	metadata  map[string]any // as discovery says
	client    registered
	post      bool   // it authenticates by client_secret_post
	mode      string // response_mode; "": none is sent
	verifier  string // of PKCE; "": none
	lastState string
	lastNonce string
}

func (p *party) endpoint(name string) string {
	p.t.Helper()
	at, _ := p.metadata[name].(string)
	if !strings.HasPrefix(at, "https://") {
		p.t.Fatalf("%s is %q", name, at)
	}
	return at
}

// request is an authorization request; change holds names and values, where "" takes a
// parameter away.
func (p *party) request(change ...string) url.Values {
	q := url.Values{"client_id": {p.client.ID}, "redirect_uri": {partyURI}, "response_type": {"code"}, "scope": {"openid"},
		"state": {oauth2.GenerateVerifier()}, "nonce": {oauth2.GenerateVerifier()}}
	if p.mode != "" {
		q.Set("response_mode", p.mode)
	}
	for i := 0; i < len(change); i += 2 {
		if q.Set(change[i], change[i+1]); change[i+1] == "" {
			q.Del(change[i])
		}
	}
	p.lastState, p.lastNonce = q.Get("state"), q.Get("nonce")
	return q
}

// authorize sends a person with a request, and returns where they arrive.
func (p *party) authorize(change ...string) arrival {
	p.t.Helper()
	return p.person.visit(p.endpoint("authorization_endpoint")+"?"+p.request(change...).Encode(), nil)
}

// answered checks what holds of every authorization response, and returns it.
func (p *party) answered(a arrival, expected ...string) url.Values {
	p.t.Helper()
	mode := "query"
	if p.mode != "" {
		mode = p.mode
	}
	if a.uri != partyURI || a.mode != mode {
		p.t.Fatalf("arrived at %+v, want an answer by %s", a, mode)
	}
	for name, values := range a.params {
		if len(values) != 1 || !slices.Contains(append(expected, "state", "iss"), name) {
			p.t.Errorf("answered with %s %q", name, values)
		}
	}
	if a.params.Get("state") != p.lastState || a.params.Get("iss") != p.s.issuer {
		p.t.Errorf("state %q, iss %q", a.params.Get("state"), a.params.Get("iss"))
	}
	return a.params
}

// refused wants an error response with one of the codes.
func (p *party) refused(a arrival, codes ...string) {
	p.t.Helper()
	params := p.answered(a, "error", "error_description")
	if !slices.Contains(codes, params.Get("error")) {
		p.t.Errorf("error %q, want one of %q", params.Get("error"), codes)
	}
	wantDescription(p.t, params.Get("error_description"))
}

// wantDescription wants what RFC 6749 sections 4.1.2.1 and 5.2 let error_description hold.
func wantDescription(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r > 0x7e || r == '"' || r == '\\' }) {
		t.Errorf("error_description %q", text)
	}
}

// wantPage wants an error page, and nobody sent anywhere.
func wantPage(t *testing.T, a arrival, status int) {
	t.Helper()
	if a.uri != "" || a.status != status || a.title == "" {
		t.Errorf("arrived at %+v, want a page with status %d", a, status)
	}
}

// tokens is an answer of the token endpoint, good or bad.
type tokens struct {
	status      int
	header      http.Header
	Access      string `json:"access_token"`
	Type        string `json:"token_type"`
	Expires     int    `json:"expires_in"`
	Refresh     string `json:"refresh_token"`
	ID          string `json:"id_token"`
	Error       string `json:"error"`
	Description string `json:"error_description"`

	claims map[string]any // of the ID token, verified
}

// login sends a person through a whole login, and checks what came of it.
func (p *party) login(change ...string) tokens {
	p.t.Helper()
	return p.redeem(p.authorize(change...))
}

func (p *party) redeem(a arrival) tokens {
	p.t.Helper()
	code := p.answered(a, "code").Get("code")
	if len(code) < 43 { // 256 bits
		p.t.Fatalf("a code of %d characters", len(code))
	}
	v := p.token(p.redemption(code))
	p.verify(&v)
	if got, _ := v.claims["nonce"].(string); got != p.lastNonce {
		p.t.Errorf("nonce %q, want %q", got, p.lastNonce)
	}
	return v
}

func (p *party) redemption(code string) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {partyURI}}
	if p.verifier != "" {
		form.Set("code_verifier", p.verifier)
	}
	return form
}

// token asks the token endpoint, authenticated as the client is registered.
func (p *party) token(form url.Values) tokens {
	p.t.Helper()
	form = maps.Clone(form)
	if p.post {
		form.Set("client_id", p.client.ID)
		form.Set("client_secret", p.client.Secret)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.endpoint("token_endpoint"), strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !p.post {
		r.SetBasicAuth(url.QueryEscape(p.client.ID), url.QueryEscape(p.client.Secret))
	}
	var v tokens
	v.status, v.header = p.ask(r, &v)
	if v.header.Get("Cache-Control") != "no-store" || v.header.Get("Pragma") != "no-cache" {
		p.t.Errorf("token answer: %v", v.header)
	}
	wantDescription(p.t, v.Description)
	return v
}

// ask sends a request and decodes the JSON that comes back.
func (p *party) ask(r *http.Request, into any) (status int, header http.Header) {
	p.t.Helper()
	resp, err := p.s.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		p.t.Errorf("%s: Content-Type %q", r.URL.Path, resp.Header.Get("Content-Type"))
	}
	if err := json.Unmarshal(b, into); err != nil {
		p.t.Fatalf("%s: %s: %v", r.URL.Path, b, err)
	}
	return resp.StatusCode, resp.Header
}

// get reads a public document.
func (p *party) get(address string, into any) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if status, _ := p.ask(r, into); status != http.StatusOK {
		p.t.Fatalf("%s: %d", address, status)
	}
}

// unasked are the claims that may be in an ID token without having been asked for:
// those of the protocol.
var unasked = []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "sid"}

// verify checks a good token answer and its ID token (OpenID Connect Core sections
// 3.1.3.3 to 3.1.3.8).
func (p *party) verify(v *tokens) {
	p.t.Helper()
	if v.status != http.StatusOK || v.Access == "" || v.Type != "Bearer" || v.Expires <= 0 || v.ID == "" {
		p.t.Fatalf("token answer: %+v", v)
	}
	jws, err := jose.ParseSignedCompact(v.ID, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		p.t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	p.get(p.endpoint("jwks_uri"), &set)
	kid := jws.Signatures[0].Header.KeyID
	found := set.Key(kid)
	if kid == "" || len(found) != 1 {
		p.t.Fatalf("kid %q names %d keys", kid, len(found))
	}
	payload, err := jws.Verify(found[0])
	if err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &v.claims); err != nil {
		p.t.Fatal(err)
	}
	p.verifyClaims(v)
}

func (p *party) verifyClaims(v *tokens) {
	p.t.Helper()
	now, leeway := time.Now().Unix(), int64(5)
	sum := sha256.Sum256([]byte(v.Access))
	sub, _ := v.claims["sub"].(string)
	for what, holds := range map[string]bool{
		"iss":       v.claims["iss"] == p.s.issuer,
		"aud":       v.claims["aud"] == p.client.ID,
		"azp":       v.claims["azp"] == p.client.ID,
		"sub":       sub != "" && len(sub) <= 255,
		"exp":       v.number("exp") > now,
		"iat":       v.number("iat") <= now+leeway && v.number("iat") > now-60,
		"auth_time": v.number("auth_time") <= now+leeway && v.number("auth_time") > 0,
		"at_hash":   v.claims["at_hash"] == base64.RawURLEncoding.EncodeToString(sum[:16]),
	} {
		if !holds {
			p.t.Errorf("%s is %v", what, v.claims[what])
		}
	}
	for name := range v.claims {
		if !slices.Contains(unasked, name) {
			p.t.Errorf("the ID token holds %s, which nobody asked for there", name)
		}
	}
}

// number is a claim that must be a whole number of seconds.
func (v *tokens) number(name string) int64 {
	f, ok := v.claims[name].(float64)
	if !ok || f != float64(int64(f)) {
		return -1
	}
	return int64(f)
}

// ways to present an access token (RFC 6750 section 2).
const (
	byGet    = "GET, in the header"
	byHeader = "POST, in the header"
	byBody   = "POST, in the body"
)

// userinfo asks for the claims that an access token gives.
func (p *party) userinfo(way string, v tokens) (claims map[string]any, status int) {
	p.t.Helper()
	method, body := http.MethodGet, url.Values{}
	if way != byGet {
		method = http.MethodPost
	}
	if way == byBody {
		body.Set("access_token", v.Access)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.endpoint("userinfo_endpoint"), strings.NewReader(body.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	if way == byBody {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		r.Header.Set("Authorization", "Bearer "+v.Access)
	}
	status, _ = p.ask(r, &claims)
	if status == http.StatusOK && claims["sub"] != v.claims["sub"] {
		p.t.Errorf("userinfo is about %v, the ID token about %v", claims["sub"], v.claims["sub"])
	}
	return claims, status
}
