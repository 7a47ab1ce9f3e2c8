package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/op"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
)

// platform is a server with a program of the platform's own, which the command line
// has added.
type platform struct {
	*served
	env    []string
	config clientcredentials.Config
}

func newPlatform(t *testing.T, env ...string) *platform {
	t.Helper()
	env = append(env, "LATCHKEY_DATA_DIR="+filepath.Join(t.TempDir(), "data"))
	p := &platform{served: serving(t, append(env, "LATCHKEY_LOG_FORMAT=json")...), env: env}
	code, stdout, stderr := run(t, env, "client", "add", "--json", "--first-party", "--client-id", "robot", "--client-name", "Robot",
		"--grant-type", "client_credentials", "--scope", "admin admin.read")
	var c wire.Client
	if err := json.Unmarshal([]byte(stdout), &c); err != nil || code != exitDone {
		t.Fatal(stderr)
	}
	p.config = clientcredentials.Config{ClientID: c.ClientID, ClientSecret: c.ClientSecret, TokenURL: p.url + op.PathToken,
		AuthStyle: oauth2.AuthStyleInHeader, Scopes: []string{apps.ScopeAdmin}}
	return p
}

func TestAProgramKeepsAccountsInStepOverTheNetwork(t *testing.T) {
	p := newPlatform(t)
	token, err := p.config.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	caller := client.Over(p.url, p.config.Client(t.Context()))
	for range 2 {
		if u, err := caller.UpsertUser(t.Context(), "42", client.Fields{"username": "ada"}); err != nil || u.Username != "ada" {
			t.Fatal(u, err)
		}
	}
	app, err := caller.CreateClient(t.Context(), wire.NewClient{Metadata: wire.Metadata{
		Metadata: apps.Metadata{ClientName: "Demo", RedirectURIs: []string{"https://app.example/cb"}}}})
	if err != nil || app.ClientSecret == "" {
		t.Fatal(app, err)
	}
	if shown, err := caller.GetClient(t.Context(), app.ClientID); err != nil || shown.ClientSecret != "" {
		t.Error(shown, err)
	}
	// What it may not do, it cannot give to others either.
	if _, err := caller.ChangeClient(t.Context(), app.ClientID, client.Fields{"scope": "openid admin"}); !strings.Contains(err.Error(), "first-party") {
		t.Error(err)
	}
	const foreign = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUifQ.c2lnbmF0dXJl"
	stranger := oauth2.NewClient(t.Context(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: foreign}))
	if err := client.Over(p.url, stranger).DeleteClient(t.Context(), app.ClientID); err == nil || !strings.Contains(err.Error(), "not valid, expired or revoked") {
		t.Error(err)
	}
	if _, stdout, stderr := run(t, p.env, "audit"); !regexp.MustCompile(`user\.created +- +api robot +ada`).MatchString(stdout) {
		t.Errorf("the audit trail says %s%s", stdout, stderr)
	}
	p.wait(t)
	var record string
	for line := range strings.Lines(p.stderr.String()) {
		if strings.Contains(line, `"route":"/api/v1/users"`) && strings.Contains(line, `"method":"PUT"`) {
			record = line
		}
	}
	if !strings.Contains(record, `"client_id":"robot"`) || strings.Contains(record, `"sub"`) {
		t.Errorf("the record is %q", record)
	}
	if !strings.Contains(p.stderr.String(), `"error":"invalid_token","cause":"`) {
		t.Error("the log does not say why a stranger was refused")
	}
	for _, secret := range []string{foreign, token.AccessToken, p.config.ClientSecret, app.ClientSecret} {
		if strings.Contains(p.stderr.String(), secret) {
			t.Error("the log holds a secret")
		}
	}
	h, err := openHouse(t.Context(), mustLoad(t, "", p.env...), serveWait)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.close() }()
	events, _, err := h.store.Audit.List(t.Context(), nil, 100)
	acts := map[audit.Act]int{}
	for _, e := range events {
		if e.Via == storage.ViaAPI && e.ByClient == "robot" && e.By.IsZero() && e.RequestID != "" {
			acts[e.Act]++
		}
	}
	if err != nil || acts[audit.ActUserCreated] != 1 || acts[audit.ActClientCreated] != 1 {
		t.Errorf("%v, %v", acts, err)
	}
}

