package server

import (
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"latchkey/api"
	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// visitor keeps every cookie that it was ever given, and sends them all everywhere.
type visitor struct {
	handler http.Handler
	cookies map[string]string
}

func (v *visitor) send(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(v.cookies)) {
		r.AddCookie(&http.Cookie{Name: name, Value: v.cookies[name]})
	}
	w := httptest.NewRecorder()
	v.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge >= 0 && v.cookies != nil {
			v.cookies[c.Name] = c.Value
		}
	}
	return w
}

func posted(path string, form url.Values) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

var flowNamed = regexp.MustCompile(`browser-.+`)

// Scripts of registered origins may send cookies to these endpoints, and whoever sends
// them must learn nothing by it.
func TestEndpointsForScriptsReadNoCookie(t *testing.T) {
	h := testServer(t)
	_, public, err := h.publicHandler(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	const callback, secret = "https://app.example/cb", "secret"
	_, err = h.Store.Clients.Create(t.Context(), storage.Operator, apps.NewClient{
		ID: "app", FirstParty: true, Secret: h.Ring.HashClientSecret(secret),
		Metadata: apps.Metadata{ClientName: "App", RedirectURIs: []string{callback}, Consent: apps.ConsentSkip}})
	if err != nil {
		t.Fatal(err)
	}
	state := make([]byte, 3000) // so much that it takes two cookies
	_, _ = rand.Read(state)
	authorize := func() *http.Request {
		q := url.Values{"client_id": {"app"}, "redirect_uri": {callback}, "response_type": {"code"},
			"scope": {"openid"},
			"state": {base64.RawURLEncoding.EncodeToString(state)}}
		return httptest.NewRequest("GET", oauth.PathAuthorize+"?"+q.Encode(), nil)
	}
	person := &visitor{public, map[string]string{}}
	person.send(t, authorize()) // nobody is signed in: a flow begins
	link, err := client.InProcess(api.Handler(h.apiOptions())).SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(link.URL, "token=")
	person.send(t, posted("/setup", url.Values{"token": {token}, "username": {"ada"},
		"password": {"seven green parrots sing"}}))
	var names []string
	for name := range person.cookies {
		names = append(names, flowNamed.ReplaceAllString(strings.TrimPrefix(name, "latchkey-"), "browser-FLOW"))
	}
	slices.Sort(names)
	if want := []string{"browser", "browser-FLOW", "flow", "flow-2", "notice", "session"}; !slices.Equal(names, want) {
		t.Fatalf("the cookies are %q, want %q", names, want)
	}

	back := person.send(t, authorize()).Header().Get("Location")
	at, err := url.Parse(back)
	if err != nil || !strings.HasPrefix(back, callback) {
		t.Fatalf("returned to %q, %v", back, err)
	}
	redeem := func(code string) *http.Request {
		r := posted(oauth.PathToken, url.Values{"grant_type": {"authorization_code"}, "code": {code},
			"redirect_uri": {callback}})
		r.SetBasicAuth("app", secret)
		return r
	}
	good := person.send(t, redeem(at.Query().Get("code")))
	_, access, _ := strings.Cut(good.Body.String(), `"access_token":"`)
	access, _, _ = strings.Cut(access, `"`)
	if good.Code != http.StatusOK || access == "" || len(good.Result().Cookies()) > 0 {
		t.Fatalf("%d %s", good.Code, good.Body)
	}
	userinfo := func(token string) func() *http.Request {
		return func() *http.Request {
			r := httptest.NewRequest("GET", oauth.PathUserinfo, nil)
			r.Header.Set("Authorization", "Bearer "+token)
			return r
		}
	}
	bare := func(path, name, value string) func() *http.Request {
		return func() *http.Request { return posted(path, url.Values{name: {value}}) }
	}
	get := func(path string) func() *http.Request {
		return func() *http.Request { return httptest.NewRequest("GET", path, nil) }
	}
	for name, c := range map[string]struct {
		request func() *http.Request
		want    int
	}{
		"discovery":              {get("/.well-known/openid-configuration"), http.StatusOK},
		"metadata":               {get("/.well-known/oauth-authorization-server"), http.StatusOK},
		"keys":                   {get(oauth.PathJWKS), http.StatusOK},
		"userinfo":               {userinfo(access), http.StatusOK},
		"userinfo without token": {get(oauth.PathUserinfo), http.StatusUnauthorized},
		"userinfo, wrong token":  {userinfo("wrong"), http.StatusUnauthorized},
		"token without client":   {bare(oauth.PathToken, "grant_type", "authorization_code"), http.StatusBadRequest},
		"token, wrong code":      {func() *http.Request { return redeem("wrong") }, http.StatusBadRequest},
		"revocation": {func() *http.Request {
			r := posted(oauth.PathRevocation, url.Values{"token": {"wrong"}})
			r.SetBasicAuth("app", secret)
			return r
		}, http.StatusOK},
		"revocation without client": {bare(oauth.PathRevocation, "token", "wrong"), http.StatusBadRequest},
	} {
		ask := func(v *visitor) *httptest.ResponseRecorder {
			r := c.request()
			r.Header.Set("Origin", "https://app.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			w := v.send(t, r)
			w.Header().Del("X-Request-Id")
			return w
		}
		with, without := ask(person), ask(&visitor{handler: public})
		if with.Code != c.want || with.Code != without.Code || with.Body.String() != without.Body.String() ||
			!reflect.DeepEqual(with.Header(), without.Header()) {
			t.Errorf("%s: with cookies %d %v\n%s\nwithout %d %v\n%s", name, with.Code, with.Header(), with.Body,
				without.Code, without.Header(), without.Body)
		}
		if with.Header().Get("Access-Control-Allow-Credentials") != "true" || len(with.Result().Cookies()) > 0 {
			t.Errorf("%s: %v", name, with.Header())
		}
	}

	for _, path := range []string{oauth.PathAuthorize, oauth.PathEndSession, oauth.PathIntrospection,
		wire.Prefix + "/users",
		"/", "/sign-in", "/account"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Origin", "https://app.example")
		if header := person.send(t, r).Header(); header.Get("Access-Control-Allow-Origin") != "" ||
			header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("a script may read %s: %v", path, header)
		}
	}
}
