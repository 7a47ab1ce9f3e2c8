package e2e

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"latchkey/internal/addrtest"
	"latchkey/internal/browser"
	"latchkey/internal/certtest"
)

// libraries are the servers' ones. Node and Python each have their own way to be
// told of an authority, and Python two, for urllib and for requests.
var libraries = map[string]struct {
	library
	refreshes bool
	untrusted string // what it says of a certificate by an unknown authority
	refused   string // what it says when its secret is wrong
	denied    string // and when the user says no
	forged    string // what it says of a signature by another key; empty: it does not look
}{
	"openid-client": {
		library:   library{find: node, args: []string{"openid-client/app.mjs"}, trust: []string{"NODE_EXTRA_CA_CERTS"}},
		refreshes: true, untrusted: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
		refused: "invalid_client", denied: `"error":"access_denied"`,
		forged: "JWT signature verification failed",
	},
	"passport-openidconnect": {
		library:   library{find: node, args: []string{"passport/app.mjs"}, trust: []string{"NODE_EXTRA_CA_CERTS"}},
		untrusted: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
		refused:   "invalid_client", denied: "AuthenticationError",
	},
	"Authlib": {
		library:   library{find: python("authlib, requests"), args: []string{"serve.py", "authlib"}, trust: []string{"REQUESTS_CA_BUNDLE"}},
		refreshes: true, untrusted: "CERTIFICATE_VERIFY_FAILED",
		refused: "invalid_client", denied: "access_denied",
		forged: "BadSignatureError",
	},
	"requests-oauthlib": {
		library: library{find: python("requests_oauthlib, jwt"), args: []string{"serve.py", "requests-oauthlib"},
			trust: []string{"REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}, env: []string{"OAUTHLIB_INSECURE_TRANSPORT=1"}}, // of the app's own address
		refreshes: true, untrusted: "CERTIFICATE_VERIFY_FAILED",
		refused: "invalid_client", denied: "access_denied",
		forged: "InvalidSignatureError",
	},
}

// in is the server for a test within the one that started it.
func (s *server) in(t *testing.T) *server {
	part := *s
	part.t = t
	return &part
}

// addApp registers an app as the docs do, whose origin is taken by nobody.
func (s *server) addApp() (c registered, origin string) {
	s.t.Helper()
	origin = "http://" + addrtest.Address(s.t, "localhost")
	return s.addClient("--client-name", "Event Calendar", "--redirect-uri", origin+"/callback",
		"--post-logout-redirect-uri", origin+"/"), origin
}

// said is what an app answers: JSON.
type said struct {
	Claims   map[string]any `json:"claims"`
	Userinfo map[string]any `json:"userinfo"`
	Name     string         `json:"name"` // passport's user
	Emails   []struct{ Value string }
}

func read(t *testing.T, tab *browser.Tab) said {
	t.Helper()
	var out said
	if err := json.Unmarshal([]byte(tab.Text("body")), &out); err != nil || tab.Status() != 200 {
		t.Fatalf("%s answers %d: %s", tab.URL(), tab.Status(), tab.Text("body"))
	}
	return out
}

func TestTheUsualLibrariesSignSomebodyInOverTLS(t *testing.T) {
	s := startTLS(t, certtest.New(t))
	s.addAda()
	for name, l := range libraries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			c, origin := s.addApp()
			p := l.run(t, s, c, origin)
			tab := browser.New(t, browser.Options{})
			tab.Goto(origin + "/login")
			signIn(tab, "ada", adaPassword)
			tab.Follow("#allow")
			out := read(t, tab)
			if len(out.Emails) > 0 { // passport has a form of its own
				out.Userinfo = map[string]any{"name": out.Name, "email": out.Emails[0].Value}
			}
			if out.Userinfo["name"] != "Ada Lovelace" || out.Userinfo["email"] != adaEmail {
				t.Errorf("userinfo: %v", out.Userinfo)
			}
			if out.Claims != nil && (out.Claims["iss"] != s.issuer || out.Claims["sub"] != out.Userinfo["sub"]) {
				t.Errorf("claims: %v, of %v", out.Claims, out.Userinfo)
			}
			if l.refreshes {
				for range 2 { // each time by the newest refresh token
					tab.Goto(origin + "/refresh")
					if out := read(t, tab); out.Userinfo["name"] != "Ada Lovelace" {
						t.Errorf("after refresh, userinfo is %v", out.Userinfo)
					}
				}
			}
			p.signsOut(t, tab)
		})
	}
}

