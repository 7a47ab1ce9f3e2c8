package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/api"
	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/keys"
	"latchkey/login/page"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/kv"
	"latchkey/storage/memory"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/table"
	"latchkey/usecase"
)

const password = "eleven blue herons wade"

// house is an API over a fresh store.
type house struct {
	*client.Caller
	store   *store.Store
	keys    *keys.Ring
	hasher  *keys.Hasher
	engine  *brittle
	handler http.Handler
	plain   http.Handler // without the witness, for what needs the connection
	errs    []error
}

// brittle is an engine that fails once it is told to.
type brittle struct {
	kv.Engine
	broken error // of everything
	keys   error // of the policy of keys alone
}

func (b *brittle) View(ctx context.Context, fn func(kv.Reader) error) error {
	if b.broken != nil {
		return b.broken
	}
	return b.Engine.View(ctx, fn)
}

func (b *brittle) Update(ctx context.Context, fn func(kv.Txn) error) error {
	if b.broken != nil {
		return b.broken
	}
	return b.Engine.Update(ctx, fn)
}

// keySet is made once: an RSA key takes a while.
var keySet = sync.OnceValues(func() (keys.Master, policy.KeySet) {
	ctx, master := context.Background(), keys.NewMaster()
	s, err := store.Open(ctx, memory.New(memory.Options{}), store.Options{})
	if err != nil {
		panic(err)
	}
	if _, err := keys.Open(ctx, keys.Options{Store: s.Keys, Master: master}); err != nil {
		panic(err)
	}
	set, err := s.Keys.Load(ctx)
	if err != nil {
		panic(err)
	}
	return master, set
})

// newOperations are operations over an engine.
func newOperations(t *testing.T, engine *brittle, o store.Options, h keys.HasherOptions) *usecase.Operations {
	t.Helper()
	opened := must[*store.Store](t)(store.Open(t.Context(), engine, o))
	master, made := keySet()
	must[policy.KeySet](t)(opened.Keys.Replace(t.Context(), 0, made))
	keyPolicy := func(ctx context.Context) (keys.Policy, error) {
		set, err := opened.Settings.Get(ctx)
		if err = errors.Join(err, engine.keys); err != nil {
			return keys.Policy{}, err
		}
		return keys.PolicyOf(set), nil
	}
	ring := must[*keys.Ring](t)(keys.Open(t.Context(),
		keys.Options{Store: opened.Keys, Master: master, Policy: keyPolicy}))
	h.Ring = ring
	return &usecase.Operations{Store: opened, Keys: ring, Hasher: keys.NewHasher(h), Issuer: "http://here",
		CheckAccent: page.CheckAccent}
}

