package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/api/wire"
	"latchkey/internal/addrtest"
	"latchkey/internal/certtest"
)

var quiet = log.New(io.Discard, "", 0)

// try does what a verb does: it looks somebody up, and then changes something.
func try(ctx context.Context, o Options) error {
	s, err := Open(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.FindUser(ctx, "ada"); err != nil {
		return s.Explain(err)
	}
	_, err = s.CreateGroup(ctx, "staff", "")
	return s.Explain(err)
}

func TestWhatIsWrongIsSaidInWordsAndNoSecretGoesAstray(t *testing.T) {
	elsewhere := newFake(t, nil)
	away := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}
	const users, groups, described = "/api/v1/users", "/api/v1/groups", "/api/v1/openapi.json"
	refusal := func(code string) http.HandlerFunc {
		return says(400, map[string]string{"error": code, "error_description": "because\x1b[31m"})
	}
	problem := func(status int, detail string) http.HandlerFunc {
		return says(status, wire.Problem{Status: status, Title: "t", Detail: detail})
	}
	for name, c := range map[string]struct {
		at     string
		answer http.HandlerFunc
		want   string
		proved string // where a secret or a token was seen
	}{
		"no discovery": {pathDiscovery, http.NotFound,
			"discovery answers 404: is it a Latchkey, and in order?", ""},
		"a page":     {pathDiscovery, prints(200, "<html>"), "it is no Latchkey", ""},
		"other JSON": {pathDiscovery, says(200, []int{1}), "it is no Latchkey", ""},
		"another issuer": {pathDiscovery,
			says(200, map[string]string{"issuer": "https://other.example", "token_endpoint": elsewhere.URL}),
			`its issuer is "https://other.example"`, ""},
		"tokens from elsewhere": {pathDiscovery, nil, "which gets no secret", ""},
		"discovery leads away": {pathDiscovery, away, "it sends requests on to elsewhere: name the issuer itself",
			""},
		"discovery says nothing": {pathDiscovery,
			func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "it did not answer in time", ""},
		"wrong credentials": {pathToken, refusal("invalid_client"), "the credentials of robot are refused",
			pathToken},
		"no such grant": {pathToken, refusal("unauthorized_client"),
			"latchkey client edit robot --grant-type client_credentials", pathToken},
		"no scope": {pathToken, refusal("invalid_scope"),
			"latchkey client edit robot --first-party --scope admin", pathToken + " " + pathToken},
		"another refusal": {pathToken, refusal("slow_down"), `says "because\x1b[31m" (slow_down)`, pathToken},
		"a proxy's refusal": {pathToken, prints(502, "<html>"+theSecret),
			"its token endpoint answers 502, not as a Latchkey does", pathToken},
		"no token": {pathToken, says(200, map[string]string{"secret": theSecret}),
			"answers 200, not as a Latchkey does", pathToken},
		"half a token": {pathToken, prints(200, `{"access_token":"`+theToken),
			"answers 200, not as a Latchkey does", pathToken},
		"tokens lead away": {pathToken, away, "its token endpoint answers 307, not as a Latchkey does",
			pathToken},
		"no API": {users, http.NotFound, "there is no administration API at /api/v1",
			pathToken + " " + users + " " + described},
		"the API leads away": {users, away, "it sends requests on to", pathToken + " " + users},
		"token refused": {users, problem(401, "the access token is not valid"),
			"the client robot may have been changed just now", pathToken + " " + users},
		"kept by a proxy": {users, prints(403, "<html>"),
			"the server answered 403 Forbidden, not as Latchkey does", pathToken + " " + users},
		"a page for an answer": {users, prints(200, "<html>"), "the answer is not what this version expects",
			pathToken + " " + users},
		"unknown field": {groups, says(422,
			wire.Problem{Status: 422, Title: "t", Detail: "validation failed",
				Errors: []wire.ProblemField{{Location: "body.description", Message: "unexpected property"}}}),
			"description: unexpected property: the server does not know that field",
			pathToken + " " + users + " " + groups},
		"older": {described, says(200, map[string]any{"paths": map[string]any{users: map[string]any{"get": 1}}}),
			"the server does not know this operation", pathToken + " " + users + " " + groups + " " + described},
		"broken off": {groups, func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
			"whether it was done is not known", pathToken + " " + users + " " + groups},
		"broken off before": {users, func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
			"the connection broke off without an answer", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, map[string]http.HandlerFunc{c.at: c.answer})
			f.Config.ErrorLog = quiet
			if c.answer == nil {
				f.replaced[pathDiscovery] = says(200,
					map[string]string{"issuer": f.URL, "token_endpoint": elsewhere.URL + pathToken})
			}
			o := f.options()
			if name == "discovery says nothing" {
				o.AnswerMost = 50 * time.Millisecond
			}
			err := try(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "precious") ||
				strings.Contains(err.Error(), "\x1b") {
				t.Errorf("%v, want %s", err, c.want)
			}
			if got := f.proved(); c.proved != "" && got != c.proved || c.at == pathDiscovery && got != "" {
				t.Errorf("credentials were sent to %q, want %q", got, c.proved)
			}
		})
	}
	if n := len(elsewhere.asked); n != 0 {
		t.Errorf("%v arrived elsewhere", elsewhere.asked)
	}
}