// signsOut goes from the app to the provider and back, signed out of both.
func (p *program) signsOut(t *testing.T, tab *browser.Tab) {
	t.Helper()
	tab.Goto(p.origin)
	if text := tab.Text("body"); text != "signed in" {
		t.Errorf("before sign-out the app shows %q", text)
	}
	tab.Goto(p.origin + "/logout")
	if text := tab.Text("body"); text != "signed out" || !strings.HasPrefix(tab.URL(), p.origin) {
		t.Fatalf("sign-out ended at %s:\n%s", tab.URL(), text)
	}
	tab.Goto(p.origin + "/login")
	if !tab.Has("#password") {
		t.Error("after sign-out the app still signs in silently")
	}
}

func TestTheUsualLibrariesRefuseAnAuthorityTheyDoNotKnow(t *testing.T) {
	s := startTLS(t, certtest.New(t))
	for name, l := range libraries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := l.command(t, s, registered{ID: "x", Secret: "x"}, "http://"+addrtest.Address(t, "localhost"))
			out, err := cmd.CombinedOutput()
			if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() <= 0 || !strings.Contains(string(out), l.untrusted) {
				t.Errorf("%v, and said\n%s", err, out)
			}
		})
	}
}

func TestTheUsualLibrariesPassOnWhatWentWrong(t *testing.T) {
	s := startTLS(t, certtest.New(t))
	s.addAda()
	for name, l := range libraries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			c, origin := s.addApp()
			c.Secret += "x"
			l.run(t, s, c, origin)
			tab := browser.New(t, browser.Options{})
			tab.Goto(origin + "/login")
			signIn(tab, "ada", adaPassword)
			tab.Follow("#deny")
			if text := tab.Text("body"); !strings.Contains(text, l.denied) {
				t.Errorf("after Deny the app says %s, without %q", text, l.denied)
			}
			tab.Goto(origin + "/login")
			tab.Follow("#allow")
			if text := tab.Text("body"); !strings.Contains(text, l.refused) {
				t.Errorf("with a wrong secret the app says %s, without %q", text, l.refused)
			}
			tab.Goto(elsewhere(t, origin))
			if text := tab.Text("body"); !strings.Contains(text, "has not registered") || !strings.Contains(tab.HTML(), origin+"/elsewhere") {
				t.Errorf("with another redirect URI the page says %s", text)
			}
			tab.Problems()
		})
	}
}

// elsewhere is the app's request, with a redirect URI that it has not registered.
func elsewhere(t *testing.T, origin string) string {
	t.Helper()
	res, err := stays.Get(origin + "/login")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	to, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	q := to.Query()
	q.Set("redirect_uri", origin+"/elsewhere")
	to.RawQuery = q.Encode()
	return to.String()
}

