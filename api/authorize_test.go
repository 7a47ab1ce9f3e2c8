package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"

	"latchkey/api"
	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/kv"
	"latchkey/storage/people"
	"latchkey/storage/policy"

	"golang.org/x/oauth2"
)

// guarded is an API that lets in by tokens called after what they are.
func guarded(t *testing.T, more ...func(*api.Options)) (*house, *[]string) {
	t.Helper()
	var refused []string
	h := newHouse(t, func(o *api.Options) {
		o.Files = files{}
		o.Authorization = &api.Authorization{Judge: judge,
			AuthorizationURL: "https://id.example.org/connect/authorize",
			TokenURL:         "https://id.example.org/connect/token",
			Refused:          func(_ context.Context, code string, _ error) { refused = append(refused, code) }}
		for _, change := range more {
			change(o)
		}
	})
	return h, &refused
}

func judge(_ context.Context, token string) (storage.Actor, error) {
	name, kind, _ := strings.Cut(token, " ")
	by := storage.Actor{Via: storage.ViaAPI, Client: name}
	switch kind {
	case "admin":
	case "look":
		by.ReadOnly = true
	case "user":
		by.User = storage.ID{1}
	case "other":
		return storage.Actor{}, fmt.Errorf("%w: other", api.ErrInsufficientScope)
	case "broken":
		return storage.Actor{}, errors.New("the disk /dev/sda is on fire")
	default:
		return storage.Actor{}, fmt.Errorf("%w: why exactly", api.ErrInvalidToken)
	}
	return by, nil
}

