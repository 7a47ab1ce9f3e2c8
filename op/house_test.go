package op

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/op/authorize"
	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/op/signout"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/kv"
	"latchkey/storage/memory"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store"

	"github.com/gorilla/mux"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	flag.Parse()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

const (
	issuer   = "https://id.example.org"
	callback = "https://app.example/cb"
	// what a client made by house.client is called and knows
	webID    = "web"
	verifier = "a-verifier-of-at-least-forty-three-characters-1"
)

// What apps may send at most, in bytes, as docs/decisions.md has it.
const (
	longestNonce  = 512
	longestFlow   = 6000 // sealed, in its cookies
	longestQuery  = 16 << 10
	longestLogout = 8 << 10 // sealed
	mostClaims    = 40      // in each place of the parameter claims
)

// challengeOf is RFC 7636 section 4.2.
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return strictBase64.EncodeToString(sum[:])
}

// flowAt is a flow's address.
func flowAt(id storage.ID) string { return authorize.PathFlow + "/" + id.String() }

// clock is a time that only a test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// house is a provider with everything under it, and pages that only say what they
// were asked to show.
type house struct {
	t       testing.TB
	clock   *clock
	engine  kv.Engine
	store   *store.Store
	ring    *keys.Ring
	op      *Provider
	pages   *fakePages
	handler http.Handler
	log     *syncBuffer
	ada     *people.User
	web     *apps.Client // confidential, client_secret_basic
	secret  string       // of every confidential client
}

// fixture is made once: an RSA key takes a while.
var fixture = sync.OnceValues(func() (keys.Master, policy.KeySet) {
	master, err := keys.ParseMaster(base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)))
	if err != nil {
		panic(err)
	}
	shelf := &keyShelf{}
	if _, err := keys.Open(context.Background(), keys.Options{Store: shelf, Master: master}); err != nil {
		panic(err)
	}
	return master, shelf.set
})

type keyShelf struct{ set policy.KeySet }

func (s *keyShelf) Load(context.Context) (policy.KeySet, error) { return s.set, nil }

func (s *keyShelf) Replace(_ context.Context, old uint64, set policy.KeySet, _ ...policy.KeyNote) (policy.KeySet,
	error) {
	set.Epoch = old + 1
	s.set = set
	return set, nil
}

func newHouse(t testing.TB) *house { return newHouseOn(t, memory.New(memory.Options{})) }

func newHouseOn(t testing.TB, engine kv.Engine) *house {
	t.Helper()
	ctx := context.Background()
	h := &house{t: t, engine: engine, pages: &fakePages{}, log: &syncBuffer{},
		clock: &clock{t: time.Date(2026, 5, 4, 10, 20, 30, 0, time.UTC)}}
	t.Cleanup(func() { engine.Close() })
	master, set := fixture()
	h.store = must(store.Open(ctx, engine, store.Options{Now: h.clock.now}))
	must(h.store.Keys.Replace(ctx, 0, set))
	h.ring = must(keys.Open(ctx, keys.Options{Store: h.store.Keys, Master: master, Now: h.clock.now, Policy: h.policy}))
	h.op = must(New(ctx, Options{Issuer: issuer, Store: h.store, Keys: h.ring, Pages: h.pages,
		Hasher:   keys.NewHasher(keys.HasherOptions{Ring: h.ring}),
		Sessions: fakeSessions{}, Now: h.clock.now}))
	h.handler = h.routes()
	h.secret = keys.NewClientSecret()
	h.ada = h.user(people.User{Username: "ada", Email: "ada@example.org"})
	h.web = h.client(webID, nil)
	return h
}

func (h *house) policy(ctx context.Context) (keys.Policy, error) {
	set, err := h.store.Settings.Get(ctx)
	return keys.PolicyOf(set), err
}

// routes is the provider behind the edge, as it is in the product, with pages of
// ours for the steps.
func (h *house) routes() http.Handler {
	e := edge.New(edge.Options{Log: slog.New(slog.NewJSONHandler(h.log,
		&slog.HandlerOptions{Level: slog.LevelDebug})), Now: h.clock.now})
	router := e.Router()
	h.op.Routes(router)
	router.HandleFunc(authorize.PathFlow+"/{flow}/{step}", h.step)
	return e.Handler(router)
}

