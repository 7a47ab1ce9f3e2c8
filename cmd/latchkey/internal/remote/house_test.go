package remote

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/certtest"
)

const (
	theSecret = "lk_cs_precious"
	theToken  = "lk_at_precious"
)

// fake is a server that answers well, but for what a test replaces.
type fake struct {
	*httptest.Server
	replaced map[string]http.HandlerFunc // by path

	mu       sync.Mutex
	asked    []string // method and path of all requests
	hadProof []string // paths of those with a secret or a token
}

const pathToken = "/connect/token"

func newFake(t *testing.T, replaced map[string]http.HandlerFunc) *fake {
	t.Helper()
	f := &fake{replaced: replaced}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	f.mu.Lock()
	f.asked = append(f.asked, r.Method+" "+r.URL.Path)
	if r.Header.Get("Authorization") != "" || strings.Contains(string(body), theSecret) {
		f.hadProof = append(f.hadProof, r.URL.Path)
	}
	f.mu.Unlock()
	if h := f.replaced[r.URL.Path]; h != nil {
		h(w, r)
		return
	}
	switch r.URL.Path {
	case pathDiscovery:
		says(200, map[string]any{"issuer": f.URL, "token_endpoint": f.URL + pathToken})(w, r)
	case pathToken:
		says(200, map[string]any{"access_token": theToken, "token_type": "Bearer", "expires_in": 3600})(w, r)
	case "/api/v1/users":
		says(200, map[string]any{"users": []any{map[string]any{"sub": "1", "username": "ada"}}})(w, r)
	default:
		http.NotFound(w, r)
	}
}

// count is how often a path was asked for.
func (f *fake) count(path string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.asked {
		if strings.HasSuffix(a, " "+path) {
			n++
		}
	}
	return n
}

func (f *fake) proved() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.hadProof, " ")
}

// says answers in JSON.
func says(status int, v any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
}

// prints answers in text.
func prints(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, text)
	}
}

func (f *fake) options() Options {
	return Options{Issuer: f.URL, Credentials: Secret("robot", theSecret), AnswerMost: 20 * time.Second}
}

// secured is a fake by TLS, with a certificate for those names.
func secured(t *testing.T, names ...string) (f *fake, a *certtest.Authority) {
	t.Helper()
	a = certtest.New(t)
	certFile, keyFile := a.Issue(names...)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	f = &fake{}
	f.Server = httptest.NewUnstartedServer(f)
	f.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	f.Config.ErrorLog = quiet
	f.StartTLS()
	t.Cleanup(f.Close)
	f.URL = strings.Replace(f.URL, "127.0.0.1", "localhost", 1)
	return f, a
}
