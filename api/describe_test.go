package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"latchkey/api"
	"latchkey/api/wire"
	"latchkey/storage"
)

var update = flag.Bool("update", false, "write the golden files anew")

// described is the part of the description that tests read.
type described struct {
	Paths map[string]map[string]struct {
		OperationID string         `json:"operationId"`
		Responses   map[string]any `json:"responses"`
		RequestBody map[string]any `json:"requestBody"`
	} `json:"paths"`
}

func description(t *testing.T, handler http.Handler) (text []byte, d described) {
	t.Helper()
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, httptest.NewRequest("GET", wire.Prefix+"/openapi.json", nil))
	if err := json.Unmarshal(rec.Body.Bytes(), &d); err != nil || len(d.Paths) == 0 {
		t.Fatal(err)
	}
	return rec.Body.Bytes(), d
}

// The description is what clients are generated from: a change of it is a change of
// the API, and is read before it is made.
func TestDescriptionIsTheOneThatWasAgreed(t *testing.T) {
	h := newHouse(t, func(o *api.Options) { o.Version = "test" })
	text, _ := description(t, h.handler)
	var got bytes.Buffer
	if err := json.Indent(&got, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	const golden = "testdata/openapi.json"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s differs (%v). If that is meant, go test -update and read the difference", golden, err)
	}
}