// step stands in for the pages: GET shows what there is to decide as JSON, POST
// decides.
func (h *house) step(w http.ResponseWriter, r *http.Request) {
	f, end := h.op.Flow(r)
	if f == nil {
		end.Write(w, r)
		return
	}
	if r.Method == http.MethodGet {
		shown := shown{LoginHint: f.LoginHint(), Client: f.Client().ID, Accounts: len(f.Accounts())}
		for _, a := range f.Accounts() {
			shown.Names = append(shown.Names, a.User.Username)
		}
		if view := f.Consent(); view != nil {
			shown.Digest, shown.Asks, shown.Known = view.DigestText(), view.Asks, view.Known
		}
		_ = json.NewEncoder(w).Encode(shown)
		return
	}
	session, _ := storage.ParseID(r.FormValue("session"))
	switch "/" + mux.Vars(r)["step"] + "?" + r.FormValue("action") {
	case authorize.PathSignIn + "?":
		f.SignedIn(w, r, session)
	case authorize.PathAccount + "?":
		f.Choose(w, r, session)
	case authorize.PathConsent + "?allow":
		if !f.Allow(w, r, r.FormValue("digest"), r.Form["scope"]) {
			f.Resume(w)
		}
	default:
		f.Deny(w, r)
	}
}

// shown is what the stand-in for the pages shows.
type shown struct {
	LoginHint, Client, Digest string
	Accounts                  int
	Names                     []string // of the accounts, as they are ordered
	Asks                      []authorize.Ask
	Known                     bool
}

// fakePages answers a refusal in plain words and keeps the last one.
type fakePages struct {
	mu   sync.Mutex
	last frontchannel.Refusal
}

func (p *fakePages) Refuse(w http.ResponseWriter, _ *http.Request, why frontchannel.Refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = why
	w.WriteHeader(why.Status)
	fmt.Fprintf(w, "refused: %s %s", why.Kind, why.Code)
}

// Post writes the form as JSON.
func (p *fakePages) Post(w http.ResponseWriter, _ *http.Request, form frontchannel.Post) {
	w.Header().Set("Content-Type", postedType)
	_ = json.NewEncoder(w).Encode(form)
}

const postedType = "application/json; posted"

// SignedOut names the app and the address that the page links to.
func (p *fakePages) SignedOut(w http.ResponseWriter, _ *http.Request, l *signout.Logout) {
	name := "nobody"
	if l.Client() != nil {
		name = l.Client().ID
	}
	fmt.Fprintf(w, "signed out: %s %s", name, l.ReturnURL())
}

// fakeSessions reads session ids from a plain cookie.
type fakeSessions struct{}

const sessionsCookie = "test-sessions"

