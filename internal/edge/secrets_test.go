package edge_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/edge"
)

func TestNoSecretReachesTheLog(t *testing.T) {
	const secret = "Zq3vX9pLm2Kd8Rt5Wy7Bn4" // 22 characters, as 128 random bits have
	route := "/setup/{rest:.*}"
	for name, c := range map[string]struct {
		target string
		handle http.HandlerFunc
	}{
		"query":             {"/setup/x?token=" + secret, nil},
		"path, no route":    {"/stup/" + secret, nil},
		"path, in variable": {"/setup/" + secret, nil},
		"path, encoded":     {"/setup/%5A" + secret[1:], nil},
		"body and headers":  {"/setup/x", nil},
		"redirect": {"/setup/x", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://app.example/cb?code="+secret, http.StatusSeeOther)
		}},
		"panic value": {"/setup/x", func(http.ResponseWriter, *http.Request) { panic("bad token " + secret) }},
		"cause": {"/setup/x", func(w http.ResponseWriter, r *http.Request) {
			edge.Fail(r.Context(), "server_error", errors.Join(
				&url.Error{Op: "Get", URL: "https://rs.example/a?access_token=" + secret, Err: io.EOF},
				&url.Error{Op: "Get", URL: "https://rs.example/a#id_token=" + secret, Err: io.EOF},
				fmt.Errorf("header Bearer %s", secret),
				fmt.Errorf("cookie latchkey_session=%s", secret),
				fmt.Errorf("code %q is unknown", "lkc_"+secret),
			))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var j journal
			req := httptest.NewRequest("POST", c.target, strings.NewReader("password="+secret))
			req.Header.Set("Content-Type", form)
			req.Header.Set("Authorization", "Bearer "+secret)
			req.Header.Set("Cookie", "session="+secret)
			req.Header.Set("Referer", "https://id.example.org/setup?token="+secret)
			if c.handle == nil {
				c.handle = func(http.ResponseWriter, *http.Request) {}
			}
			serve(newEdge(&j, nil), req, map[string]http.HandlerFunc{route: c.handle})
			if log := j.text(); strings.Contains(log, secret) || strings.Contains(log, secret[1:]) {
				t.Errorf("the log holds the secret: %s", log)
			}
			j.only(t)
		})
	}
}

func TestPathsInTheLogStayReadable(t *testing.T) {
	for _, c := range []struct{ route, path, want string }{
		{"/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server",
			"/.well-known/oauth-authorization-server"},
		{"/flow/{id}/consent", "/flow/018f2c5e-7b1a-7c3d-9e4f-5a6b7c8d9e0f/consent",
			"/flow/018f2c5e-7b1a-7c3d-9e4f-5a6b7c8d9e0f/consent"},
		{"/users/{name}", "/users/ada", "/users/ada"},
	} {
		var j journal
		serve(newEdge(&j, nil), httptest.NewRequest("GET", c.path, nil), map[string]http.HandlerFunc{
			c.route: func(http.ResponseWriter, *http.Request) {}})
		if rec := j.only(t); rec["path"] != c.want || rec["route"] != c.route {
			t.Errorf("path %v, route %v", rec["path"], rec["route"])
		}
	}
}

func TestCausesInTheLogStayReadable(t *testing.T) {
	for _, text := range []string{
		"open /var/lib/latchkey/latchkey.db: no space left on device",
		"client 018f2c5e-7b1a-7c3d-9e4f-5a6b7c8d9e0f is suspended",
		"redirect_uri does not match any registered one",
		"the bearer token has expired",
	} {
		var j journal
		serve(newEdge(&j, nil), httptest.NewRequest("GET", "/", nil), map[string]http.HandlerFunc{
			"/": func(w http.ResponseWriter, r *http.Request) { edge.Fail(r.Context(), "x", errors.New(text)) }})
		if got := j.only(t)["cause"]; got != text {
			t.Errorf("cause = %q, want %q", got, text)
		}
	}
}