func TestACertificateIsBelievedOnlyIfItIsTheServersAndOfAnAuthorityThatIsTrusted(t *testing.T) {
	f, authority := secured(t, "localhost")
	other, otherAuthority := secured(t, "other.example")
	stranger := certtest.New(t)
	for name, c := range map[string]struct {
		f      *fake
		caFile string
		want   string
	}{
		"its authority":     {f, authority.File, "there is no administration API"}, // which is as far as the fake goes
		"none named":        {f, "", "its certificate is from nobody who is trusted here: name the authority's with --ca"},
		"another authority": {f, stranger.File, "from nobody who is trusted here"},
		"another name":      {other, otherAuthority.File, "its certificate is for another name"},
	} {
		o := c.f.options()
		o.CAFile = c.caFile
		if err := try(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if c.caFile != authority.File && c.f.proved() != "" {
			t.Errorf("%s: credentials were sent", name)
		}
		c.f.hadProof = nil
	}
}

func TestConnectionsThatFailAreToldApart(t *testing.T) {
	f := newFake(t, nil)
	closed := f.options()
	closed.Issuer = "http://" + addrtest.Address(t, "127.0.0.1")
	notPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(notPEM, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"nobody listens": {closed, "nothing listens there"},
		"no TLS": {Options{Issuer: strings.Replace(f.URL, "http:", "https:", 1)},
			"it does not speak https there"},
		"no CA file": {Options{Issuer: f.URL, CAFile: notPEM + ".absent"}, "no such file"},
		"no CA":      {Options{Issuer: f.URL, CAFile: notPEM}, "holds no certificate in PEM"},
	} {
		if err := try(t.Context(), c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := plainly(fmt.Errorf("dial: %w",
		&net.DNSError{IsNotFound: true})); err.Error() != "there is no host of that name" {
		t.Error(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := try(ended, f.options()); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestByHTTPOnlyThisMachineIsReached(t *testing.T) {
	base, err := newTransport(Options{Issuer: "http://localhost"})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"192.0.2.1:80", "[2001:db8::1]:80", "0.0.0.0:80"} {
		if conn, err := base.DialContext(t.Context(), "tcp", address); err == nil ||
			!strings.Contains(err.Error(), "by http only this machine is spoken to") {
			t.Errorf("%s: %v %v", address, conn, err)
		}
	}
	if base.Proxy != nil {
		t.Error("a proxy would see the secret")
	}
}

func TestATokenIsUsedUntilItIsNearlyOver(t *testing.T) {
	f := newFake(t, nil)
	o, clock := f.options(), time.Now()
	o.Now = func() time.Time { return clock }
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []struct {
		time.Duration
		tokens int
	}{{0, 1}, {50 * time.Minute, 1}, {9 * time.Minute, 2}, {time.Hour, 3}} {
		clock = clock.Add(after.Duration)
		if _, err := s.FindUser(t.Context(), "ada"); err != nil || f.count(pathToken) != after.tokens {
			t.Errorf("%v: %d tokens, want %d; %v", after.Duration, f.count(pathToken), after.tokens, err)
		}
	}
	if n := f.count(pathDiscovery); n != 1 {
		t.Errorf("discovery was asked %d times", n)
	}
}

func TestAClientThatMayOnlyLookLooks(t *testing.T) {
	f := newFake(t, map[string]http.HandlerFunc{
		pathToken: func(w http.ResponseWriter, r *http.Request) {
			if r.FormValue("scope") != scopeRead {
				says(400, map[string]string{"error": "invalid_scope"})(w, r)
				return
			}
			says(200, map[string]any{"access_token": theToken, "expires_in": 3600})(w, r)
		},
		"/api/v1/groups": says(403, wire.Problem{Status: 403, Title: "t",
			Detail: "the access token lacks the scope admin"}),
	})
	s, err := Open(t.Context(), f.options())
	if err != nil {
		t.Fatal(err)
	}
	if u, err := s.FindUser(t.Context(), "ada"); err != nil || u.Username != "ada" {
		t.Error(u, err)
	}
	_, err = s.CreateGroup(t.Context(), "staff", "")
	if err = s.Explain(err); err == nil || !strings.Contains(err.Error(), "the client robot may only look") {
		t.Error(err)
	}
}

// A name that begins like the issuer's is another's.
func TestNoSecretGoesToAnOriginThatBeginsLikeTheIssuer(t *testing.T) {
	for _, endpoint := range []string{"0" + pathToken, ".evil.example" + pathToken, "@evil.example" + pathToken, ""} {
		f := newFake(t, nil)
		f.replaced = map[string]http.HandlerFunc{pathDiscovery: says(200,
			map[string]string{"issuer": f.URL, "token_endpoint": f.URL + endpoint})}
		if err := try(t.Context(), f.options()); err == nil ||
			!strings.Contains(err.Error(), "which gets no secret") || f.proved() != "" {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

func TestATokenIsForItsServerAlone(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter,
		*http.Request) {
		t.Error("something arrived")
	}))
	defer other.Close()
	f := newFake(t, nil)
	s, err := Open(t.Context(), f.options())
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Transport: s.session}).Get(other.URL)
	if err == nil {
		_ = res.Body.Close()
		t.Error("it was sent")
	}
}
