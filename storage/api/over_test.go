package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/oauth2"

	"latchkey/storage"
	"latchkey/storage/api"
)

// over is a caller with a token that may do everything.
func over(t *testing.T, h http.Handler) *api.Caller {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return api.Over(server.URL, oauth2.NewClient(t.Context(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "x admin"})))
}

// older is the API as it was before groups could be read and users changed.
func older(now http.Handler, described *atomic.Int32) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := strings.TrimPrefix(r.URL.Path, api.Prefix); {
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
				if strings.HasPrefix(p, api.Prefix+"/groups") {
					delete(paths, p)
				}
			}
			delete(paths[api.Prefix+"/users/{sub}"].(map[string]any), "patch")
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
	made := must[api.User](t)(caller.CreateUser(t.Context(), ada()))
	if described.Load() != 0 {
		t.Error("the description was asked for without need")
	}
	_, groups := caller.FindGroup(t.Context(), "staff")
	_, change := caller.ChangeUser(t.Context(), made.Sub, api.Fields{"nickname": "A"})
	for what, err := range map[string]error{"no path": groups, "no method": change} {
		if !errors.Is(err, api.ErrNoOperation) || errors.Is(err, storage.ErrNotFound) || !strings.Contains(err.Error(), "older") {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, user := caller.GetUser(t.Context(), "0190a4c8-0000-7000-8000-000000000000")
	_, client := caller.GetClient(t.Context(), "no/such client")
	for what, err := range map[string]error{"user": user, "client": client, "no id": caller.DeleteClient(t.Context(), "")} {
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
		if !errors.Is(err, api.ErrNoAPI) || errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoTokenFollowsARedirect(t *testing.T) {
	var reached atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		caller := over(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+r.URL.Path, status) }))
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

func TestAnAnswerWithoutAnEndIsGivenUp(t *testing.T) {
	api.AnswersAtMost(t, 1<<20)
	missing, piece := false, bytes.Repeat([]byte(" "), 1<<16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if missing && !strings.HasSuffix(r.URL.Path, "/openapi.json") {
			http.NotFound(w, r)
			return
		}
		for err := error(nil); err == nil; {
			_, err = w.Write(piece)
		}
	}))
	defer server.Close()
	caller := api.Over(server.URL, server.Client())
	if _, err := caller.FindUser(t.Context(), "ada"); err == nil || !strings.Contains(err.Error(), "the answer is longer than any") {
		t.Errorf("an answer: %v", err)
	}
	missing = true
	if _, err := caller.FindUser(t.Context(), "ada"); !errors.Is(err, api.ErrNoAPI) {
		t.Errorf("the description: %v", err)
	}
}

func TestAnswersThatAreNotOursAreToldApart(t *testing.T) {
	odd := api.InProcess(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html>"))
	}))
	if _, err := odd.FindUser(context.Background(), "x"); err == nil || !strings.Contains(err.Error(), "502") && !strings.Contains(err.Error(), "Bad Gateway") {
		t.Error(err)
	}
	mute := api.InProcess(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	if _, err := mute.FindUser(context.Background(), "x"); err == nil || !strings.Contains(err.Error(), "expects") {
		t.Error(err)
	}
}