func newHouse(t *testing.T, change func(*api.Options)) *house {
	t.Helper()
	h := &house{engine: &brittle{Engine: memory.New(memory.Options{})}}
	o := api.Options{Report: func(_ context.Context, err error) { h.errs = append(h.errs, err) }}
	if change != nil {
		change(&o)
	}
	if o.Operations == nil {
		o.Operations = newOperations(t, h.engine, store.Options{}, keys.HasherOptions{})
	}
	h.store, h.keys, h.hasher = o.Operations.Store, o.Operations.Keys, o.Operations.Hasher
	h.plain = api.Handler(o)
	h.handler = witness(t, h.plain)
	h.Caller = client.InProcess(h.handler)
	return h
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ada() wire.NewUser {
	return wire.NewUser{Account: wire.Account{
		Username: "ada", Email: "ada@example.org", EmailVerified: true,
		Claims: wire.Claims{
			Name: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace", MiddleName: "King", Nickname: "Countess",
			Profile: "https://example.org/ada", Picture: "https://example.org/ada.png", Website: "https://ada.example",
			Gender: "female", Birthdate: "1815-12-10", Zoneinfo: "Europe/London", Locale: "en-GB",
			PhoneNumber: "+44 20 7946 0000", PhoneNumberVerified: true,
			Address: people.Address{Formatted: "12 St James's Square\nLondon", StreetAddress: "12 St James's Square",
				Locality: "London", Region: "England", PostalCode: "SW1Y 4JH", Country: "UK"},
		},
	}, Password: password}
}

func TestEveryClaimOfAUserIsKept(t *testing.T) {
	h := newHouse(t, nil)
	made := must[wire.User](t)(h.CreateUser(t.Context(), ada()))
	got := must[wire.User](t)(h.GetUser(t.Context(), made.Sub))
	if !reflect.DeepEqual(got.Account, ada().Account) {
		t.Errorf("got %+v", got.Account)
	}
	if !got.HasPassword || got.Disabled || got.PasswordChangedAt == nil || got.Patreon != nil {
		t.Errorf("got %+v", got)
	}
	id, _ := storage.ParseID(made.Sub)
	u := must[*people.User](t)(h.store.Users.Get(t.Context(), id))
	if right, _, err := h.hasher.Verify(t.Context(), id[:], u.Password, password); !right || err != nil {
		t.Errorf("the stored password is another one: %v", err)
	}
}

func TestUserIsFoundByEveryName(t *testing.T) {
	h := newHouse(t, nil)
	made := must[wire.User](t)(h.CreateUser(t.Context(), ada()))
	for _, name := range []string{"ada", "ADA", "Ada@Example.org", made.Sub} {
		if u := must[wire.User](t)(h.FindUser(t.Context(), name)); u.Sub != made.Sub {
			t.Errorf("%q leads to %s", name, u.Sub)
		}
	}
	for _, name := range []string{"bob", "a&b=c", "%", "/../"} {
		if _, err := h.FindUser(t.Context(), name); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestPatchChangesWhatItNamesOnly(t *testing.T) {
	h := newHouse(t, nil)
	made := must[wire.User](t)(h.CreateUser(t.Context(), ada()))
	for _, c := range []struct {
		fields client.Fields
		want   func(*wire.Account)
	}{
		{client.Fields{}, func(*wire.Account) {}},
		{client.Fields{"nickname": "Ada L."}, func(a *wire.Account) { a.Nickname = "Ada L." }},
		{client.Fields{"nickname": ""}, func(a *wire.Account) { a.Nickname = "" }},
		{client.Fields{"address": map[string]any{"region": ""}}, func(a *wire.Account) { a.Address.Region = "" }},
		{client.Fields{"phone_number_verified": false}, func(a *wire.Account) { a.PhoneNumberVerified = false }},
		{client.Fields{"roles": []string{"admin"}}, func(a *wire.Account) { a.Roles = []storage.Role{"admin"} }},
		{client.Fields{"username": "lovelace"}, func(a *wire.Account) { a.Username = "lovelace" }},
		{client.Fields{"email": "l@example.org"},
			func(a *wire.Account) { a.Email, a.EmailVerified = "l@example.org", false }},
		{client.Fields{"email": "m@example.org", "email_verified": true},
			func(a *wire.Account) { a.Email, a.EmailVerified = "m@example.org", true }},
	} {
		want := must[wire.User](t)(h.GetUser(t.Context(), made.Sub)).Account
		c.want(&want)
		got := must[wire.User](t)(h.ChangeUser(t.Context(), made.Sub, c.fields)).Account
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v:\n got %+v\nwant %+v", c.fields, got, want)
		}
	}
}

func TestRefusedPatchChangesNothingAnywhere(t *testing.T) {
	h := newHouse(t, nil)
	made := must[wire.User](t)(h.CreateUser(t.Context(), ada()))
	app := must[wire.Client](t)(h.CreateClient(t.Context(), demo()))
	before := must[wire.User](t)(h.GetUser(t.Context(), made.Sub))
	for _, f := range []client.Fields{
		{"username": "a b"}, {"nickname": "x", "birthdate": "yesterday"}, {"sub": "1"}, {"nmae": "x"}, {"name": 1},
		{"disabled": true}, {"password": "x"}, {"roles": []string{"root"}}, {"updated_at": "2020-01-01T00:00:00Z"},
	} {
		_, err := h.ChangeUser(t.Context(), made.Sub, f)
		if p := new(wire.Problem); !errors.As(err, &p) || p.Status != 422 || p.Error() == "" {
			t.Errorf("%v: %v", f, err)
		}
	}
	if after := must[wire.User](t)(h.GetUser(t.Context(), made.Sub)); !reflect.DeepEqual(after, before) {
		t.Errorf("changed: %+v", after)
	}
	if _, err := h.ChangeClient(t.Context(), app.ClientID,
		client.Fields{"redirect_uris": []string{"javascript:alert(1)"}}); err == nil {
		t.Error("accepted")
	}
	if c := must[wire.Client](t)(h.GetClient(t.Context(), app.ClientID)); !reflect.DeepEqual(c.Metadata, app.Metadata) {
		t.Errorf("a refused change reached the readers' copy: %+v", c.Metadata)
	}
}

func TestEditsOfDifferentFieldsAtOnceAreBothKept(t *testing.T) {
	h := newHouse(t, func(o *api.Options) { o.Operations = yielding(t) })
	made := must[wire.User](t)(h.CreateUser(t.Context(), ada()))
	app := must[wire.Client](t)(h.CreateClient(t.Context(), demo()))
	fields := []string{"name", "given_name", "family_name", "middle_name", "nickname", "gender"}
	done := make(chan error)
	for _, f := range fields {
		go func() {
			_, err := h.ChangeUser(t.Context(), made.Sub, client.Fields{f: "new"})
			done <- err
		}()
	}
	for _, f := range []string{"client_uri", "tos_uri", "policy_uri"} {
		go func() {
			_, err := h.ChangeClient(t.Context(), app.ClientID, client.Fields{f: "https://new.example"})
			done <- err
		}()
	}
	for range len(fields) + 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	u := must[wire.User](t)(h.GetUser(t.Context(), made.Sub))
	if got := []string{u.Name, u.GivenName, u.FamilyName, u.MiddleName, u.Nickname, u.Gender}; strings.Join(got,
		" ") != "new new new new new new" {
		t.Errorf("user: %v", got)
	}
	c := must[wire.Client](t)(h.GetClient(t.Context(), app.ClientID))
	if c.ClientURI != "https://new.example" || c.TosURI != c.ClientURI || c.PolicyURI != c.ClientURI {
		t.Errorf("client: %+v", c)
	}
}

func TestPasswordsAreJudgedWithTheUsersOwnNames(t *testing.T) {
	h := newHouse(t, nil)
	made := must[wire.User](t)(h.CreateUser(t.Context(), ada()))
	for p, want := range map[string]string{"short": "password must be at least 12",
		"": "password must be at least 12", "ada@example.org": "own names"} {
		if _, err := h.SetPassword(t.Context(), made.Sub, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", p, err)
		}
	}
	n := ada()
	n.Username, n.Email, n.Password = "bob", "", "short"
	if _, err := h.CreateUser(t.Context(), n); err == nil {
		t.Error("a bad first password was taken")
	}
	must[wire.User](t)(h.SetPassword(t.Context(), made.Sub, "seven green parrots"))
	n.Password = ""
	if bob := must[wire.User](t)(h.CreateUser(t.Context(), n)); bob.HasPassword {
		t.Error("bob has a password")
	}
}

func TestDisableEnableDelete(t *testing.T) {
	h := newHouse(t, nil)
	made := must[wire.User](t)(h.CreateUser(t.Context(), ada()))
	if u := must[wire.User](t)(h.DisableUser(t.Context(), made.Sub, true)); !u.Disabled {
		t.Error("not disabled")
	}
	if u := must[wire.User](t)(h.DisableUser(t.Context(), made.Sub, false)); u.Disabled {
		t.Error("not enabled")
	}
	if err := h.DeleteUser(t.Context(), made.Sub); err != nil {
		t.Error(err)
	}
	if err := h.DeleteUser(t.Context(), made.Sub); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("deleting twice: %v", err)
	}
}

func TestPatreonMembershipIsShownWithItsUser(t *testing.T) {
	h := newHouse(t, nil)
	made := must[wire.User](t)(h.CreateUser(t.Context(), ada()))
	asOf := time.Date(2025, 5, 3, 12, 0, 0, 0, time.UTC)
	u := must[wire.User](t)(h.SetPatreon(t.Context(), made.Sub, wire.Membership{
		IsPatron: true, Status: "active_patron", Tiers: []string{"Gold"}, LifetimeSupportCents: 12000,
		CurrentlyEntitledAmountCents: 500, AsOf: &asOf}))
	if p := u.Patreon; p == nil || !p.IsPatron || p.LifetimeSupportCents != 12000 || !p.AsOf.Equal(asOf) {
		t.Errorf("got %+v", p)
	}
	if _, err := h.SetPatreon(t.Context(), made.Sub, wire.Membership{Status: "friend"}); err == nil ||
		!strings.Contains(err.Error(), "active_patron") {
		t.Error(err)
	}
}

func TestLinks(t *testing.T) {
	h := newHouse(t, nil)
	l := must[wire.Link](t)(h.SetupLink(t.Context()))
	if !strings.HasPrefix(l.URL, "http://here/setup?token=") || l.ExpiresAt.IsZero() {
		t.Errorf("%+v", l)
	}
	_, token, _ := strings.Cut(l.URL, "=")
	hash := must[[]byte](t)(keys.HashOneTime(token))
	if _, err := h.store.Links.Look(t.Context(), hash, people.LinkSetUp); err != nil {
		t.Error(err)
	}
	n := ada()
	n.Roles = []storage.Role{storage.RoleAdmin}
	made := must[wire.User](t)(h.CreateUser(t.Context(), n))
	if _, err := h.SetupLink(t.Context()); !errors.Is(err, storage.ErrSetUp) {
		t.Errorf("a second administrator's link: %v", err)
	}
	if l := must[wire.Link](t)(h.RecoveryLink(t.Context(), made.Sub)); !strings.HasPrefix(l.URL,
		"http://here/recover?token=") {
		t.Errorf("%+v", l)
	}
	if _, err := h.RecoveryLink(t.Context(), storage.ID{1}.String()); !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
}

func demo() wire.NewClient {
	return wire.NewClient{Metadata: wire.Metadata{Metadata: apps.Metadata{
		ClientName: "Demo", RedirectURIs: []string{"http://127.0.0.1:9000/cb"},
		GrantTypes: []string{"authorization_code", "refresh_token"}}, Scope: "openid profile"}}
}

func TestClientIsApprovedAndItsSecretShownOnce(t *testing.T) {
	h := newHouse(t, nil)
	made := must[wire.Client](t)(h.CreateClient(t.Context(), demo()))
	if !keys.IsClientSecret(made.ClientSecret) || made.ClientSecretExpiresAt == nil ||
		*made.ClientSecretExpiresAt != 0 {
		t.Errorf("secret %q", made.ClientSecret)
	}
	if made.State != apps.ClientApproved || made.Scope != "openid profile" ||
		made.TokenEndpointAuthMethod != "client_secret_basic" {
		t.Errorf("%+v", made)
	}
	got := must[wire.Client](t)(h.GetClient(t.Context(), made.ClientID))
	if got.ClientSecret != "" || got.ClientSecretExpiresAt != nil || len(got.Secrets) != 1 ||
		got.Secrets[0].Last4 != made.ClientSecret[len(made.ClientSecret)-4:] {
		t.Errorf("%+v", got)
	}
	c := must[*apps.Client](t)(h.store.Clients.Get(t.Context(), made.ClientID))
	if !h.keys.VerifyClientSecret(c.Secrets[0].Hash, made.ClientSecret) {
		t.Errorf("stored %q", c.Secrets[0].Hash)
	}
}

func TestPublicClientHasNoSecret(t *testing.T) {
	h := newHouse(t, nil)
	n := demo()
	n.TokenEndpointAuthMethod = "none"
	n.Scope = ""
	made := must[wire.Client](t)(h.CreateClient(t.Context(), n))
	if made.ClientSecret != "" || made.ClientSecretExpiresAt != nil || len(made.Secrets) != 0 {
		t.Errorf("%+v", made)
	}
	if made.Scope != strings.Join(append(apps.StandardScopes(), apps.ScopeGroups), " ") {
		t.Errorf("scope %q", made.Scope)
	}
}

func TestClientLife(t *testing.T) {
	h := newHouse(t, nil)
	n := demo()
	n.ClientID = "demo"
	must[wire.Client](t)(h.CreateClient(t.Context(), n))
	if _, err := h.CreateClient(t.Context(), n); err == nil || err.Error() != "client_id is already taken" {
		t.Error(err)
	}
	c := must[wire.Client](t)(h.ChangeClient(t.Context(), "demo",
		client.Fields{"scope": "openid", "redirect_uris": []string{"https://a.example/cb"}}))
	if c.Scope != "openid" || c.ClientName != "Demo" || len(c.RedirectURIs) != 1 || c.Revision != 2 {
		t.Errorf("%+v", c)
	}
	if c := must[wire.Client](t)(h.SetClientState(t.Context(), "demo",
		apps.ClientSuspended)); c.State != apps.ClientSuspended {
		t.Errorf("%+v", c)
	}
	if _, err := h.SetClientState(t.Context(), "demo", "odd"); err == nil ||
		!strings.Contains(err.Error(), "suspended") {
		t.Error(err)
	}
	c = must[wire.Client](t)(h.RotateSecret(t.Context(), "demo", time.Hour))
	if c.ClientSecret == "" || len(c.Secrets) != 2 || c.Secrets[1].ExpiresAt == nil {
		t.Errorf("%+v", c)
	}
	if c = must[wire.Client](t)(h.RotateSecret(t.Context(), "demo", 0)); len(c.Secrets) != 1 {
		t.Errorf("%+v", c)
	}
	if err := h.DeleteClient(t.Context(), "demo"); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"demo", "", "..", "a/b", "%2e"} {
		if _, err := h.GetClient(t.Context(), id); err == nil && id != "" {
			t.Errorf("%q was found", id)
		}
	}
}

