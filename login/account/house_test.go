package account_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/login/account"
	"latchkey/login/page"
	"latchkey/login/signin"
	"latchkey/op"
	"latchkey/storage"
	"latchkey/storage/memory"
	"latchkey/storage/people"
	"latchkey/storage/store"
	"latchkey/usecase"
)

// house is the pages of signing in and of one's account, on a clock of their own.
type house struct {
	t        *testing.T
	store    *store.Store
	hasher   *keys.Hasher
	sessions signin.Sessions
	url      string
	mu       sync.Mutex
	at       time.Time
}

const (
	password = "seven green parrots sing"
	another  = "eleven purple foxes whistle"
)

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

func newHouse(t *testing.T, o keys.HasherOptions) *house {
	t.Helper()
	h := &house{t: t, at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	ctx := t.Context()
	engine := memory.New(memory.Options{})
	t.Cleanup(func() { _ = engine.Close() })
	var err error
	if h.store, err = store.Open(ctx, engine, store.Options{Now: h.now}); err != nil {
		t.Fatal(err)
	}
	master, err := keys.CreateMaster(t.TempDir() + "/master.key")
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keys.Open(ctx, keys.Options{Store: h.store.Keys, Master: master, Now: h.now})
	if err != nil {
		t.Fatal(err)
	}
	o.Ring = ring
	h.hasher, h.sessions = keys.NewHasher(o), signin.Sessions{Keys: ring}
	renderer, err := page.New(page.Options{RequestID: edge.RequestID, Now: h.now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	h.url = "http://" + server.Listener.Addr().String()
	provider, err := op.New(ctx, op.Options{Issuer: h.url, Store: h.store, Keys: ring, Now: h.now,
		Pages: signin.Pages{Renderer: renderer}, Sessions: h.sessions})
	if err != nil {
		t.Fatal(err)
	}
	r := mux.NewRouter()
	operations := &usecase.Operations{Store: h.store, Keys: ring, Hasher: h.hasher, Issuer: h.url}
	(&signin.Handler{Provider: provider, Store: h.store, Operations: operations, Sessions: h.sessions,
		Renderer: renderer}).Routes(r)
	(&account.Handler{Store: h.store, Operations: operations, Sessions: h.sessions, Browsers: provider,
		Renderer: renderer}).Routes(r)
	server.Config.Handler = r
	server.Start()
	return h
}

func (h *house) addUser(name string) *people.User {
	h.t.Helper()
	id := h.store.Users.NewID()
	sealed, err := h.hasher.Hash(context.Background(), id[:], password)
	if err != nil {
		h.t.Fatal(err)
	}
	u, err := h.store.Users.Create(context.Background(), storage.Operator, people.User{ID: id, Username: name,
		Email: name + "@example.org", Password: sealed, Profile: people.Profile{Name: "The " + name}})
	if err != nil {
		h.t.Fatal(err)
	}
	return u
}

// browser is a cookie jar that follows redirects.
type browser struct {
	h      *house
	client *http.Client
}

// seen is the page that a browser came to.
type seen struct {
	status int
	at     string // path and query
	body   string
	header http.Header
}

func (h *house) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{h: h, client: &http.Client{Jar: jar}}
}

// signedIn is a browser at which these have signed in, the last one in front.
func (h *house) signedIn(names ...string) *browser {
	h.t.Helper()
	b := h.browser()
	b.get("/sign-in")
	for _, name := range names {
		if p := b.post("/sign-in", "username", name, "password", password, "keep", "yes"); p.status != http.StatusOK {
			h.t.Fatalf("%s cannot sign in: %d", name, p.status)
		}
	}
	return b
}

func (b *browser) do(r *http.Request) seen {
	b.h.t.Helper()
	res, err := b.client.Do(r)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	return seen{status: res.StatusCode, at: res.Request.URL.RequestURI(), body: string(body), header: res.Header}
}

func (b *browser) get(path string) seen {
	b.h.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.h.url+path, nil)
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

// change sends the form for an account.
func (b *browser) change(u *people.User, current, fresh string, more ...string) seen {
	b.h.t.Helper()
	return b.post("/account/password", append([]string{"account", u.Subject(), "current-password", current,
		"new-password", fresh}, more...)...)
}

// verified reports whether a user's password is that.
func (h *house) verified(u *people.User, typed string) bool {
	h.t.Helper()
	u, err := h.store.Users.Get(context.Background(), u.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	ok, _, err := h.hasher.Verify(context.Background(), u.ID[:], u.Password, typed)
	if err != nil {
		h.t.Fatal(err)
	}
	return ok
}