// as sends a request with a token.
func (h *house) as(token, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

// Every operation that there is, from the description: one that is added is held to it.
func TestNoOperationIsDoneForWhoeverMayNot(t *testing.T) {
	h, refused := guarded(t)
	_, d := description(t, h.handler)
	before, _, _ := h.store.Audit.List(t.Context(), nil, 100)
	for path, methods := range d.Paths {
		for method, op := range methods {
			method = strings.ToUpper(method)
			at := regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllString(path, storage.ID{1}.String())
			need, lookers := "admin", http.StatusForbidden
			if method == http.MethodGet {
				need, lookers = "admin.read", 0
			}
			for token, want := range map[string]struct {
				status int // 0: let in
				header string
			}{
				"": {http.StatusUnauthorized, `Bearer realm="latchkey"`},
				"x nonsense": {http.StatusUnauthorized,
					`Bearer realm="latchkey", error="invalid_token", error_description="the access token is not valid, expired or revoked"`},
				"x other": {http.StatusForbidden,
					`Bearer realm="latchkey", error="insufficient_scope", error_description="the access token lacks the scope ` + need + `, which this needs", scope="` + need + `"`},
				"x user":   {http.StatusForbidden, ""},
				"x broken": {http.StatusInternalServerError, ""},
				"x look":   {lookers, `Bearer realm="latchkey", error="insufficient_scope", error_description="the access token lacks the scope admin, which this needs", scope="admin"`},
				"x admin":  {0, ""},
			} {
				got := h.as(token, method, at, "")
				switch {
				case want.status == 0 && (got.Code == http.StatusUnauthorized || got.Code == http.StatusForbidden):
					t.Errorf("%s with %q: %d %s", op.OperationID, token, got.Code, got.Body)
				case want.status != 0 &&
					(got.Code != want.status || got.Header().Get("WWW-Authenticate") != want.header):
					t.Errorf("%s with %q: %d %q", op.OperationID, token, got.Code, got.Header().Get("WWW-Authenticate"))
				}
				if got.Header().Get("Cache-Control") != "no-store" ||
					strings.Contains(got.Body.String(), "why exactly") ||
					strings.Contains(got.Body.String(), "/dev/sda") {
					t.Errorf("%s with %q: %v %s", op.OperationID, token, got.Header(), got.Body)
				}
			}
		}
	}
	if len(h.errs) == 0 || len(*refused) == 0 {
		t.Error("nobody heard why")
	}
	after, _, _ := h.store.Audit.List(t.Context(), nil, 100)
	for _, e := range after[:len(after)-len(before)] { // what an administrator's empty request may do
		if e.ByClient != "x" || e.Via != storage.ViaAPI {
			t.Errorf("%+v", e)
		}
	}
}

// What the gate lets through by mistake, storage refuses still.
func TestWhoeverMayLookCannotChangeAnythingPastTheGate(t *testing.T) {
	for _, by := range []storage.Actor{
		{Via: storage.ViaAPI, Client: "x", ReadOnly: true}, {Via: storage.ViaAPI, Client: "x", User: storage.ID{1}}, {},
		{Via: storage.ViaAPI, Client: "x", User: storage.ID{1}, Roles: []storage.Role{storage.RoleAdmin},
			ReadOnly: true},
	} {
		h := newHouse(t, func(o *api.Options) {
			o.Actor = func(context.Context) storage.Actor { return by }
		})
		user := must[*people.User](t)(h.store.Users.Create(t.Context(), storage.Operator,
			people.User{ID: h.store.Users.NewID(), Username: "ada"}))
		app := must[*apps.Client](t)(h.store.Clients.Create(t.Context(), storage.Operator,
			apps.NewClient{ID: "demo", Metadata: demo().Metadata.Metadata, Secret: []byte("x")}))
		group := must[*people.Group](t)(h.store.Groups.Create(t.Context(), storage.Operator, "players", ""))
		resource := must[*apps.Resource](t)(h.store.Resources.Create(t.Context(), storage.Operator, policy.Once{},
			apps.NewResource{
				Identifier: "urn:orders", Name: "Orders",
				Scopes: []apps.ResourceScope{{Name: "orders", Words: "see your orders"}}, Secret: []byte("x")}))
		there := resource.ID.String()
		for call, err := range map[string]error{
			"create user": second(h.CreateUser(t.Context(), wire.NewUser{Account: wire.Account{Username: "new"}})),
			"change user": second(h.ChangeUser(t.Context(), user.Subject(), client.Fields{"name": "x"})),
			"upsert user": second(h.UpsertUser(t.Context(), "42", client.Fields{"username": "new"})),
			"import users": second(h.ImportUsers(t.Context(),
				wire.UserImport{Users: []json.RawMessage{[]byte(`{"username":"new"}`)}})),
			"dry run": second(h.ImportUsers(t.Context(),
				wire.UserImport{DryRun: true, Users: []json.RawMessage{[]byte(`{"username":"new"}`)}})),
			"delete user":    h.DeleteUser(t.Context(), user.Subject()),
			"password":       second(h.SetPassword(t.Context(), user.Subject(), password)),
			"disable":        second(h.DisableUser(t.Context(), user.Subject(), true)),
			"patreon":        second(h.SetPatreon(t.Context(), user.Subject(), wire.Membership{})),
			"recovery link":  second(h.RecoveryLink(t.Context(), user.Subject())),
			"setup link":     second(h.SetupLink(t.Context())),
			"create client":  second(h.CreateClient(t.Context(), demo())),
			"change client":  second(h.ChangeClient(t.Context(), app.ID, client.Fields{"client_name": "x"})),
			"delete client":  h.DeleteClient(t.Context(), app.ID),
			"suspend client": second(h.SetClientState(t.Context(), app.ID, apps.ClientSuspended)),
			"first party":    second(h.SetFirstParty(t.Context(), app.ID, true)),
			"rotate secret":  second(h.RotateSecret(t.Context(), app.ID, 0)),
			"import clients": second(h.ImportClients(t.Context(),
				wire.ClientImport{Clients: []json.RawMessage{[]byte(`{}`)}})),
			"create group": second(h.CreateGroup(t.Context(), "others", "")),
			"change group": second(h.ChangeGroup(t.Context(), group.ID.String(), client.Fields{"name": "x"})),
			"delete group": h.DeleteGroup(t.Context(), group.ID.String()),
			"join":         h.SetMember(t.Context(), group.ID.String(), user.Subject(), true),
			"leave":        h.SetMember(t.Context(), group.ID.String(), user.Subject(), false),
			"settings":     second(h.ChangeSettings(t.Context(), client.Fields{"lifetimes.code": 30})),

			"create resource":  second(h.CreateResource(t.Context(), orders())),
			"change resource":  second(h.ChangeResource(t.Context(), there, client.Fields{"name": "x"})),
			"disable resource": second(h.DisableResource(t.Context(), there, true)),
			"resource secret":  second(h.AddResourceSecret(t.Context(), there, 0)),
			"end secret":       h.RemoveResourceSecret(t.Context(), there, resource.Secrets[0].ID.String()),
			"delete resource":  h.DeleteResource(t.Context(), there),
		} {
			if !errors.Is(err, storage.ErrForbidden) {
				t.Errorf("%+v: %s: %v", by, call, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestATokenComesInTheHeaderOnly(t *testing.T) {
	h, _ := guarded(t)
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"header":                 {func(*http.Request) {}, 200},
		"scheme in another case": {func(r *http.Request) { r.Header.Set("Authorization", "bEARER x admin") }, 200},
		"query":                  {func(r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "access_token=x+admin" }, 400},
		"header and query":       {func(r *http.Request) { r.URL.RawQuery = "access_token=x+admin" }, 400},
		"two headers":            {func(r *http.Request) { r.Header.Add("Authorization", "Bearer x admin") }, 400},
		"another scheme":         {func(r *http.Request) { r.Header.Set("Authorization", "Basic x admin") }, 401},
		"no scheme":              {func(r *http.Request) { r.Header.Set("Authorization", "x") }, 401},
		"cookie": {func(r *http.Request) {
			r.Header.Del("Authorization")
			r.Header.Set("Cookie",
				"access_token=x admin")
		}, 401},
	} {
		r := httptest.NewRequest("GET", wire.Prefix+"/users", nil)
		r.Header.Set("Authorization", "Bearer x admin")
		c.change(r)
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, r)
		if w.Code != c.want || w.Header().Get("Access-Control-Allow-Origin") != "" ||
			w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
}

func TestNothingIsReadOfWhoeverMayNotComeIn(t *testing.T) {
	h, _ := guarded(t)
	r := httptest.NewRequest("POST", wire.Prefix+"/users", unread{t})
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.plain.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Error(w.Code)
	}
}

// Whoever holds requests open must not act by a token that has ended since: it is judged
// before the body is read, and again when the body is there.
func TestATokenThatEndsWhileTheBodyIsOnItsWayDoesNothing(t *testing.T) {
	for name, then := range map[string]struct {
		token, header string
		status        int
	}{
		"revoked":         {"x nonsense", `error="invalid_token"`, http.StatusUnauthorized},
		"may only look":   {"x look", `error="insufficient_scope"`, http.StatusForbidden},
		"no longer admin": {"x user", "", http.StatusForbidden},
	} {
		begun := false
		h, _ := guarded(t, func(o *api.Options) {
			o.Authorization.Judge = func(ctx context.Context, token string) (storage.Actor, error) {
				if begun {
					token = then.token
				}
				return judge(ctx, token)
			}
		})
		_, d := description(t, h.handler)
		for path, methods := range d.Paths {
			for method, op := range methods {
				if op.RequestBody == nil {
					continue
				}
				begun = false
				at := regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllString(path, storage.ID{1}.String())
				body, there := goodBodies[op.OperationID]
				if !there {
					t.Fatalf("no body for %s: add one", op.OperationID)
				}
				if op.OperationID == "upsert-user" {
					at += "?external_id=e"
				}
				r := httptest.NewRequest(strings.ToUpper(method), at, late{strings.NewReader(body), &begun})
				r.Header.Set("Authorization", "Bearer x admin")
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				h.plain.ServeHTTP(w, r)
				if !begun || w.Code != then.status ||
					!strings.Contains(w.Header().Get("WWW-Authenticate"), then.header) {
					t.Errorf("%s: %s: %d %q %s", name, op.OperationID, w.Code, w.Header().Get("WWW-Authenticate"),
						w.Body)
				}
			}
		}
		if events, _, err := h.store.Audit.List(t.Context(), nil, 10); err != nil || len(events) != 0 {
			t.Errorf("%s: %d events, %v", name, len(events), err)
		}
	}
}

// goodBodies has one for each operation that takes one.
var goodBodies = map[string]string{
	"create-user": `{"username": "eve", "roles": ["admin"]}`, "upsert-user": `{"username": "eve"}`,
	"import-users": `{"users": []}`,
	"change-user":  `{"name": "Eve"}`, "set-password": `{"password": "seven green parrots sing"}`,
	"disable-user":   `{"disabled": true}`,
	"create-backup":  `{"path": "/b"}`,
	"set-patreon":    `{"is_patron": true, "as_of": "2026-01-01T00:00:00Z"}`,
	"create-client":  `{"client_name": "E", "redirect_uris": ["https://e.example/"]}`,
	"import-clients": `{"clients": []}`, "change-client": `{"client_name": "E"}`,
	"set-client-state": `{"state": "suspended"}`, "set-first-party": `{"first_party": true}`,
	"rotate-client-secret": `{}`,
	"create-group":         `{"name": "e"}`, "change-group": `{"name": "e"}`,
	"change-settings":  `{"branding.name": "E"}`,
	"create-resource":  `{"identifier": "urn:e", "name": "E", "scopes": [{"name": "e", "words": "do it"}]}`,
	"change-resource":  `{"name": "E"}`,
	"disable-resource": `{"disabled": true}`, "add-resource-secret": `{}`, "rotate-keys": `{}`, "discard-keys": `{}`,
}

// late is a body at whose first byte something has happened.
type late struct {
	io.Reader
	begun *bool
}

func (l late) Read(b []byte) (int, error) {
	*l.begun = true
	return l.Reader.Read(b)
}

type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestAFaultOfOursIsNotToldOnANetwork(t *testing.T) {
	h, _ := guarded(t)
	h.engine.broken = errors.New("the disk /dev/sda is on fire")
	got := h.as("x admin", "GET", wire.Prefix+"/keys", "")
	if got.Code != http.StatusInternalServerError || strings.Contains(got.Body.String(), "sda") || len(h.errs) != 1 {
		t.Errorf("%d %s, reported %v", got.Code, got.Body, h.errs)
	}
}

func TestAStoppedEngineIsUnavailable(t *testing.T) {
	stopped := kv.OutcomeUnknown(errors.New("the disk /dev/sda is on fire"))
	h, _ := guarded(t)
	h.engine.broken = stopped
	got := h.as("x admin", "GET", wire.Prefix+"/keys", "")
	if got.Code != http.StatusServiceUnavailable || strings.Contains(got.Body.String(), "sda") || len(h.errs) != 1 {
		t.Errorf("%d %s, reported %v", got.Code, got.Body, h.errs)
	}
	own := newHouse(t, nil)
	own.engine.broken = stopped
	_, err := own.CreateUser(t.Context(), ada())
	if p := new(wire.Problem); !errors.As(err, &p) || p.Status != http.StatusServiceUnavailable ||
		p.Error() != stopped.Error() {
		t.Errorf("on the socket: %v", err)
	}
}

// The description on a network is that of the socket, and how to get a token.
func TestTheDescriptionSaysWhichScopeEachOperationNeeds(t *testing.T) {
	options := func(o *api.Options) { o.Version = "test" }
	inside, _ := description(t, newHouse(t, func(o *api.Options) {
		o.Files = files{}
		options(o)
	}).handler)
	h, _ := guarded(t, options)
	outside, _ := description(t, h.handler)
	var want, got map[string]any
	if err := errors.Join(json.Unmarshal(inside, &want), json.Unmarshal(outside, &got)); err != nil {
		t.Fatal(err)
	}
	const flows = `map[authorizationCode:map[authorizationUrl:https://id.example.org/connect/authorize ` +
		`scopes:map[admin:Everything admin.read:Everything that GET does] tokenUrl:https://id.example.org/connect/token] ` +
		`clientCredentials:map[scopes:map[admin:Everything admin.read:Everything that GET does] tokenUrl:https://id.example.org/connect/token]]`
	schemes := got["components"].(map[string]any)["securitySchemes"].(map[string]any)
	if s := schemes["latchkey"].(map[string]any); s["type"] != "oauth2" || fmt.Sprint(s["flows"]) != flows ||
		len(schemes) != 1 {
		t.Errorf("%v", schemes)
	}
	delete(got["components"].(map[string]any), "securitySchemes")
	for path, methods := range got["paths"].(map[string]any) {
		for method, op := range methods.(map[string]any) {
			op := op.(map[string]any)
			scopes := "[map[latchkey:[admin]]]"
			if method == "get" {
				scopes = "[map[latchkey:[admin]] map[latchkey:[admin.read]]]"
			}
			if fmt.Sprint(op["security"]) != scopes {
				t.Errorf("%s %s: %v", method, path, op["security"])
			}
			delete(op, "security")
			answers := op["responses"].(map[string]any)
			there := want["paths"].(map[string]any)[path].(map[string]any)[method].(map[string]any)["responses"].(map[string]any)
			for _, status := range []string{"400", "401", "403"} {
				if answers[status] == nil {
					t.Errorf("%s %s does not say %s", method, path, status)
				}
				if there[status] == nil {
					delete(answers, status)
				}
			}
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("the descriptions differ in something else")
	}
}

func TestProgramsDoNotShareIdempotencyKeys(t *testing.T) {
	h, _ := guarded(t)
	send := func(token string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", wire.Prefix+"/clients",
			strings.NewReader(`{"client_name":"Demo","redirect_uris":["https://a.example/cb"]}`))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "k")
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, r)
		return w
	}
	seen := map[string]bool{}
	for _, token := range []string{"one admin", "two admin"} {
		var made wire.Client
		first, again := send(token), send(token)
		if err := json.Unmarshal(first.Body.Bytes(), &made); err != nil || first.Code != 201 ||
			made.ClientSecret == "" || seen[made.ClientID] {
			t.Errorf("%s: %d %s", token, first.Code, first.Body)
		}
		if again.Header().Get("Idempotent-Replayed") != "true" ||
			strings.Contains(again.Body.String(), made.ClientSecret) {
			t.Errorf("%s again: %v %s", token, again.Header(), again.Body)
		}
		seen[made.ClientID] = true
	}
}

func TestEditsThroughTwoDoorsAtOnceAreBothKept(t *testing.T) {
	operations := yielding(t)
	inside := newHouse(t, func(o *api.Options) { o.Operations = operations })
	outside, _ := guarded(t, func(o *api.Options) { o.Operations = operations })
	sub := must[wire.User](t)(inside.CreateUser(t.Context(), ada())).Sub
	for i := range 200 {
		value := fmt.Sprint(i)
		var both sync.WaitGroup
		both.Go(func() { _, _ = inside.ChangeUser(t.Context(), sub, client.Fields{"nickname": value}) })
		both.Go(func() { outside.as("x admin", "PATCH", wire.Prefix+"/users/"+sub, `{"middle_name":"`+value+`"}`) })
		both.Wait()
		if got := must[wire.User](t)(inside.GetUser(t.Context(), sub)); got.Nickname != value ||
			got.MiddleName != value {
			t.Fatalf("%s: %q, %q", value, got.Nickname, got.MiddleName)
		}
	}
}

func TestACallerOverTheNetworkSendsItsToken(t *testing.T) {
	h, _ := guarded(t)
	server := httptest.NewServer(h.plain)
	defer server.Close()
	as := func(token string) *client.Caller {
		return client.Over(server.URL+"/",
			oauth2.NewClient(t.Context(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token})))
	}
	made := must[wire.User](t)(as("x admin").CreateUser(t.Context(), ada()))
	if u := must[wire.User](t)(as("x look").FindUser(t.Context(), "ada")); u.Sub != made.Sub {
		t.Errorf("%+v", u)
	}
	if err := as("x look").DeleteUser(t.Context(), made.Sub); !errors.Is(err, storage.ErrForbidden) {
		t.Error(err)
	}
	if p := new(wire.Problem); !errors.As(as("x").DeleteUser(t.Context(), made.Sub), &p) ||
		p.Status != http.StatusUnauthorized {
		t.Error(p)
	}
	server.Close()
	if err := as("x admin").DeleteUser(t.Context(), made.Sub); err == nil ||
		!strings.HasPrefix(err.Error(), server.URL+": ") {
		t.Error(err)
	}
}

func TestProblemsFoundBeforeAnyOperationAreProblemsToo(t *testing.T) {
	for path, ours := range map[string]bool{wire.Prefix: true, wire.Prefix + "/": true, wire.Prefix + "/x": true,
		wire.Prefix + "0": false, "/": false} {
		w := httptest.NewRecorder()
		if got := api.Fail(w, httptest.NewRequest("GET", path, nil), 413, "too large"); got != ours {
			t.Errorf("%s: %v", path, got)
		}
		if ours != (w.Header().Get("Content-Type") == "application/problem+json" && w.Code == 413) {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}