// What has no value of its own is as set for all, which is neither true nor false.
func TestNullPutsAFieldOfAClientBackToWhatIsSetForAll(t *testing.T) {
	h := newHouse(t, nil)
	n := demo()
	n.ClientID = "demo"
	must[wire.Client](t)(h.CreateClient(t.Context(), n))
	own := client.Fields{"id_token_user_claims": false, "online_refresh_tokens": false, "default_max_age": 60}
	c := must[wire.Client](t)(h.ChangeClient(t.Context(), "demo", own))
	if c.IDTokenUserClaims == nil || c.OnlineRefresh == nil || c.DefaultMaxAge == nil {
		t.Fatalf("its own are not kept: %+v", c)
	}
	for field := range own {
		c = must[wire.Client](t)(h.ChangeClient(t.Context(), "demo", client.Fields{field: nil}))
	}
	if c.IDTokenUserClaims != nil || c.OnlineRefresh != nil || c.DefaultMaxAge != nil {
		t.Errorf("its own are still there: %+v", c)
	}
}

func TestListsArePaged(t *testing.T) {
	h := newHouse(t, nil)
	const many = 230
	for i := range many {
		name := "u" + strings.Repeat("a", i%26) + string(rune('a'+i/26))
		must[*people.User](t)(h.store.Users.Create(t.Context(), storage.Operator, people.User{Username: name}))
	}
	seen := map[string]bool{}
	for u, err := range h.Users(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		seen[u.Sub] = true
	}
	if len(seen) != many {
		t.Errorf("%d users, want %d", len(seen), many)
	}
	for range h.Clients(t.Context()) {
		t.Error("a client")
	}
}