func TestSwitchedOffTheAdministrationIsNotOnTheNetwork(t *testing.T) {
	p := newPlatform(t, "LATCHKEY_ADMIN_API=off")
	_, err := client.Over(p.url, p.config.Client(t.Context())).FindUser(t.Context(), "ada")
	if !errors.Is(err, client.ErrNoAPI) {
		t.Error(err)
	}
	if _, stdout, stderr := run(t, p.env, "client", "list"); !strings.Contains(stdout, "robot") {
		t.Errorf("the socket: %s", stderr)
	}
}

// publicAPI is the public side of a house and the token of a program that administers
// it.
func publicAPI(t testing.TB, h *house) (http.Handler, string) {
	t.Helper()
	_, handler, err := h.publicHandler(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.store.Clients.Create(t.Context(), storage.Operator, apps.NewClient{ID: "robot", FirstParty: true, Secret: h.ring.HashClientSecret("secret"),
		Metadata: apps.Metadata{ClientName: "Robot", GrantTypes: []string{apps.GrantTypeClientCredentials}, Scopes: []string{apps.ScopeAdmin}}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", op.PathToken, strings.NewReader("grant_type=client_credentials&scope=admin"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("robot", "secret")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	var answer oauth2.Token
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.AccessToken == "" {
		t.Fatal(w.Body)
	}
	return handler, answer.AccessToken
}

func TestThePublicSideOfTheAPI(t *testing.T) {
	handler, token := publicAPI(t, testHouse(t))
	long := `{"users":[` + strings.Repeat(`{"username":"a b","name":"`+strings.Repeat("x", 8<<10)+`"},`, 89) + `{}]}`
	for name, c := range map[string]struct {
		method, path, token, body string
		status                    int
		holds                     string
	}{
		"description":              {"GET", "/openapi.json", "", "", 200, `"tokenUrl":"http://localhost:8080/connect/token"`},
		"no token":                 {"GET", "/users", "", "", 401, "send an access token"},
		"token":                    {"GET", "/users", token, "", 200, `"users":[]`},
		"no such operation":        {"GET", "/nonsense", token, "", 404, "no page"},
		"no such method":           {"DELETE", "/users", token, "", 405, "kind of request"},
		"preflight":                {"OPTIONS", "/users", "", "", 405, "kind of request"},
		"import of many":           {"POST", "/users/import", token, long, 200, "refused"},
		"too long":                 {"POST", "/users/import", token, long + strings.Repeat(" ", 1<<20), 413, "larger"},
		"this machine's own state": {"GET", "/status", token, "", 404, "no page"},
		"this machine's files":     {"POST", "/backups", token, `{"path":"/tmp/x"}`, 404, "no page"},
		"all of the data":          {"GET", "/check", token, "", 404, "no page"},
	} {
		r := httptest.NewRequest(c.method, wire.Prefix+c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.status || !bytes.Contains(w.Body.Bytes(), []byte(c.holds)) {
			t.Errorf("%s: %d %.300s", name, w.Code, w.Body)
		}
		if kind := w.Header().Get("Content-Type"); w.Code >= 400 && kind != "application/problem+json" {
			t.Errorf("%s: %s", name, kind)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "" || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
}

func TestCallsOfTheAPIAreMeasuredByTheirTemplate(t *testing.T) {
	h, _, measured := measuredHouse(t)
	handler, token := publicAPI(t, h)
	r := httptest.NewRequest("GET", wire.Prefix+"/clients/robot", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	handler.ServeHTTP(httptest.NewRecorder(), r)
	wantLines(t, measured, `latchkey_http_requests_total{method="GET",route="/api/v1/clients/{client_id}",status="200"} 1`)
}
