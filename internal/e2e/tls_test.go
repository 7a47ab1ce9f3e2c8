package e2e

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"latchkey/internal/browser"
	"latchkey/internal/certtest"
)

func TestAStandardClientInGoSignsSomebodyInOverTLS(t *testing.T) {
	t.Parallel()
	s := startTLS(t, certtest.New(t))
	s.addAda()
	var unknown x509.UnknownAuthorityError
	if _, err := oidc.NewProvider(context.Background(), s.issuer); !errors.As(err, &unknown) {
		t.Fatalf("without the authority: %v", err)
	}
	a := newApp(t, s, []string{"openid", "profile", "offline_access"}, func(uri string) registered {
		return s.addClient("--client-name", "Event Calendar", "--redirect-uri", uri,
			"--post-logout-redirect-uri", strings.Replace(uri, "/cb", "/bye", 1),
			"--grant-type", "authorization_code", "--grant-type", "refresh_token")
	})
	tab := browser.New(t, browser.Options{CheckCertificates: true, CAFile: s.ca.File})
	tab.Goto(a.URL)
	tab.Follow("#login")
	signIn(tab, "ada", adaPassword)
	tab.Follow("#allow")
	if out := resultOf(t, tab); out.Userinfo["name"] != "Ada Lovelace" || out.IDToken["iss"] != s.issuer {
		t.Errorf("userinfo %v, ID token %v", out.Userinfo, out.IDToken)
	}
	ctx := a.ctx(t.Context())
	fresh, err := a.config.TokenSource(ctx, &oauth2.Token{RefreshToken: a.token.RefreshToken}).Token()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.provider.UserInfo(ctx, oauth2.StaticTokenSource(fresh)); err != nil {
		t.Error(err)
	}
	a.config.ClientSecret += "x"
	_, err = a.config.TokenSource(ctx, &oauth2.Token{RefreshToken: fresh.RefreshToken}).Token()
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.ErrorCode != "invalid_client" {
		t.Errorf("with a wrong secret: %v", err)
	}
	tab.Follow("#logout")
	if text := tab.Text("#bye"); text != "true" {
		t.Errorf("sign-out ended at %s:\n%s", tab.URL(), tab.Text("body"))
	}
}

// An app without a user gets a token of its own, has it explained and gives it
// back.
func TestAMachineInNodeUsesItsTokenOverTLS(t *testing.T) {
	t.Parallel()
	l := library{find: node, args: []string{"openid-client/machine.mjs"}, trust: []string{"NODE_EXTRA_CA_CERTS"}}
	s := startTLS(t, certtest.New(t))
	c := s.addClient("--client-name", "Nightly Report", "--grant-type", "client_credentials")
	cmd := l.command(t, s, c, "")
	cmd.Env = append(cmd.Env, l.trusting(s.ca.File)...)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			out = exit.Stderr
		}
		t.Fatalf("%v\n%s", err, out)
	}
	var said struct{ Before, After map[string]any }
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if said.Before["active"] != true || said.Before["client_id"] != c.ID || said.Before["iss"] != s.issuer {
		t.Errorf("introspection says %v", said.Before)
	}
	if said.After["active"] != false || len(said.After) != 1 {
		t.Errorf("after revocation it says %v", said.After)
	}
}
