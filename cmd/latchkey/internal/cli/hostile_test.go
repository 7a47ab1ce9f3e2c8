package cli

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
)

// What a server far away says of everything, if it is not the one that it was.
const hostileText = "\x1b]0;owned\a\u009b31m\u202ex\nlatchkey: y"

// newHostile is a server that answers every call of the API well, with that text.
func newHostile(t *testing.T) *httptest.Server {
	t.Helper()
	thing := map[string]any{}
	for _, name := range strings.Fields("sub username email external_id url client_id client_name client_secret state scope name description " +
		"id identifier words source alg purpose then from to last4 contact client_uri detail token_endpoint_auth_method consent nickname") {
		thing[name] = hostileText
	}
	for _, name := range []string{"created_at", "updated_at", "expires_at", "at", "until", "then_at"} {
		thing[name] = "2026-01-02T03:04:05Z"
	}
	for _, name := range []string{"redirect_uris", "grant_types", "contacts", "allowed_groups", "groups", "roles"} {
		thing[name] = []string{hostileText}
	}
	thing["value"], thing["default"] = hostileText, hostileText
	thing["secrets"] = []any{map[string]any{"id": hostileText, "last4": hostileText,
		"created_at": "2026-01-02T03:04:05Z"}}
	all := map[string]any{"events": []any{map[string]any{"id": "0190d6d8-0000-7000-8000-000000000000",
		"time": "2026-01-02T03:04:05Z", "act": hostileText, "client_id": hostileText,
		"detail": hostileText, "via": hostileText,
		"changes": []any{map[string]any{"field": hostileText, "old": hostileText, "new": hostileText}}}}}
	for name, v := range thing {
		all[name] = v
	}
	for _, name := range []string{"users", "clients", "resources", "settings", "signing_keys", "data_keys",
		"rotations"} {
		all[name] = []any{thing}
	}
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := any(all)
		switch {
		case r.URL.Path == "/.well-known/openid-configuration":
			answer = map[string]any{"issuer": s.URL, "token_endpoint": s.URL + "/connect/token"}
		case r.URL.Path == "/connect/token":
			answer = map[string]any{"access_token": "x", "expires_in": 3600}
		case r.URL.Path == "/api/v1/groups" && r.Method == http.MethodGet:
			answer = map[string]any{"groups": []any{thing}}
		case strings.HasPrefix(r.URL.Path, "/api/v1/resources/"):
			scope := maps.Clone(thing)
			scope["default"] = true
			of := maps.Clone(thing)
			of["scopes"] = []any{scope}
			answer = of
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestAServerCannotSteerTheTerminalOfWhoeverAdministersIt(t *testing.T) {
	s := newHostile(t)
	env := []string{"LATCHKEY_SERVER=" + s.URL, "LATCHKEY_CLIENT_ID=robot", "LATCHKEY_CLIENT_SECRET=secret"}
	for _, args := range []string{
		"setup-link", "user list", "user show ada", "user add --username ada", "user edit ada --nickname A",
		"user disable ada", "user enable ada",
		"user recovery-link ada", "user set-password ada --password-stdin", "user delete ada --yes", "group list",
		"group show x", "group add x", "group edit x --name y",
		"group delete x --yes", "client list", "client show x",
		"client add --client-name x --redirect-uri https://a.example/cb", "client edit x --client-name y",
		"client rotate-secret x", "client delete x --yes", "resource list", "resource show x",
		"resource edit x --name y", "resource disable x", "resource rotate-secret x",
		"resource delete x --yes", "setting list", "key list", "key rotate", "audit",
	} {
		var out strings.Builder
		Run(t.Context(), strings.Fields(args), strings.NewReader(aPassword), &out, &out, env)
		if i := strings.IndexFunc(out.String(),
			func(r rune) bool {
				return r != '\n' && unicode.IsControl(r) ||
					unicode.Is(unicode.Bidi_Control, r)
			}); i >= 0 || !strings.Contains(out.String(), "�") {
			t.Errorf("%s: %q", args, out.String())
		}
	}
}