// witness lets every answer of every test be compared with the description.
func witness(t *testing.T, handler http.Handler) http.Handler {
	_, d := description(t, handler)
	type operation struct {
		path    *regexp.Regexp
		answers map[string]any
	}
	operations := map[string][]operation{}
	variable := regexp.MustCompile(`\\\{[a-z_]+\\\}`)
	for template, methods := range d.Paths {
		// Words before variables: users/import is no user.
		re := regexp.MustCompile("^" + variable.ReplaceAllString(regexp.QuoteMeta(template), "[^/]+") + "$")
		for method, op := range methods {
			m := strings.ToUpper(method)
			if strings.Contains(template, "{") {
				operations[m] = append(operations[m], operation{re, op.Responses})
			} else {
				operations[m] = append([]operation{{re, op.Responses}}, operations[m]...)
			}
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, r)
		for _, op := range operations[r.Method] {
			// A path that is cleaned first belongs to no operation.
			if op.path.MatchString(r.URL.Path) && path.Clean(r.URL.Path) == r.URL.Path {
				if op.answers[strconv.Itoa(rec.Code)] == nil {
					t.Errorf("%s %s answers %d, which is not described: %s", r.Method, r.URL, rec.Code, rec.Body)
				}
				if kind := rec.Header().Get("Content-Type"); rec.Code >= 400 && kind != "application/problem+json" {
					t.Errorf("%s %s answers %d as %q", r.Method, r.URL, rec.Code, kind)
				}
				break
			}
		}
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

func TestTheDescriptionIsServedToManyAtOnce(t *testing.T) {
	h := newHouse(t, nil)
	var all sync.WaitGroup
	for i := range 20 {
		form := []string{"json", "yaml"}[i%2]
		all.Go(func() {
			rec := httptest.NewRecorder()
			h.plain.ServeHTTP(rec, httptest.NewRequest("GET", wire.Prefix+"/openapi."+form, nil))
			if kind := rec.Header().Get("Content-Type"); rec.Code != 200 || kind != "application/openapi+"+form ||
				!strings.Contains(rec.Body.String(), "create-user") {
				t.Errorf("%s: %d %s", form, rec.Code, kind)
			}
		})
	}
	all.Wait()
}

func TestEveryOperationDescribesItsProblems(t *testing.T) {
	h := newHouse(t, nil)
	_, d := description(t, h.handler)
	for path, methods := range d.Paths {
		for method, op := range methods {
			if op.OperationID == "" || op.Responses["422"] == nil && op.OperationID != "create-setup-link" ||
				op.Responses["403"] == nil || op.Responses["500"] == nil {
				t.Errorf("%s %s: %v", method, path, op)
			}
			if strings.Contains(path, "{") && op.Responses["404"] == nil {
				t.Errorf("%s %s does not say 404", method, path)
			}
			// What it answers to nonsense is described: the witness looks.
			at := regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllString(path, storage.ID{1}.String())
			for _, body := range []string{"", "{", "[]", `{"odd":1}`, `{}`, strings.Repeat(" ", 2<<20)} {
				for _, kind := range []string{"application/json", "text/plain", ""} {
					req := httptest.NewRequest(strings.ToUpper(method), at, strings.NewReader(body))
					req.Header.Set("Content-Type", kind)
					h.handler.ServeHTTP(httptest.NewRecorder(), req)
				}
			}
		}
	}
}

func TestStaleEditIsRefusedIfItSaysWhatItHadRead(t *testing.T) {
	h := newHouse(t, nil)
	n := demo()
	n.ClientID = "demo"
	must[wire.Client](t)(h.CreateClient(t.Context(), n))
	send := func(method, ifMatch, body string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		req := httptest.NewRequest(method, wire.Prefix+"/clients/demo", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		if ifMatch != "" {
			req.Header.Set("If-Match", ifMatch)
		}
		h.handler.ServeHTTP(rec, req)
		return rec
	}
	first := send("GET", "", "").Header().Get("ETag")
	second := send("PATCH", first, `{"client_name":"One"}`)
	if second.Code != 200 || first == "" || second.Header().Get("ETag") == first ||
		second.Header().Get("ETag") != send("GET", "", "").Header().Get("ETag") {
		t.Fatalf("%d %q %q", second.Code, first, second.Header().Get("ETag"))
	}
	for _, stale := range []string{first, `"odd"`, "W/" + second.Header().Get("ETag")} {
		if rec := send("PATCH", stale, `{"client_name":"Two"}`); rec.Code != 412 {
			t.Errorf("If-Match %s: %d %s", stale, rec.Code, rec.Body)
		}
	}
	if c := must[wire.Client](t)(h.GetClient(t.Context(), "demo")); c.ClientName != "One" {
		t.Errorf("%q", c.ClientName)
	}
	if rec := send("PATCH", first+", "+second.Header().Get("ETag"), `{"client_name":"Three"}`); rec.Code != 200 {
		t.Errorf("one of two: %d", rec.Code)
	}
	if rec := send("PATCH", "*", `{"client_name":"Four"}`); rec.Code != 200 {
		t.Errorf("any: %d", rec.Code)
	}
	// Deleted and added again, it is another client of the same revision.
	tag := send("GET", "", "").Header().Get("ETag")
	if err := h.DeleteClient(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	must[wire.Client](t)(h.CreateClient(t.Context(), n))
	for range 3 {
		send("PATCH", "", `{"client_name":"Again"}`)
	}
	if rec := send("PATCH", tag, `{"client_name":"Five"}`); rec.Code != 412 {
		t.Errorf("another client under the same id: %d", rec.Code)
	}
}

func TestTwoAdministratorsDoNotOverwriteEachOthersChangeOfAUser(t *testing.T) {
	h := newHouse(t, nil)
	u := must[wire.User](t)(h.CreateUser(t.Context(), wire.NewUser{Account: wire.Account{Username: "ada"}}))
	send := func(method, path, ifMatch, body string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		req := httptest.NewRequest(method, wire.Prefix+"/users/"+u.Sub+path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		if ifMatch != "" {
			req.Header.Set("If-Match", ifMatch)
		}
		h.handler.ServeHTTP(rec, req)
		return rec
	}
	// Each changes the account, within one second.
	read := send("GET", "", "", "").Header().Get("ETag")
	for _, c := range []struct{ method, path, body string }{
		{"PATCH", "", `{"name":"Ada Lovelace"}`}, {"PUT", "/disabled", `{"disabled":true}`},
		{"PUT", "/disabled", `{"disabled":false}`},
		{"PUT", "/password", `{"password":"seven green parrots sing"}`},
	} {
		rec := send(c.method, c.path, "", c.body)
		tag := rec.Header().Get("ETag")
		if rec.Code != 200 || read == "" || tag == read || tag != send("GET", "", "", "").Header().Get("ETag") {
			t.Fatalf("%+v: %d, from %q to %q", c, rec.Code, read, tag)
		}
		if rec := send("PATCH", "", read, `{"name":"Somebody Else"}`); rec.Code != 412 ||
			!strings.Contains(rec.Body.String(), "the user was changed meanwhile") {
			t.Errorf("after %+v: %d %s", c, rec.Code, rec.Body)
		}
		read = tag
	}
	if u := must[wire.User](t)(h.GetUser(t.Context(), u.Sub)); u.Name != "Ada Lovelace" {
		t.Errorf("%q", u.Name)
	}
	if rec := send("PATCH", "", read, `{"nickname":"ada"}`); rec.Code != 200 {
		t.Errorf("of the newest: %d %s", rec.Code, rec.Body)
	}
}
