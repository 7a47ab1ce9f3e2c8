package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"latchkey/internal/browser"
)

const ordersAPI = "https://orders.example"

func (s *server) addResource(identifier, name, scope string) registered {
	s.t.Helper()
	var made struct {
		ID     string `json:"id"`
		Secret string `json:"client_secret"`
	}
	out := s.cli("", "resource", "add", identifier, "--name", name, "--scope", scope, "--json")
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.Secret == "" {
		s.t.Fatalf("resource add answered %q: %v", out, err)
	}
	return registered{ID: made.ID, Secret: made.Secret}
}

// protected is an API as its developer writes it: it gives an order to whoever has a
// token that check finds good for the scope.
func protected(t *testing.T, check func(ctx context.Context, token string) (sub string, scopes []string, err error)) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		sub, scopes, err := check(r.Context(), token)
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusUnauthorized)
		case !slices.Contains(scopes, "orders:read"):
			http.Error(w, "orders:read is missing", http.StatusForbidden)
		default:
			_, _ = fmt.Fprintf(w, "an order of %s", sub)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// byIntrospection asks the provider about each token (RFC 7662).
func byIntrospection(issuer string, c registered) func(context.Context, string) (string, []string, error) {
	return func(ctx context.Context, token string) (string, []string, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, issuer+"/connect/introspect", strings.NewReader(url.Values{"token": {token}}.Encode()))
		if err != nil {
			return "", nil, err
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(c.ID, c.Secret)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return "", nil, err
		}
		defer func() { _ = resp.Body.Close() }()
		var v struct {
			Active          bool
			Aud, Sub, Scope string
		}
		if err := json.NewDecoder(resp.Body).Decode(&v); err != nil || resp.StatusCode != http.StatusOK || !v.Active || v.Aud != ordersAPI {
			return "", nil, fmt.Errorf("not for this API: %s, %+v, %w", resp.Status, v, err)
		}
		return v.Sub, strings.Fields(v.Scope), nil
	}
}

// byJWKS checks a JWT by itself, with an unmodified library.
func byJWKS(provider *oidc.Provider, audience string) func(context.Context, string) (string, []string, error) {
	verifier := provider.Verifier(&oidc.Config{ClientID: audience})
	return func(ctx context.Context, token string) (string, []string, error) {
		v, err := verifier.Verify(ctx, token)
		if err != nil {
			return "", nil, err
		}
		var claims struct{ Scope string }
		err = v.Claims(&claims)
		return v.Subject, strings.Fields(claims.Scope), err
	}
}

// call asks an API for an order, and returns its status and what it says.
func call(t *testing.T, api *httptest.Server, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := api.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// An app asks for an API, the person reads what that means, and the API finds the
// token good, by asking or by itself; what it was not meant for refuses it.
func TestAnAPITakesTheTokensThatAreMeantForIt(t *testing.T) {
	s := start(t)
	s.addAda()
	orders := s.addResource(ordersAPI, "Orders", "orders:read=see your orders")
	other := s.addResource("https://bills.example", "Bills", "bills:read=see your bills")
	asking := protected(t, byIntrospection(s.issuer, orders))
	stranger := protected(t, byIntrospection(s.issuer, other))
	tab := browser.New(t, browser.Options{})
	for _, format := range []string{"opaque", "jwt"} {
		a := newApp(t, s, []string{"openid", "orders:read", "bills:read"}, func(uri string) registered {
			return s.addClient("--client-name", "Event Calendar", "--redirect-uri", uri, "--access-token-format", format,
				"--scope", "openid orders:read bills:read")
		})
		a.extra = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("resource", ordersAPI)}
		tab.Goto(a.authURL())
		if tab.Has("#username") {
			signIn(tab, "ada", adaPassword)
		}
		if text := tab.Text("body"); !strings.Contains(text, "See your orders") || strings.Contains(text, "bills") {
			t.Errorf("the consent page says:\n%s", text)
		}
		look(t, tab, "consent-api-"+format)
		tab.Follow("#allow")
		got := resultOf(t, tab)
		if got.Scope != "openid orders:read" {
			t.Errorf("scope %q", got.Scope)
		}
		want := "an order of " + fmt.Sprint(got.IDToken["sub"])
		checks := map[string]*httptest.Server{"by introspection": asking}
		if format == "jwt" {
			checks["by JWKS"] = protected(t, byJWKS(a.provider, ordersAPI))
			if status, said := call(t, protected(t, byJWKS(a.provider, "https://bills.example")), got.Access); status != http.StatusUnauthorized {
				t.Errorf("another API takes the JWT: %d %s", status, said)
			}
		}
		for how, api := range checks {
			if status, said := call(t, api, got.Access); status != http.StatusOK || said != want {
				t.Errorf("%s %s: %d %s", format, how, status, said)
			}
			if status, _ := call(t, api, got.Access+"x"); status != http.StatusUnauthorized {
				t.Errorf("%s %s takes a changed token: %d", format, how, status)
			}
		}
		if status, said := call(t, stranger, got.Access); status != http.StatusUnauthorized {
			t.Errorf("another API takes the %s token: %d %s", format, status, said)
		}
		s.cli("", "resource", "disable", ordersAPI)
		if status, _ := call(t, asking, got.Access); status != http.StatusUnauthorized {
			t.Errorf("a disabled API finds a token good: %d", status)
		}
		s.cli("", "resource", "enable", ordersAPI)
	}
	tab.Problems()
}
