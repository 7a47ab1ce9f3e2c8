package edge_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/internal/edge"
)

func TestAnyPanicIsAnsweredAndLogged(t *testing.T) {
	var nilMap map[string]int
	for name, explode := range map[string]func(){
		"text":      func() { panic("kaboom") },
		"error":     func() { panic(errors.New("kaboom")) },
		"runtime":   func() { nilMap["kaboom"] = 1 },
		"abort":     func() { panic(http.ErrAbortHandler) },
		"nil panic": func() { panic(nil) }, //nolint:govet // what a careless handler does
	} {
		t.Run(name, func(t *testing.T) {
			var j journal
			e := newEdge(&j, nil)
			router := e.Router()
			router.HandleFunc("/explode", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Set-Cookie", "session=1")
				w.Header().Set("Content-Length", "3")
				explode()
			})
			server := httptest.NewServer(e.Handler(router))
			defer server.Close()
			res, err := http.Get(server.URL + "/explode")
			if err != nil {
				t.Fatalf("the connection was dropped: %v", err)
			}
			defer res.Body.Close()
			text := body(t, res)
			if res.StatusCode != 500 || res.Header.Get("Set-Cookie") != "" {
				t.Errorf("status %d, cookie %q", res.StatusCode, res.Header.Get("Set-Cookie"))
			}
			rec := j.only(t)
			if rec["level"] != "ERROR" || rec["panic"] == nil ||
				!strings.Contains(rec["stack"].(string), "recover_test.go") {
				t.Errorf("record = %v", rec)
			}
			if !strings.Contains(text, rec["request_id"].(string)) || strings.Contains(text, "kaboom") {
				t.Errorf("answer %q", text)
			}
		})
	}
}

func TestPanicAfterTheHeadersCutsTheConnectionAndIsLogged(t *testing.T) {
	var j journal
	e := newEdge(&j, nil)
	server := httptest.NewServer(e.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half an ans")
		w.(http.Flusher).Flush()
		panic("kaboom")
	})))
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err == nil {
		t.Error("half an answer looked whole")
	}
	server.Close() // waits for the handler
	if rec := j.only(t); rec["panic"] != "kaboom" || rec["status"] != 200.0 {
		t.Errorf("record = %v", rec)
	}
}

func TestPanickingRendererIsReplacedByPlainText(t *testing.T) {
	var j journal
	e := newEdge(&j, func(o *edge.Options) {
		o.Fail = func(http.ResponseWriter, *http.Request, edge.Problem) { panic("no template") }
	})
	for _, path := range []string{"/missing", "/explode"} {
		res := serve(e, httptest.NewRequest("GET", path, nil), map[string]http.HandlerFunc{
			"/explode": func(http.ResponseWriter, *http.Request) { panic("kaboom") }})
		if text := body(t, res); res.StatusCode != 500 || !strings.Contains(text, "Request id: ") {
			t.Errorf("%s: %d %q", path, res.StatusCode, text)
		}
	}
}