func TestOtherErrorsAreReportedAndTold(t *testing.T) {
	broken := errors.New("no space left on device")
	h := newHouse(t, nil)
	h.engine.broken = broken
	_, err := h.CreateUser(t.Context(), ada())
	if p := new(wire.Problem); !errors.As(err, &p) || p.Status != 500 || p.Error() != "no space left on device" {
		t.Errorf("%v", err)
	}
	if len(h.errs) != 1 || !errors.Is(h.errs[0], broken) {
		t.Errorf("reported: %v", h.errs)
	}
}

func TestTooManyPasswordsAtOnceAreBusy(t *testing.T) {
	h := newHouse(t, func(o *api.Options) {
		engine := &brittle{Engine: memory.New(memory.Options{})}
		o.Operations = newOperations(t, engine, store.Options{}, keys.HasherOptions{Concurrent: 1, Queue: 1})
	})
	busy, stop := context.WithCancel(t.Context())
	defer stop()
	for range 3 { // one hashes, one waits, the rest is turned away
		go func() {
			for busy.Err() == nil {
				_ = h.hasher.VerifyNothing(busy, "x")
			}
		}()
	}
	for i := range 200 {
		n := ada()
		n.Username, n.Email = fmt.Sprint("ada", i), ""
		_, err := h.CreateUser(t.Context(), n)
		if errors.Is(err, wire.ErrBusy) {
			if len(h.errs) != 0 {
				t.Errorf("reported: %v", h.errs)
			}
			return
		}
	}
	t.Error("never busy")
}

