package e2e

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/browser"
	"latchkey/internal/certtest"
)

// spa is a single-page app on an origin of its own, and a site of its own: what it
// asks of the provider, its script asks from there.
type spa struct {
	*httptest.Server
	origin string
	config []byte // config.js
}

// What the page loads of its library.
const (
	oidcClientTS = "oidc-client-ts/dist/browser/oidc-client-ts.min.js"
	msalBrowser  = "@azure/msal-browser/lib/msal-browser.min.js"
)

// newSPA serves the page of a library's folder at https://app.test by a certificate of
// the authority, or without one at http://127.0.0.1, which browsers trust to be this
// machine.
func newSPA(t *testing.T, ca *certtest.Authority, folder, script string) *spa {
	t.Helper()
	installed(t, node)
	a := &spa{}
	mux := http.NewServeMux()
	folder = "clients/" + folder
	for path, file := range map[string]string{
		"/{$}": folder + "/index.html", "/callback": folder + "/index.html", "/show.js": "clients/show.js",
		"/client.js": folder + "/client.js", "/page.js": folder + "/page.js",
		"/" + filepath.Base(script): nodeModules + "/" + script,
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	}
	mux.HandleFunc("GET /config.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(a.config)
	})
	a.Server = httptest.NewUnstartedServer(mux)
	t.Cleanup(a.Close)
	if ca == nil {
		a.Start()
		a.origin = a.URL
		return a
	}
	pair, err := tls.LoadX509KeyPair(ca.Issue("app.test"))
	if err != nil {
		t.Fatal(err)
	}
	a.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	a.StartTLS()
	a.origin = "https://app.test" + a.URL[strings.LastIndex(a.URL, ":"):]
	return a
}

// register makes it known to the provider, and the provider to it.
func (a *spa) register(s *server) {
	c := s.addClient("--client-name", "Pocket Calendar", "--redirect-uri", a.origin+"/callback",
		"--post-logout-redirect-uri", a.origin+"/", "--token-endpoint-auth-method", "none")
	a.config = fmt.Appendf(nil, "const config = {issuer: %q, clientId: %q}", s.issuer, c.ID)
}

// shown is what the app shows of a step.
func shown(t *testing.T, tab *browser.Tab, selector string) (user struct {
	Profile map[string]any
	Scope   string
	Error   string
	Message string
}) {
	t.Helper()
	if err := json.Unmarshal([]byte(tab.Text(selector)), &user); err != nil {
		t.Fatal(err)
	}
	return user
}

func TestASinglePageAppSignsSomebodyInOverTLS(t *testing.T) {
	t.Parallel()
	s := startTLS(t, certtest.New(t))
	s.addAda()
	a := newSPA(t, s.ca, "oidc-client-ts", oidcClientTS)
	a.register(s)
	tab := browser.New(t, browser.Options{CheckCertificates: true, CAFile: s.ca.File})
	tab.Goto(a.origin)
	tab.Follow("#login")
	signIn(tab, "ada", adaPassword)
	tab.Follow("#deny")
	if out := shown(t, tab, "#error"); out.Error != "access_denied" {
		t.Errorf("after Deny the library says %+v", out)
	}
	tab.Follow("#login")
	tab.Follow("#allow")
	out := shown(t, tab, "#result")
	if out.Profile["name"] != "Ada Lovelace" || out.Profile["email"] != adaEmail || out.Profile["iss"] == "" {
		t.Errorf("the library says %+v", out)
	}
	tab.Click("#refresh")
	if again := shown(t, tab, "#refresh-result"); again.Profile["sub"] != out.Profile["sub"] {
		t.Errorf("after refresh it says %+v", again)
	}
	token := browser.Eval[string](tab, `manager.getUser().then(user => user.access_token)`)
	if status := userinfo(tab, s, token); status != http.StatusOK {
		t.Errorf("before it gives the tokens back, userinfo answers %d", status)
	}
	tab.Click("#revoke")
	shown(t, tab, "#revoke-result")
	if status := userinfo(tab, s, token); status != http.StatusUnauthorized {
		t.Errorf("after it gave the tokens back, userinfo answers %d", status)
	}
	tab.Problems() // the browser notes that answer
	tab.Follow("#logout")
	if !strings.HasPrefix(tab.URL(), a.origin) {
		t.Fatalf("sign-out ended at %s:\n%s", tab.URL(), tab.Text("body"))
	}
	tab.Follow("#login")
	if !tab.Has("#password") {
		t.Error("after sign-out the app still signs in silently")
	}
}

// userinfo asks by the page's script, with credentials as many libraries do, and returns
// the status.
func userinfo(tab *browser.Tab, s *server, token string) int {
	const script = `fetch(%q, {credentials: "include", headers: {Authorization: %q}}).then(r => r.status)`
	return browser.Eval[int](tab, fmt.Sprintf(script, s.issuer+"/connect/userinfo", "Bearer "+token))
}

func TestASinglePageAppRefusesAnAuthorityTheBrowserDoesNotKnow(t *testing.T) {
	t.Parallel()
	s := startTLS(t, certtest.New(t))
	a := newSPA(t, nil, "oidc-client-ts", oidcClientTS)
	a.register(s)
	tab := browser.New(t, browser.Options{CheckCertificates: true})
	tab.Goto(a.origin)
	tab.Click("#login")
	if out := shown(t, tab, "#error"); out.Message != "Failed to fetch" {
		t.Errorf("the library says %+v", out)
	}
	if problems := strings.Join(tab.Problems(), "\n"); !strings.Contains(problems, "ERR_CERT_AUTHORITY_INVALID") {
		t.Errorf("the browser says %s", problems)
	}
}

func TestMSALSignsSomebodyIn(t *testing.T) {
	t.Parallel()
	s := startTLS(t, certtest.New(t))
	s.addAda()
	a := newSPA(t, s.ca, "msal-browser", msalBrowser)
	a.register(s)
	tab := browser.New(t, browser.Options{CheckCertificates: true, CAFile: s.ca.File})
	tab.Goto(a.origin)
	tab.Follow("#login")
	signIn(tab, "ada", adaPassword)
	tab.Follow("#allow")
	if out := shown(t, tab, "#result"); out.Profile["name"] != "Ada Lovelace" || out.Profile["email"] != adaEmail {
		t.Errorf("the library says %+v", out)
	}
	tab.Click("#refresh")
	if out := shown(t, tab, "#refresh-result"); out.Profile["name"] != "Ada Lovelace" {
		t.Errorf("after refresh it says %+v", out)
	}
	tab.Follow("#logout")
	if !strings.HasPrefix(tab.URL(), a.origin) {
		t.Fatalf("sign-out ended at %s:\n%s", tab.URL(), tab.Text("body"))
	}
	tab.Follow("#login")
	if !tab.Has("#password") {
		t.Error("after sign-out the app still signs in silently")
	}
}
