package server

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/api/wire"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"

	"golang.org/x/oauth2"
)

// publicAPI is the public side of a server and the token of a program that administers
// it.
func publicAPI(t testing.TB, h *Server) (http.Handler, string) {
	t.Helper()
	_, handler, err := h.publicHandler(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Store.Clients.Create(t.Context(), storage.Operator,
		apps.NewClient{ID: "robot", FirstParty: true, Secret: h.Ring.HashClientSecret("secret"),
			Metadata: apps.Metadata{ClientName: "Robot", GrantTypes: []string{apps.GrantTypeClientCredentials},
				Scopes: []string{apps.ScopeAdmin}}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", oauth.PathToken, strings.NewReader("grant_type=client_credentials&scope=admin"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("robot", "secret")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	var answer oauth2.Token
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.AccessToken == "" {
		t.Fatal(w.Body)
	}
	return handler, answer.AccessToken
}

func TestThePublicSideOfTheAPI(t *testing.T) {
	handler, token := publicAPI(t, testServer(t))
	long := `{"users":[` + strings.Repeat(`{"username":"a b","name":"`+strings.Repeat("x", 8<<10)+`"},`, 89) + `{}]}`
	for name, c := range map[string]struct {
		method, path, token, body string
		status                    int
		holds                     string
	}{
		"description": {"GET", "/openapi.json", "", "", 200,
			`"tokenUrl":"http://localhost:8080/connect/token"`},
		"its version": {"GET", "/openapi.json", "", "", 200, `"version":"1"`},
		"where people are asked": {"GET", "/openapi.json", "", "", 200,
			`"authorizationUrl":"http://localhost:8080/connect/authorize"`},
		"foreign token":            {"GET", "/users", "foreign", "", 401, "not valid, expired or revoked"},
		"no token":                 {"GET", "/users", "", "", 401, "send an access token"},
		"token":                    {"GET", "/users", token, "", 200, `"users":[]`},
		"no such operation":        {"GET", "/nonsense", token, "", 404, "no page"},
		"no such method":           {"DELETE", "/users", token, "", 405, "kind of request"},
		"preflight":                {"OPTIONS", "/users", "", "", 405, "kind of request"},
		"import of many":           {"POST", "/users/import", token, long, 200, "refused"},
		"too long":                 {"POST", "/users/import", token, long + strings.Repeat(" ", 1<<20), 413, "larger"},
		"this machine's own state": {"GET", "/status", token, "", 404, "no page"},
		"this machine's files":     {"POST", "/backups", token, `{"path":"/tmp/x"}`, 404, "no page"},
		"all of the data":          {"GET", "/check", token, "", 404, "no page"},
	} {
		r := httptest.NewRequest(c.method, wire.Prefix+c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.status || !bytes.Contains(w.Body.Bytes(), []byte(c.holds)) {
			t.Errorf("%s: %d %.300s", name, w.Code, w.Body)
		}
		if kind := w.Header().Get("Content-Type"); w.Code >= 400 && kind != "application/problem+json" {
			t.Errorf("%s: %s", name, kind)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "" || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
}

func TestCallsOfTheAPIAreMeasuredByTheirTemplate(t *testing.T) {
	h, _, measured := measuredServer(t)
	handler, token := publicAPI(t, h)
	r := httptest.NewRequest("GET", wire.Prefix+"/clients/robot", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	handler.ServeHTTP(httptest.NewRecorder(), r)
	wantLines(t, measured, `latchkey_http_requests_total{method="GET",route="/api/v1/clients/{client_id}",status="200"} 1`)
}
