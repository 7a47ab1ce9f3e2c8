package api_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"latchkey/api"
	"latchkey/api/wire"
	"latchkey/storage"
)

// post sends a body under an Idempotency-Key.
func (h *house) post(path, key, body string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	req := httptest.NewRequest("POST", wire.Prefix+path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	h.handler.ServeHTTP(rec, req)
	return rec
}

func TestRequestSentAgainMakesNothingNewAndShowsNoSecret(t *testing.T) {
	h := newHouse(t, nil)
	const app = `{"client_name":"Demo","redirect_uris":["https://a.example/cb"]}`
	first, again := h.post("/clients", "k1", app), h.post("/clients", "k1", app)
	var one, two wire.Client
	if err := json.Unmarshal(first.Body.Bytes(), &one); err != nil || first.Code != 201 || one.ClientSecret == "" ||
		first.Header().Get("Idempotent-Replayed") != "" {
		t.Fatalf("%d %s", first.Code, first.Body)
	}
	if err := json.Unmarshal(again.Body.Bytes(), &two); err != nil || again.Code != 201 ||
		two.ClientID != one.ClientID || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("again: %d %s", again.Code, again.Body)
	}
	if strings.Contains(again.Body.String(), one.ClientSecret) || two.ClientSecret != "" {
		t.Errorf("the secret is shown again: %s", again.Body)
	}
	if other := h.post("/clients", "k1", strings.Replace(app, "Demo", "Other", 1)); other.Code != 422 ||
		!strings.Contains(other.Body.String(), "another request") {
		t.Errorf("another body: %d %s", other.Code, other.Body)
	}
	if other := h.post("/clients", "k2", app); other.Code != 201 || other.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("another key: %d %s", other.Code, other.Body)
	}
	// Keys belong to an operation.
	if user := h.post("/users", "k1", `{"username":"ada"}`); user.Code != 201 {
		t.Errorf("another operation: %d %s", user.Code, user.Body)
	}
	if user := h.post("/users", "k1", `{"username":"ada"}`); user.Code != 201 ||
		user.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("a user again: %d %s", user.Code, user.Body)
	}
	if err := h.DeleteClient(t.Context(), one.ClientID); err != nil {
		t.Fatal(err)
	}
	if gone := h.post("/clients", "k1", app); gone.Code != 409 ||
		!strings.Contains(gone.Body.String(), "deleted since") {
		t.Errorf("after it was deleted: %d %s", gone.Code, gone.Body)
	}
}

func TestRefusedRequestIsNotRemembered(t *testing.T) {
	h := newHouse(t, nil)
	if bad := h.post("/users", "k", `{"username":"a b"}`); bad.Code != 422 {
		t.Fatal(bad.Code)
	}
	if good := h.post("/users", "k", `{"username":"ab"}`); good.Code != 201 {
		t.Errorf("%d %s", good.Code, good.Body)
	}
}

func TestSameRequestManyTimesAtOnceMakesOne(t *testing.T) {
	h := newHouse(t, nil)
	const many = 20
	var replayed, failed int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			rec := h.post("/clients", "k",
				`{"client_name":"Demo","redirect_uris":["https://a.example/cb"],"token_endpoint_auth_method":"none"}`)
			mu.Lock()
			defer mu.Unlock()
			if rec.Code != 201 {
				failed++
			}
			if rec.Header().Get("Idempotent-Replayed") == "true" {
				replayed++
			}
		})
	}
	all.Wait()
	clients, _, err := h.store.Clients.List(t.Context(), nil, 100)
	if err != nil || len(clients) != 1 || failed != 0 || replayed != many-1 {
		t.Errorf("%d clients, %d failed, %d replayed, %v", len(clients), failed, replayed, err)
	}
}

func TestCallersDoNotShareKeys(t *testing.T) {
	by := storage.Operator
	h := newHouse(t, func(o *api.Options) { o.Actor = func(context.Context) storage.Actor { return by } })
	if rec := h.post("/users", "k", `{"username":"ada"}`); rec.Code != 201 {
		t.Fatal(rec.Code)
	}
	by = storage.Actor{User: storage.ID{1}, Roles: []storage.Role{storage.RoleAdmin}, Via: storage.ViaPage}
	if rec := h.post("/users", "k", `{"username":"ada"}`); rec.Code != 409 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}
