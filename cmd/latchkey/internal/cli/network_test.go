package cli

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/server"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
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
	code, stdout, stderr := run(t, env, "client", "add", "--json", "--first-party", "--client-id", "robot",
		"--client-name", "Robot",
		"--grant-type", "client_credentials", "--scope", "admin admin.read")
	var c wire.Client
	if err := json.Unmarshal([]byte(stdout), &c); err != nil || code != exitDone {
		t.Fatal(stderr)
	}
	p.config = clientcredentials.Config{ClientID: c.ClientID, ClientSecret: c.ClientSecret,
		TokenURL:  p.url + oauth.PathToken,
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
		if u, err := caller.UpsertUser(t.Context(), "42", client.Fields{"username": "ada"}); err != nil ||
			u.Username != "ada" {
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
	if _, err := caller.ChangeClient(t.Context(), app.ClientID,
		client.Fields{"scope": "openid admin"}); !strings.Contains(err.Error(), "first-party") {
		t.Error(err)
	}
	const foreign = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUifQ.c2lnbmF0dXJl"
	stranger := oauth2.NewClient(t.Context(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: foreign}))
	if err := client.Over(p.url, stranger).DeleteClient(t.Context(), app.ClientID); err == nil ||
		!strings.Contains(err.Error(), "not valid, expired or revoked") {
		t.Error(err)
	}
	if _, stdout, stderr := run(t, p.env,
		"audit"); !regexp.MustCompile(`user\.created +- +api robot +ada`).MatchString(stdout) {
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
	h, err := server.Open(t.Context(), mustLoad(t, "", p.env...), server.ServeWait)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	events, _, err := h.Store.Audit.List(t.Context(), nil, 100)
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