// yielding are operations that let others in, if they can come in, between the read and
// the write of an edit.
func yielding(t *testing.T) *usecase.Operations {
	t.Helper()
	now := func() time.Time { runtime.Gosched(); return time.Now() }
	return newOperations(t, &brittle{Engine: memory.New(memory.Options{})}, store.Options{Now: now},
		keys.HasherOptions{})
}

func TestActorMayBeRefused(t *testing.T) {
	h := newHouse(t, func(o *api.Options) {
		o.Actor = func(context.Context) storage.Actor { return storage.Actor{Via: storage.ViaPage} }
	})
	if _, err := h.CreateUser(t.Context(), ada()); !errors.Is(err, storage.ErrForbidden) {
		t.Error(err)
	}
}

func TestRefusalsNeverEchoAPassword(t *testing.T) {
	h := newHouse(t, nil)
	for _, text := range []string{
		`{"username":"x","password":["` + password + `"]}`, `{"username":"x","pasword":"` + password + `"}`,
		`{"username":"x","password":{"a":"` + password + `"}}`, `"` + password + `"`, password,
	} {
		rec := httptest.NewRecorder()
		req := httptest.NewRequest("POST", wire.Prefix+"/users", strings.NewReader(text))
		req.Header.Set("Content-Type", "application/json")
		h.handler.ServeHTTP(rec, req)
		if rec.Code < 400 || strings.Contains(rec.Body.String(), password) ||
			rec.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", text, rec.Code, rec.Body)
		}
	}
}

