package server

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey/cmd/latchkey/internal/config"
)

// FuzzEveryRoute sends arbitrary requests to all that is served to the world, over
// real connections: each must be answered, whatever it holds, and never by a fault
// of ours.
func FuzzEveryRoute(f *testing.F) {
	server, token := everything(f)
	for _, path := range []string{
		"/", "/sign-in", "/sign-out", "/choose-account?return_to=x", "/account/password", "/account/apps",
		"/account/apps/remove?app=x", "/.well-known/change-password", "/setup?token=x", "/recover?token=x",
		"/healthz", "/readyz", "/favicon.ico", "/robots.txt",
		"/assets/x", "/.well-known/openid-configuration", "/.well-known/openid-configuration/jwks",
		"/.well-known/oauth-authorization-server", "/.well-known/webfinger?resource=acct:a@b",
		"/connect/authorize?client_id=x", "/connect/token", "/connect/userinfo",
		"/flow/0190a4c8-0000-7000-8000-000000000000", "/flow/0190a4c8-0000-7000-8000-000000000000/consent",
		"/%2e%2e/", "//", "/flow//sign-in",
	} {
		f.Add("GET", path, "", "", "")
		f.Add("POST", path, "application/x-www-form-urlencoded", "Bearer x", "a=b&a=c&grant_type=authorization_code")
	}
	f.Add("POST", "/connect/token", "application/x-www-form-urlencoded", "Basic Og==", "grant_type=\xff&%zz")
	f.Add("POST", "/connect/userinfo", "application/x-www-form-urlencoded", "",
		"access_token=eyJhbGciOiJub25lIn0.eyJhdWQiOlsxXX0.")
	f.Add("POST", "/connect/introspect", "application/x-www-form-urlencoded",
		"Basic MDE5MGE0YzgtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAwOng=", "token=x")
	f.Add("GET", "/connect/authorize?client_id=x&resource=urn:x&resource=%23", "", "", "")
	f.Add("GET", "/connect/authorize?id_token_hint=eyJhbGciOiJub25lIn0.eyJhdWQiOlsxXX0.&client_id=x", "", "", "")
	const admin = "Bearer admin" // stands for a token that may administer
	for _, path := range []string{
		"/api/v1/users", "/api/v1/users?find=a&limit=1&after=x", "/api/v1/users?external_id=1", "/api/v1/users/import",
		"/api/v1/users/0190a4c8-0000-7000-8000-000000000000", "/api/v1/clients", "/api/v1/clients/import",
		"/api/v1/clients/robot",
		"/api/v1/groups", "/api/v1/keys", "/api/v1/settings",
		"/api/v1/audit?user=0190a4c8-0000-7000-8000-000000000000&after=AAAA", "/api/v1/resources?find=urn:x",
		"/api/v1/resources/0190a4c8-0000-7000-8000-000000000000",
		"/api/v1/resources/0190a4c8-0000-7000-8000-000000000000/secrets/x", "/api/v1/openapi.json", "/api/v1/",
		"/api/v1/users?access_token=x",
	} {
		f.Add("GET", path, "", admin, "")
		f.Add("GET", path, "", "Bearer x", "")
		f.Add("PUT", path, "application/json", admin, `{"username":"ada","password_hash":"x"}`)
		f.Add("PATCH", path, "application/json", admin, `{"name":["x"],"client_name":1}`)
		f.Add("POST", path, "application/json", admin,
			`{"users":[{"username":"ada"},1],"clients":[{}],"name":"x","client_name":"x"}`)
		f.Add("POST", path, "application/x-www-form-urlencoded", admin, "a=b")
	}
	f.Add("PATCH", "/api/v1/settings", "application/json", admin,
		`{"lifetimes.code":30,"branding.logo":"eA==","branding.accent":1,"signing_algorithms":["RS256"],"key_rotation_seconds":null,"epoch":1}`)
	f.Add("POST", "/api/v1/resources", "application/json", admin,
		`{"identifier":"urn:x","name":"x","scopes":[{"name":"x:y","words":"see x","sensitivity":"low"}]}`)
	const assertion = "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJyb2JvdCIsInN1YiI6InJvYm90In0.AAAA"
	for _, path := range []string{"/connect/token", "/connect/introspect", "/connect/revocation"} {
		f.Add("POST", path, "application/x-www-form-urlencoded", "",
			"grant_type=client_credentials&token=x&resource=urn:x"+assertion)
	}
	f.Fuzz(func(t *testing.T, method, path, contentType, authorization, body string) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a request that hangs is a fault too
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, method, server.URL+"/"+strings.TrimPrefix(path, "/"),
			strings.NewReader(body))
		if err != nil {
			t.Skip("not a request that can be sent")
		}
		r.Header.Set("Content-Type", contentType)
		if authorization == admin {
			authorization = "Bearer " + token
		}
		r.Header.Set("Authorization", authorization)
		res, err := server.Client().Transport.RoundTrip(r)
		if err != nil {
			if strings.Contains(err.Error(), "net/http: invalid") {
				t.Skip("not a request that can be sent")
			}
			t.Fatalf("%s %q was not answered: %v", method, path, err)
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatalf("%s %q: the answer broke off: %v", method, path, err)
		}
		if res.StatusCode >= http.StatusInternalServerError {
			t.Errorf("%s %q: %s", method, path, res.Status)
		}
	})
}

// everything is the public listener's handler over data of its own, and a token that
// administers them.
func everything(f *testing.F) (*httptest.Server, string) {
	f.Helper()
	log := slog.New(slog.DiscardHandler)
	slog.SetDefault(log)
	c, err := config.Load("", []string{"LATCHKEY_DATA_DIR=" + f.TempDir()})
	if err != nil {
		f.Fatal(err)
	}
	h, err := Open(context.Background(), c, ServeWait)
	if err != nil {
		f.Fatal(err)
	}
	handler, token := publicAPI(f, h)
	server := httptest.NewServer(handler)
	f.Cleanup(func() {
		server.Close()
		if err := h.Close(); err != nil {
			f.Error(err)
		}
	})
	return server, token
}