// programs are others, which are told nothing but issuer, client_id and client_secret,
// and registered with nothing but the redirect URI that they have: each does what it
// does by itself.
var programs = map[string]struct {
	library
	callback  string // the path of its redirect URI
	refreshes bool
	verifies  bool   // the ID token's signature
	logout    string // the path at which it signs out here and at the provider
}{
	"go-oidc": {
		library:  library{find: goProgram("go-oidc"), trust: []string{"SSL_CERT_FILE"}},
		callback: "/callback", verifies: true,
	},
	"Auth.js": {
		library:  library{find: node, args: []string{"auth-core/app.mjs"}, trust: []string{"NODE_EXTRA_CA_CERTS"}},
		callback: "/auth/callback/latchkey",
	},
	"express-openid-connect": {
		library:  library{find: node, args: []string{"express-openid-connect/app.mjs"}, trust: []string{"NODE_EXTRA_CA_CERTS"}},
		callback: "/callback", logout: "/logout",
	},
	"passport-oauth2": {
		library:  library{find: node, args: []string{"passport-oauth2/app.mjs"}, trust: []string{"NODE_EXTRA_CA_CERTS"}},
		callback: "/callback", refreshes: true,
	},
	"grant": {
		library:  library{find: node, args: []string{"grant/app.mjs"}, trust: []string{"NODE_EXTRA_CA_CERTS"}},
		callback: "/connect/latchkey/callback",
	},
	"social-auth-core": {
		library:  library{find: venv, args: []string{"social-auth-core/app.py"}, trust: []string{"REQUESTS_CA_BUNDLE"}},
		callback: "/complete/oidc/", refreshes: true, verifies: true,
	},
	"django-allauth": {
		library:  library{find: venv, args: []string{"django-allauth/app.py"}, trust: []string{"REQUESTS_CA_BUNDLE"}},
		callback: "/accounts/oidc/latchkey/login/callback/",
	},
}

// The first thing that a developer tries: a sample of the docs, at the issuer of the
// README, on this machine and without TLS.
func TestTheSamplesInTheDocsSignSomebodyInAtTheReadmesIssuer(t *testing.T) {
	s := start(t)
	s.addAda()
	all := map[string]library{"go-oidc": programs["go-oidc"].library}
	for name, l := range libraries {
		all[name] = l.library
	}
	for name, l := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			c, origin := s.addApp()
			l.run(t, s, c, origin)
			status, at, text := newPerson(t, s).visitApp(origin + "/login")
			if status != 200 || !strings.HasPrefix(at, origin) || !strings.Contains(text, "Ada Lovelace") || !strings.Contains(text, adaEmail) {
				t.Errorf("ended at %s with %d: %s", at, status, text)
			}
		})
	}
}

func TestProgramsThatAreToldThreeValuesSignSomebodyIn(t *testing.T) {
	s := startTLS(t, certtest.New(t))
	s.addAda()
	for name, l := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			origin := "http://" + addrtest.Address(t, "localhost")
			p := l.run(t, s, s.addPlainApp(origin, l.callback, l.logout), origin)
			ada := newPerson(t, s)
			p.shows(t, ada, "/login")
			if l.refreshes {
				for range 2 { // each time by the newest refresh token
					p.shows(t, ada, "/refresh")
				}
			}
			if l.logout == "" {
				return
			}
			if status, at, text := ada.visitApp(origin + l.logout); status != 200 || !strings.HasPrefix(at, origin) {
				t.Fatalf("sign-out ended at %s with %d: %s", at, status, text)
			}
			if p.shows(t, ada, "/login"); ada.signIns == 0 {
				t.Error("after sign-out the app still signs in silently")
			}
		})
	}
}

// addPlainApp registers an app as the README does, and where it comes back to after
// sign-out if it does that.
func (s *server) addPlainApp(origin, callback, logout string) registered {
	s.t.Helper()
	args := []string{"--client-name", "Event Calendar", "--redirect-uri", origin + callback}
	if logout != "" {
		args = append(args, "--post-logout-redirect-uri", origin)
	}
	return s.addClient(args...)
}

// shows opens a page of the app, by way of the provider if it leads there. In the end
// the app says whom it has signed in.
func (p *program) shows(t *testing.T, who *person, path string) {
	t.Helper()
	status, at, text := who.visitApp(p.origin + path)
	var out struct{ User struct{ Name, Email string } }
	if err := json.Unmarshal([]byte(text), &out); err != nil || status != 200 {
		t.Fatalf("%s led to %s, which answers %d: %s\n%s", path, at, status, text, p.log)
	}
	if out.User.Name != "Ada Lovelace" || out.User.Email != adaEmail {
		t.Errorf("after %s the app knows the user as %s", path, text)
	}
}
