package api_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/keys"
	"latchkey/storage"
)

func orders() wire.NewResource {
	return wire.NewResource{Identifier: "https://orders.example", Name: "Orders", Scopes: []wire.ResourceScope{
		{Name: "orders:read", Words: "see your orders", Sensitivity: "low"},
		{Name: "orders:write", Words: "order for you", Sensitivity: "high"}}}
}

func TestEveryFieldOfAResourceIsKept(t *testing.T) {
	h := newHouse(t, nil)
	made := must[wire.Resource](t)(h.CreateResource(t.Context(), orders()))
	if !keys.IsClientSecret(made.ClientSecret) || made.Clients != nil || made.Revision != 1 {
		t.Errorf("made %+v", made)
	}
	got := must[wire.Resource](t)(h.GetResource(t.Context(), made.ID))
	if !reflect.DeepEqual(got.NewResource, orders()) || got.ClientSecret != "" || got.Disabled ||
		len(got.Secrets) != 1 || got.Secrets[0].Last4 != made.ClientSecret[len(made.ClientSecret)-4:] {
		t.Errorf("got %+v", got)
	}
	if got.Clients == nil || *got.Clients != 0 {
		t.Errorf("clients: %v", got.Clients)
	}
	n := demo()
	n.Scope = "openid orders:read"
	must[wire.Client](t)(h.CreateClient(t.Context(), n))
	if got = must[wire.Resource](t)(h.GetResource(t.Context(), made.ID)); *got.Clients != 1 {
		t.Errorf("clients: %d", *got.Clients)
	}
	for _, name := range []string{made.ID, "https://orders.example", "https://orders.example/"} {
		if found := must[wire.Resource](t)(h.FindResource(t.Context(), name)); found.ID != made.ID {
			t.Errorf("%s finds %+v", name, found)
		}
	}
	for v, err := range h.Resources(t.Context()) {
		if err != nil || v.ID != made.ID || v.ClientSecret != "" {
			t.Errorf("listed %+v, %v", v, err)
		}
	}
	if _, err := h.FindResource(t.Context(), "https://nobody.example"); !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
}

func TestAResourceIsChangedFieldByFieldAndEnds(t *testing.T) {
	h := newHouse(t, nil)
	made := must[wire.Resource](t)(h.CreateResource(t.Context(), orders()))
	v := must[wire.Resource](t)(h.ChangeResource(t.Context(), made.ID, client.Fields{"name": "Bills"}))
	if v.Name != "Bills" || !reflect.DeepEqual(v.Scopes, orders().Scopes) {
		t.Errorf("%+v", v)
	}
	v = must[wire.Resource](t)(h.ChangeResource(t.Context(), made.ID,
		client.Fields{"scopes": []wire.ResourceScope{{Name: "bills", Words: "see your bills"}}}))
	if v.Name != "Bills" || len(v.Scopes) != 1 || v.Scopes[0].Sensitivity != "low" {
		t.Errorf("%+v", v)
	}
	for _, f := range []client.Fields{{"scopes": []int{}}, {"name": ""}, {"identifier": "https://x.example"},
		{"disabled": true},
		{"scopes": []wire.ResourceScope{{Name: "x", Words: "x", Sensitivity: "secret"}}}} {
		if _, err := h.ChangeResource(t.Context(), made.ID, f); err == nil {
			t.Errorf("%v is taken", f)
		}
	}
	if v = must[wire.Resource](t)(h.DisableResource(t.Context(), made.ID, true)); !v.Disabled {
		t.Errorf("%+v", v)
	}
	two := must[wire.Resource](t)(h.AddResourceSecret(t.Context(), made.ID, time.Hour))
	if len(two.Secrets) != 2 || two.ClientSecret == "" || two.ClientSecret == made.ClientSecret ||
		two.Secrets[1].ExpiresAt == nil {
		t.Errorf("%+v", two)
	}
	if _, err := h.AddResourceSecret(t.Context(), made.ID, 91*24*time.Hour); err == nil {
		t.Error("an overlap of 91 days is taken")
	}
	if err := h.RemoveResourceSecret(t.Context(), made.ID, two.Secrets[1].ID); err != nil {
		t.Error(err)
	}
	if err := h.RemoveResourceSecret(t.Context(), made.ID, two.Secrets[1].ID); !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
	if err := h.DeleteResource(t.Context(), made.ID); err != nil {
		t.Error(err)
	}
	if _, err := h.GetResource(t.Context(), made.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
}

func TestAResourceSentAgainIsMadeOnceAndAStaleEditIsRefused(t *testing.T) {
	h := newHouse(t, nil)
	text, err := json.Marshal(orders())
	if err != nil {
		t.Fatal(err)
	}
	first, again := h.post("/resources", "k1", string(text)), h.post("/resources", "k1", string(text))
	var one, two wire.Resource
	if err := errors.Join(json.Unmarshal(first.Body.Bytes(), &one),
		json.Unmarshal(again.Body.Bytes(), &two)); err != nil {
		t.Fatal(err)
	}
	if first.Code != 201 || again.Code != 201 || one.ID != two.ID || one.ClientSecret == "" ||
		two.ClientSecret != "" || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s\n%s", first.Body, again.Body)
	}
	if other := h.post("/resources", "k2", string(text)); other.Code != 409 ||
		!strings.Contains(other.Body.String(), "identifier") {
		t.Errorf("another of the same identifier: %d %s", other.Code, other.Body)
	}
	send := func(method, ifMatch, body string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		req := httptest.NewRequest(method, wire.Prefix+"/resources/"+one.ID, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("If-Match", ifMatch)
		h.handler.ServeHTTP(rec, req)
		return rec
	}
	tag := send("GET", "", "").Header().Get("ETag")
	if rec := send("PATCH", tag, `{"name":"One"}`); rec.Code != 200 || tag == "" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := send("PATCH", tag, `{"name":"Two"}`); rec.Code != 412 {
		t.Errorf("stale: %d %s", rec.Code, rec.Body)
	}
}
