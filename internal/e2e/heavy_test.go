package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"latchkey/internal/addrtest"
	"latchkey/internal/certtest"
)

// heavy leaves a test with a JVM or a large program to `make test-heavy`, which
// installs what it needs and sets HEAVY.
func heavy(t *testing.T) {
	t.Helper()
	if os.Getenv("HEAVY") == "" {
		t.Skip("make test-heavy runs it")
	}
}

// java runs a class of clients/spring.
func java(class string) func() ([]string, error) {
	return func() ([]string, error) {
		path, err := exec.LookPath("java")
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat("clients/spring/classes"); err != nil {
			return nil, errors.New("the programs for the JVM are missing; make them with: make heavy")
		}
		return []string{path, "-cp", "spring/classes:spring/lib/*", class}, nil
	}
}

// spring is a Spring Boot program, which a properties file configures and a trust store
// has trust the authority.
func spring(t *testing.T, s *server, class, properties, origin string) library {
	t.Helper()
	at, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(t.TempDir(), "trust.p12")
	keytool := exec.Command("keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", s.ca.File, "-keystore", store, "-storepass", "changeit")
	if out, err := keytool.CombinedOutput(); err != nil {
		t.Fatalf("keytool: %v\n%s", err, out)
	}
	return library{find: java(class), args: []string{"--spring.config.location=spring/" + properties},
		env: []string{"JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=" + store + " -Djavax.net.ssl.trustStorePassword=changeit",
			"SERVER_ADDRESS=" + at.Hostname(), "SERVER_PORT=" + at.Port()}}
}

func TestSpringSecuritySignsSomebodyIn(t *testing.T) {
	heavy(t)
	s := startTLS(t, certtest.New(t))
	s.addAda()
	origin := "http://" + addrtest.Address(t, "localhost")
	c := s.addPlainApp(origin, "/login/oauth2/code/latchkey", "")
	p := spring(t, s, "client.Client", "client.properties", origin).run(t, s, c, origin)
	p.shows(t, newPerson(t, s), "/oauth2/authorization/latchkey")
}

func TestSpringSecurityIsAnAPI(t *testing.T) {
	heavy(t)
	s := startTLS(t, certtest.New(t))
	orders := s.addResource(ordersAPI, "Orders", "orders:read=see your orders")
	s.addResource("https://bills.example", "Bills", "bills:read=see your bills")
	origin := "http://" + addrtest.Address(t, "localhost")
	p := spring(t, s, "orders.Orders", "orders.properties", origin).run(t, s, orders, origin)
	token := func(format, resource string) string {
		t.Helper()
		c := s.addClient("--client-name", "Event Calendar", "--grant-type", "client_credentials", "--access-token-format", format,
			"--scope", "orders:read bills:read")
		resp, err := s.client.PostForm(s.issuer+"/connect/token", url.Values{"grant_type": {"client_credentials"}, "resource": {resource},
			"client_id": {c.ID}, "client_secret": {c.Secret}})
		if err != nil {
			t.Fatal(err)
		}
		return accessToken(t, resp)
	}
	for _, c := range []struct {
		path, format, resource string
		want                   int
	}{
		{"/asks", "opaque", ordersAPI, 200},
		{"/asks", "jwt", ordersAPI, 200},
		{"/asks", "opaque", "https://bills.example", 401},
		{"/verifies", "jwt", ordersAPI, 200},
		{"/verifies", "jwt", "https://bills.example", 401},
		{"/verifies", "opaque", ordersAPI, 401},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token(c.format, c.resource))
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%v: %s %q\n%s", c, resp.Status, resp.Header.Get("WWW-Authenticate"), p.log)
		}
	}
}

// Dex signs somebody in at the provider, and an app of its own by that.
func TestDexSignsSomebodyIn(t *testing.T) {
	heavy(t)
	s := startTLS(t, certtest.New(t))
	s.addAda()
	program := filepath.Join(t.TempDir(), "dex")
	build := exec.Command("go", "build", "-C", "clients/dex", "-trimpath", "-buildvcs=false", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building Dex: %v\n%s", err, out)
	}
	module, err := exec.Command("go", "list", "-C", "clients/dex", "-m", "-f", "{{.Dir}}", "github.com/dexidp/dex").Output()
	if err != nil {
		t.Fatal(err)
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.URL.Query().Get("code"))
	}))
	t.Cleanup(app.Close)
	origin := "http://" + addrtest.Address(t, "localhost")
	dex := library{find: func() ([]string, error) { return []string{program}, nil }, trust: []string{"SSL_CERT_FILE"},
		env: []string{"APP=" + app.URL, "WEB=" + filepath.Join(strings.TrimSpace(string(module)), "web")}}
	p := dex.run(t, s, s.addPlainApp(origin, "/callback", ""), origin)
	provider, err := oidc.NewProvider(t.Context(), origin)
	if err != nil {
		t.Fatal(err)
	}
	config := oauth2.Config{ClientID: "app", ClientSecret: "secret", Endpoint: provider.Endpoint(), RedirectURL: app.URL + "/cb",
		Scopes: []string{"openid", "profile", "email"}}
	_, at, code := newPerson(t, s).visitApp(config.AuthCodeURL("any"))
	if !strings.HasPrefix(at, app.URL) {
		t.Fatalf("Dex ended at %s: %s\n%s", at, code, p.log)
	}
	token, err := config.Exchange(t.Context(), code)
	if err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	id, err := provider.Verifier(&oidc.Config{ClientID: "app"}).Verify(t.Context(), token.Extra("id_token").(string))
	if err != nil {
		t.Fatal(err)
	}
	var user struct {
		Name, Email string
		Verified    bool `json:"email_verified"`
	}
	if err := id.Claims(&user); err != nil || user.Name != "Ada Lovelace" || user.Email != adaEmail || !user.Verified {
		t.Errorf("Dex knows the user as %+v, %v", user, err)
	}
}

func accessToken(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer func() { _ = resp.Body.Close() }()
	var out struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || out.AccessToken == "" {
		t.Fatalf("the token endpoint answers %s without a token: %v", resp.Status, err)
	}
	return out.AccessToken
}
