package deploy

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const password = "seven green parrots sing"

// A whole login through each proxy, by libraries that know the issuer alone.
func TestALoginThroughTheProxy(t *testing.T) {
	for name := range proxies {
		t.Run(name, func(t *testing.T) {
			p := behind(t, name)
			ctx := oidc.ClientContext(t.Context(), p.client)
			provider, err := oidc.NewProvider(ctx, issuer)
			if err != nil {
				t.Fatal(err)
			}
			allHTTPS(t, provider)
			config := p.register(provider)
			state, verifier := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
			code := p.signIn(config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)), state)
			secureCookies(t, p.client)
			claims := redeem(ctx, t, provider, config, code, verifier)
			if claims["name"] != "Ada Lovelace" {
				t.Errorf("userinfo: %v", claims)
			}
			p.stop()
			p.logsTellWhoButNoSecret(code)
		})
	}
}

func allHTTPS(t *testing.T, provider *oidc.Provider) {
	t.Helper()
	var discovery map[string]any
	if err := provider.Claims(&discovery); err != nil {
		t.Fatal(err)
	}
	for member, value := range discovery {
		text, _ := value.(string)
		if strings.HasPrefix(text, "http") && !strings.HasPrefix(text, issuer) {
			t.Errorf("%s is %s", member, text)
		}
	}
}

func (p *proxied) register(provider *oidc.Provider) oauth2.Config {
	p.t.Helper()
	p.cli(password, "user", "add", "--username", "ada", "--name", "Ada Lovelace", "--password-stdin")
	var c struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	out := p.cli("", "client", "add", "--json", "--client-name", "Calendar", "--redirect-uri", appOrigin+"/cb")
	if err := json.Unmarshal(out, &c); err != nil {
		p.t.Fatal(err)
	}
	return oauth2.Config{ClientID: c.ID, ClientSecret: c.Secret, Endpoint: provider.Endpoint(), RedirectURL: appOrigin + "/cb",
		Scopes: []string{"openid", "profile"}}
}

// signIn walks from the app's request to its redirect URI, and returns the code.
func (p *proxied) signIn(to, state string) string {
	p.t.Helper()
	page := p.get(to)
	page = p.post(page, url.Values{"username": {"ada"}, "password": {password}, "action": {"sign-in"}})
	page = p.post(page, url.Values{"action": {"allow"}})
	location, err := page.Location()
	if err != nil || !strings.HasPrefix(location.String(), appOrigin+"/cb?") {
		p.t.Fatalf("after Allow: %d, sent to %v", page.StatusCode, location)
	}
	q := location.Query()
	if q.Get("iss") != issuer || q.Get("state") != state || q.Get("code") == "" {
		p.t.Fatalf("the app is told %v", q)
	}
	return q.Get("code")
}

// page is an answer with its body read.
type page struct {
	*http.Response
	body string
}

func (p *proxied) get(to string) page {
	p.t.Helper()
	res, err := p.client.Get(to)
	return p.read(res, err)
}

func (p *proxied) read(res *http.Response, err error) page {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return page{res, string(body)}
}

var (
	action = regexp.MustCompile(`<form[^>]* action="([^"]+)"`)
	hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
)

// post sends the first form of a page, as a browser without Sec-Fetch headers
// would: what proves the origin is then the Origin header alone.
func (p *proxied) post(from page, form url.Values, headers ...string) page {
	p.t.Helper()
	to := action.FindStringSubmatch(from.body)
	if to == nil {
		p.t.Fatalf("%d without a form:\n%s", from.StatusCode, from.body)
	}
	for _, field := range hidden.FindAllStringSubmatch(from.body, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	target, err := from.Request.URL.Parse(html.UnescapeString(to[1]))
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", issuer)
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	return p.read(p.client.Do(r))
}

func secureCookies(t *testing.T, client *http.Client) {
	t.Helper()
	at, _ := url.Parse(issuer + "/")
	cookies := client.Jar.Cookies(at)
	if len(cookies) == 0 {
		t.Error("there are no cookies")
	}
	for _, c := range cookies {
		if !strings.HasPrefix(c.Name, "__Host-") {
			t.Errorf("cookie %s has no __Host- prefix", c.Name)
		}
	}
	at.Scheme = "http"
	if sent := client.Jar.Cookies(at); len(sent) > 0 {
		t.Errorf("over http the browser would send %d cookies", len(sent))
	}
}

func redeem(ctx context.Context, t *testing.T, provider *oidc.Provider, config oauth2.Config, code, verifier string) (claims map[string]any) {
	t.Helper()
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if _, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw); err != nil {
		t.Fatal(err)
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		t.Fatal(err)
	}
	if err := info.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// logsTellWhoButNoSecret reads both logs once everything has ended.
func (p *proxied) logsTellWhoButNoSecret(code string) {
	p.t.Helper()
	proxyLog := read(p.t, p.access)
	seen := 0
	for _, r := range p.records() {
		if path, _ := r["path"].(string); path == "/readyz" || strings.HasPrefix(path, "/api/") {
			continue // asked directly
		}
		seen++
		if r["remote"] != callerIP {
			p.t.Errorf("%s: the log says it came from %v", r["path"], r["remote"])
		}
		if id, _ := r["request_id"].(string); r["path"] == "/connect/token" && !strings.Contains(proxyLog, id) {
			p.t.Errorf("%s: the proxy's log does not know the request by id %s", r["path"], id)
		}
	}
	if seen == 0 || !strings.Contains(proxyLog, callerIP) || !strings.Contains(proxyLog, "/connect/authorize") {
		p.t.Errorf("the logs do not look like logs:\n%s\n%s", &p.log, proxyLog)
	}
	for what, secret := range map[string]string{"code": code, "password": password, "query": "code_challenge"} {
		if strings.Contains(proxyLog, secret) {
			p.t.Errorf("the proxy's log holds the %s", what)
		}
	}
}
