package api_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/storage"

	"golang.org/x/oauth2"
)

// over is a caller with a token that may do everything.
func over(t *testing.T, h http.Handler) *client.Caller {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return client.Over(server.URL, oauth2.NewClient(t.Context(),
		oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "x admin"})))
}

// older is the API as it was before groups could be read and users changed.
func older(now http.Handler, described *atomic.Int32) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := strings.TrimPrefix(r.URL.Path, wire.Prefix); {
		case strings.HasPrefix(path, "/groups"):
			http.NotFound(w, r)
		case r.Method == http.MethodPatch && strings.HasPrefix(path, "/users/"):
			w.WriteHeader(http.StatusMethodNotAllowed)
		case path == "/openapi.json":
			described.Add(1)
			all := httptest.NewRecorder()
			now.ServeHTTP(all, r)
			var d map[string]any
			_ = json.Unmarshal(all.Body.Bytes(), &d)
			paths := d["paths"].(map[string]any)
			for p := range paths {
				if strings.HasPrefix(p, wire.Prefix+"/groups") {
					delete(paths, p)
				}
			}
			delete(paths[wire.Prefix+"/users/{sub}"].(map[string]any), "patch")
			_ = json.NewEncoder(w).Encode(d)
		default:
			now.ServeHTTP(w, r)
		}
	})
}

func TestWhatAnOlderServerLacksIsNotTakenForARecordThatIsNotThere(t *testing.T) {
	h, _ := guarded(t)
	var described atomic.Int32
	caller := over(t, older(h.plain, &described))
	made := must[wire.User](t)(caller.CreateUser(t.Context(), ada()))
	if described.Load() != 0 {
		t.Error("the description was asked for without need")
	}
	_, groups := caller.FindGroup(t.Context(), "staff")
	_, change := caller.ChangeUser(t.Context(), made.Sub, client.Fields{"nickname": "A"})
	for what, err := range map[string]error{"no path": groups, "no method": change} {
		if !errors.Is(err, client.ErrNoOperation) || errors.Is(err, storage.ErrNotFound) ||
			!strings.Contains(err.Error(), "older") {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, user := caller.GetUser(t.Context(), "0190a4c8-0000-7000-8000-000000000000")
	_, client := caller.GetClient(t.Context(), "no/such client")
	for what, err := range map[string]error{"user": user, "client": client,
		"no id": caller.DeleteClient(t.Context(), "")} {
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if n := described.Load(); n != 1 {
		t.Errorf("the description was asked for %d times", n)
	}
}

func TestAServerWithoutTheAPIIsToldFromOneWithoutTheRecord(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"not found": http.NotFound,
		"a proxy's": func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "openapi.json") {
				_, _ = w.Write([]byte("<html>Welcome"))
				return
			}
			http.NotFound(w, r)
		},
	} {
		_, err := over(t, answer).GetUser(t.Context(), "x")
		if !errors.Is(err, client.ErrNoAPI) || errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoTokenFollowsARedirect(t *testing.T) {
	var reached atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		caller := over(t, http.HandlerFunc(func(w http.ResponseWriter,
			r *http.Request) {
			http.Redirect(w, r, other.URL+r.URL.Path, status)
		}))
		_, get := caller.FindUser(t.Context(), "ada")
		_, post := caller.CreateUser(t.Context(), ada())
		for method, err := range map[string]error{"GET": get, "POST": post} {
			if err == nil || !strings.Contains(err.Error(), "it sends requests on to ") {
				t.Errorf("%d %s: %v", status, method, err)
			}
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d requests arrived elsewhere", n)
	}
}