func (fakeSessions) Of(r *http.Request) (ids []storage.ID) {
	c, err := r.Cookie(sessionsCookie)
	if err != nil {
		return nil
	}
	for _, s := range strings.Split(c.Value, ".") {
		if id, err := storage.ParseID(s); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// Forget removes nothing: what matters is that the sessions are over.
func (fakeSessions) Forget(http.ResponseWriter, *http.Request, uint32, ...storage.ID) {}

type syncBuffer struct {
	mu  sync.Mutex
	b   bytes.Buffer
	off bool
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	if s.off {
		return len(p), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Reset()
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (h *house) user(u people.User) *people.User {
	h.t.Helper()
	u.ID = h.store.Users.NewID()
	return must(h.store.Users.Create(context.Background(), storage.Operator, u))
}

// client registers a client that may ask for everything; change edits what it says
// of itself.
func (h *house) client(id string, change func(*apps.Metadata)) *apps.Client {
	h.t.Helper()
	m := apps.Metadata{ClientName: "App " + id, RedirectURIs: []string{callback},
		Scopes: append(apps.StandardScopes(), apps.ScopePatreon, apps.ScopeGroups)}
	if change != nil {
		change(&m)
	}
	n := apps.NewClient{ID: id, Metadata: m}
	if m.UsesSecret() {
		n.Secret = h.ring.HashClientSecret(h.secret)
	}
	return must(h.store.Clients.Create(context.Background(), storage.Operator, n))
}

// change edits a client's metadata.
func (h *house) change(id string, change func(*apps.Metadata)) {
	h.t.Helper()
	m := must(h.store.Clients.Get(context.Background(), id)).Metadata
	change(&m)
	must(h.store.Clients.Change(context.Background(), storage.Operator, id, 0, m))
}

func publicClient(m *apps.Metadata) { m.TokenEndpointAuthMethod = apps.AuthMethodNone }

// do serves one request and returns its answer.
func (h *house) do(r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w.Result()
}

func (h *house) get(path string) *http.Response {
	return h.do(httptest.NewRequest(http.MethodGet, path, nil))
}

func formRequest(path string, form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func body(resp *http.Response) string {
	b := must(io.ReadAll(resp.Body))
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return string(b)
}

func decoded[T any](t testing.TB, resp *http.Response) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(body(resp)), &v); err != nil {
		t.Fatalf("%v in %q", err, body(resp))
	}
	return v
}

// tokenAnswer is what the token endpoint answers, good or bad.
type tokenAnswer struct {
	Status       int    `json:"-"`
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	IDToken      string `json:"id_token"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
	Error        string `json:"error"`
	Description  string `json:"error_description"`
}

// redemption is the form that redeems a code of a plain request.
func redemption(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback},
		"code_verifier": {verifier}}
}

// token asks the token endpoint, as the client id in the way it is registered for.
func (h *house) token(id string, form url.Values) (tokenAnswer, *http.Response) {
	h.t.Helper()
	resp := h.do(h.tokenRequest(id, form))
	v := decoded[tokenAnswer](h.t, resp)
	v.Status = resp.StatusCode
	return v, resp
}

func (h *house) tokenRequest(id string, form url.Values) *http.Request {
	h.t.Helper()
	form = clone(form)
	method := apps.AuthMethodBasic
	if c, err := h.store.Clients.Get(context.Background(), id); err == nil {
		method = c.Metadata.TokenEndpointAuthMethod
	}
	if method == apps.AuthMethodPrivateKeyJWT {
		assert(form, h.assertion(id, nil))
		return formRequest(oauth.PathToken, form)
	}
	if method != apps.AuthMethodBasic {
		form.Set("client_id", id)
	}
	if method == apps.AuthMethodPost {
		form.Set("client_secret", h.secret)
	}
	r := formRequest(oauth.PathToken, form)
	if method == apps.AuthMethodBasic {
		r.SetBasicAuth(id, h.secret)
	}
	return r
}

func clone(v url.Values) url.Values { return url.Values(http.Header(v).Clone()) }

func (h *house) userinfo(token string) *http.Response {
	h.t.Helper()
	r := httptest.NewRequest(http.MethodGet, oauth.PathUserinfo, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return h.do(r)
}

// keyCount is how many keys the store holds.
func (h *house) keyCount() (n int) {
	h.t.Helper()
	err := h.engine.View(context.Background(), func(r kv.Reader) error {
		n = 0
		var after []byte
		for {
			page, err := r.Scan(kv.Range{After: after, Limit: kv.MaxPage})
			n += len(page)
			if err != nil || len(page) < kv.MaxPage {
				return err
			}
			after = bytes.Clone(page[len(page)-1].Key)
		}
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// commits counts the transactions that wrote.
func (h *house) commits() uint64 {
	return h.engine.(interface{ Commits() uint64 }).Commits()
}

// golden compares got with a file under testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(path, got, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// indented is JSON as people read it, for golden files.
func indented(t *testing.T, raw string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(raw), "", "  "); err != nil {
		t.Fatalf("%v in %q", err, raw)
	}
	return append(bytes.TrimSpace(b.Bytes()), '\n')
}

var strictBase64 = base64.RawURLEncoding.Strict()

// claims are those of an ID token, its signature not looked at.
func (h *house) claims(v tokenAnswer) map[string]any {
	h.t.Helper()
	parts := strings.Split(v.IDToken, ".")
	if len(parts) != 3 {
		h.t.Fatalf("no ID token: %+v", v)
	}
	var claims map[string]any
	if err := json.Unmarshal(must(strictBase64.DecodeString(parts[1])), &claims); err != nil {
		h.t.Fatal(err)
	}
	return claims
}