func TestDescriptionIsOpenAPI31(t *testing.T) {
	h := newHouse(t, nil)
	rec := httptest.NewRecorder()
	h.handler.ServeHTTP(rec, httptest.NewRequest("GET", wire.Prefix+"/openapi.json", nil))
	text := rec.Body.String()
	for _, want := range []string{`"openapi":"3.1`, `"/api/v1/users/{sub}/recovery-link"`,
		`"phone_number_verified"`, `"redirect_uris"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

// What is left of find= when a variable is not set is no search for everybody, nor is a
// mistyped filter.
func TestParametersThatSayNothingAreRefused(t *testing.T) {
	h := newHouse(t, nil)
	made := must[wire.User](t)(h.CreateUser(t.Context(), ada()))
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/users", 200}, {"GET", "/users?limit=1&find=ada", 200},
		{"GET", "/users?find=", 422}, {"GET", "/users?find", 422}, {"GET", "/users?find=%20", 422},
		{"GET", "/users?finds=ada", 422},
		{"GET", "/users?Find=ada", 422}, {"GET", "/users?find=ada&find=bob", 422}, {"GET", "/users?find=%zz", 422},
		{"GET", "/users?find=a;b", 422},
		{"GET", "/users?after=", 422}, {"GET", "/users?limit=", 422}, {"GET", "/groups?find=", 422},
		{"GET", "/resources?find=", 422},
		{"GET", "/clients?after=", 422}, {"GET", "/clients?find=demo", 422}, {"GET", "/audit?user=", 422},
		{"PUT", "/users?external_id=", 422}, {"PUT", "/users", 422},
		{"DELETE", "/users/" + made.Sub + "?dry_run=true", 422},
		{"POST", "/keys/rotate", 422},
	} {
		body := map[string]string{"PUT": `{"username":"eve"}`, "POST": `{"alg":""}`}[c.method]
		r := httptest.NewRequest(c.method, wire.Prefix+c.path, strings.NewReader(body))
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		rec := httptest.NewRecorder()
		h.handler.ServeHTTP(rec, r)
		if rec.Code != c.want {
			t.Errorf("%s %s: %d %s", c.method, c.path, rec.Code, rec.Body)
		}
	}
	r := httptest.NewRequest("PATCH", wire.Prefix+"/users/"+made.Sub, strings.NewReader(`{"nickname":"x"}`))
	r.Header["Content-Type"], r.Header["If-Match"] = []string{"application/json"}, []string{""}
	rec := httptest.NewRecorder()
	if h.handler.ServeHTTP(rec, r); rec.Code != 422 {
		t.Errorf("an empty If-Match: %d %s", rec.Code, rec.Body)
	}
	if got := must[wire.User](t)(h.GetUser(t.Context(), made.Sub)); got.Nickname != ada().Nickname ||
		len(must[[]*people.User](t)(allUsers(t, h))) != 1 {
		t.Errorf("something was changed: %+v", got)
	}
}

func allUsers(t *testing.T, h *house) ([]*people.User, error) {
	all, _, err := h.store.Users.List(t.Context(), nil, 100)
	return all, err
}

func TestAnEmptyNameIsNobodys(t *testing.T) {
	h := newHouse(t, nil)
	ctx := t.Context()
	must[wire.User](t)(h.CreateUser(ctx, ada()))
	must[wire.Group](t)(h.CreateGroup(ctx, "staff", ""))
	must[wire.Client](t)(h.CreateClient(ctx, demo()))
	none := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := h.FindUser(ctx, "")
	none("FindUser", err)
	_, err = h.GetUser(ctx, "")
	none("GetUser", err)
	none("DeleteUser", h.DeleteUser(ctx, ""))
	_, err = h.SetPassword(ctx, "", password)
	none("SetPassword", err)
	_, err = h.UpsertUser(ctx, "", client.Fields{"username": "eve"})
	none("UpsertUser", err)
	_, err = h.FindGroup(ctx, "")
	none("FindGroup", err)
	none("SetMember", h.SetMember(ctx, "", "", true))
	_, err = h.FindResource(ctx, "")
	none("FindResource", err)
	none("RemoveResourceSecret", h.RemoveResourceSecret(ctx, "", ""))
	_, err = h.GetClient(ctx, "")
	none("GetClient", err)
	none("DeleteClient", h.DeleteClient(ctx, ""))
	_, err = h.SetClientState(ctx, "", apps.ClientSuspended)
	none("SetClientState", err)
	_, err = h.store.Users.Find(ctx, "")
	none("Users.Find", err)
	_, err = h.store.Users.ByLogin(ctx, "")
	none("Users.ByLogin", err)
	_, err = h.store.Groups.Find(ctx, "")
	none("Groups.Find", err)
	_, err = h.store.Resources.Find(ctx, "")
	none("Resources.Find", err)
	_, err = h.store.Clients.Get(ctx, "")
	none("Clients.Get", err)
}

// Something else may answer in a server's place, or a server send a change somewhere
// else.
func TestAnAnswerThatDoesNotSayWhatItIsAboutIsAnError(t *testing.T) {
	var status int
	var body, location string
	var asked []string
	caller := client.InProcess(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		w.Header().Set("Content-Type", "application/json")
		if location != "" {
			w.Header().Set("Location", location)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	ctx := t.Context()
	for _, answer := range []struct {
		status         int
		body, location string
	}{
		{200, `{}`, ""}, {200, `{"users":[{}],"groups":[{}],"clients":[{}],"resources":[{}]}`, ""},
		{200, `{"users":[{"sub":"1"},{"sub":"2"}],"groups":[{"id":"1"},{"id":"2"}],"clients":[{"client_id":"1"},{}],"resources":[{"id":"1"},{"id":"2"}]}`, ""},
		{301, `{"sub":"1","client_id":"1","id":"1","url":"x"}`, "/api/v1/users/1"}, {307, "", "/api/v1/elsewhere"},
	} {
		status, body, location = answer.status, answer.body, answer.location
		for what, call := range map[string]func() error{
			"FindUser":     func() error { _, err := caller.FindUser(ctx, "ada"); return err },
			"GetUser":      func() error { _, err := caller.GetUser(ctx, "1"); return err },
			"ChangeClient": func() error { _, err := caller.ChangeClient(ctx, "..", client.Fields{}); return err },
			"SetState": func() error {
				_,
					err := caller.SetClientState(ctx, ".", apps.ClientSuspended)
				return err
			},
			"FindGroup":    func() error { _, err := caller.FindGroup(ctx, "staff"); return err },
			"FindResource": func() error { _, err := caller.FindResource(ctx, "https://api.example"); return err },
			"RecoveryLink": func() error { _, err := caller.RecoveryLink(ctx, "1"); return err },
			"Clients": func() (err error) {
				if status == 200 && body == `{}` {
					return errors.New("an empty list is one")
				}
				for _, err = range caller.Clients(ctx) {
					if err != nil {
						return err
					}
				}
				return err
			},
		} {
			asked = nil
			if err := call(); err == nil || len(asked) > 1 {
				t.Errorf("%s, answered %d %s: %v; asked %q", what, status, body, err, asked)
			}
		}
	}
}

// What would be repaired on its way in could make one of two passwords, or an
// administrator of somebody who was not meant to be one.
func TestBodiesAreTakenAsTheyAreOrNotAtAll(t *testing.T) {
	h := newHouse(t, nil)
	made := must[wire.User](t)(h.CreateUser(t.Context(), wire.NewUser{Account: wire.Account{Username: "bob"}}))
	send := func(method, path, body string) int {
		rec := httptest.NewRecorder()
		req := httptest.NewRequest(method, wire.Prefix+path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		h.handler.ServeHTTP(rec, req)
		return rec.Code
	}
	for name, body := range map[string]string{
		"not UTF-8":           "{\"username\":\"eve\xff\"}",
		"half a surrogate":    `{"username":"eve","name":"\ud800"}`,
		"a name twice":        `{"username":"eve","roles":[],"roles":["admin"]}`,
		"twice within":        `{"username":"eve","address":{"region":"a","region":"b"}}`,
		"a name in capitals":  `{"username":"eve","ROLES":["admin"]}`,
		"capitals within":     `{"username":"eve","address":{"REGION":"a"}}`,
		"an escape in a name": `{"username":"eve","R\u004fLES":["admin"]}`,
	} {
		for _, path := range []string{"/users", "/users/" + made.Sub} {
			method := http.MethodPost
			if path != "/users" {
				method = http.MethodPatch
			}
			if code := send(method, path, body); code != 400 && code != 422 {
				t.Errorf("%s: %s answered %d", name, method, code)
			}
		}
	}
	if bob := must[wire.User](t)(h.FindUser(t.Context(), "bob")); len(bob.Roles) > 0 {
		t.Errorf("%+v", bob)
	}
	if eve, err := h.FindUser(t.Context(), "eve"); err == nil {
		t.Errorf("%+v", eve)
	}
	done := must[[]wire.ImportedUser](t)(h.ImportUsers(t.Context(), wire.UserImport{Users: []json.RawMessage{
		[]byte(`{"username":"eve","ROLES":["admin"]}`), []byte(`{"username":"carl"}`)}}))
	if done[0].Result != table.Refused || !strings.Contains(done[0].Reason, "ROLES") ||
		done[1].Result != table.Created {
		t.Errorf("%+v", done)
	}
}
