package signin_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/login/page"
	"latchkey/login/signin"
	"latchkey/op"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/memory"
	"latchkey/storage/people"
	"latchkey/storage/store"
	"latchkey/usecase"
)

// house is a provider with its pages, on a clock of its own.
type house struct {
	t      *testing.T
	store  *store.Store
	hasher *keys.Hasher
	url    string
	mu     sync.Mutex
	at     time.Time
}

const password = "seven green parrots sing"

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

// newHouse serves over plain HTTP at a localhost issuer, as a first run does.
func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	ctx := context.Background()
	engine := memory.New(memory.Options{})
	t.Cleanup(func() { _ = engine.Close() })
	store, err := store.Open(ctx, engine, store.Options{Now: h.now})
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keys.Open(ctx, keys.Options{Store: store.Keys, Master: master(t), Now: h.now})
	if err != nil {
		t.Fatal(err)
	}
	h.store, h.hasher = store, keys.NewHasher(keys.HasherOptions{Ring: ring})
	renderer, err := page.New(page.Options{RequestID: edge.RequestID, Now: h.now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	h.url = "http://" + server.Listener.Addr().String()
	sessions := signin.Sessions{Keys: ring}
	provider, err := op.New(ctx, op.Options{Issuer: h.url, Store: store, Keys: ring, Hasher: h.hasher, Now: h.now,
		Pages: signin.Pages{Renderer: renderer}, Sessions: sessions})
	if err != nil {
		t.Fatal(err)
	}
	r := mux.NewRouter()
	provider.Routes(r)
	operations := &usecase.Operations{Store: store, Keys: ring, Hasher: h.hasher, Issuer: h.url}
	(&signin.Handler{Provider: provider, Store: store, Operations: operations, Sessions: sessions,
		Renderer: renderer}).Routes(r)
	server.Config.Handler = r
	server.Start()
	return h
}

func master(t *testing.T) keys.Master {
	t.Helper()
	m, err := keys.CreateMaster(t.TempDir() + "/master.key")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (h *house) addUser(name string) *people.User {
	h.t.Helper()
	id := h.store.Users.NewID()
	sealed, err := h.hasher.Hash(context.Background(), id[:], password)
	if err != nil {
		h.t.Fatal(err)
	}
	u, err := h.store.Users.Create(context.Background(), storage.Operator, people.User{ID: id, Username: name,
		Email: name + "@example.org", EmailVerified: true, Password: sealed,
		Profile: people.Profile{Name: "The " + name}})
	if err != nil {
		h.t.Fatal(err)
	}
	return u
}

const callback = "https://calendar.example/cb"

func (h *house) addClient(change func(*apps.Metadata)) *apps.Client {
	h.t.Helper()
	m := apps.Metadata{ClientName: "Event Calendar", RedirectURIs: []string{callback}}
	if change != nil {
		change(&m)
	}
	c, err := h.store.Clients.Create(context.Background(), storage.Operator,
		apps.NewClient{Metadata: m, Secret: []byte("hash")})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *house) authorize(c *apps.Client, more ...string) string {
	q := url.Values{"client_id": {c.ID}, "redirect_uri": {callback}, "response_type": {"code"},
		"scope": {"openid profile email"}, "state": {"s"}}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return h.url + oauth.PathAuthorize + "?" + q.Encode()
}

// browser is a cookie jar that follows redirects within the house, and stops where
// it would leave it.
type browser struct {
	h      *house
	client *http.Client
}

// seen is an answer: a page, or where the browser was sent.
type seen struct {
	status int
	at     string // of the page, path and query
	left   *url.URL
	body   string
	header http.Header
}

func (h *house) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{h: h, client: &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), h.url) {
			return http.ErrUseLastResponse
		}
		return nil
	}}}
}

func (b *browser) do(r *http.Request) seen {
	b.h.t.Helper()
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	res, err := b.client.Do(r)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	s := seen{status: res.StatusCode, at: res.Request.URL.RequestURI(), body: string(body), header: res.Header}
	if to := res.Header.Get("Location"); to != "" {
		s.left, _ = url.Parse(to)
	}
	return s
}

func (b *browser) get(u string) seen {
	b.h.t.Helper()
	if strings.HasPrefix(u, "/") {
		u = b.h.url + u
	}
	r, err := http.NewRequest(http.MethodGet, u, nil)
	if err != nil {
		b.h.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) post(path string, fields ...string) seen {
	b.h.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, b.h.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.h.url)
	return b.do(r)
}

// signIn fills the form at path, which must be shown, and asks to stay signed in.
func (b *browser) signIn(path, name string) seen {
	b.h.t.Helper()
	return b.post(path, "username", name, "password", password, "keep", "yes")
}

var shownDigest = regexp.MustCompile(`name="shown" value="([^"]+)"`)

// allow answers a consent page with yes, and optional scopes.
func (b *browser) allow(p seen, scopes ...string) seen {
	b.h.t.Helper()
	found := shownDigest.FindStringSubmatch(p.body)
	if found == nil {
		b.h.t.Fatalf("no consent page: %d at %s\n%s", p.status, p.at, p.body)
	}
	fields := []string{"action", "allow", "shown", found[1]}
	for _, s := range scopes {
		fields = append(fields, "scope", s)
	}
	return b.post(p.at, fields...)
}

func (s seen) code() string {
	if s.left == nil {
		return ""
	}
	return s.left.Query().Get("code")
}

func (s seen) failure() string {
	if s.left == nil {
		return ""
	}
	return s.left.Query().Get("error")
}

var accountButton = regexp.MustCompile(`(?s)name="account" value="([^"]+)".*?class="account-name"[^>]*>([^<]+)<`)

// accounts are the buttons of a page that asks which account, by name.
func (b *browser) accounts(p seen) map[string]string {
	out := map[string]string{}
	for _, m := range accountButton.FindAllStringSubmatch(p.body, -1) {
		out[m[2]] = m[1]
	}
	return out
}
