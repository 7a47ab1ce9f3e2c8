package front_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/login/front"
	"latchkey/login/page"

	"github.com/gorilla/mux"
)

// As JSON it would be repaired on its way in, and two passwords become one.
func TestAFormThatIsNotUTF8IsRefused(t *testing.T) {
	rd, err := page.New(page.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]int{"password=%ff": 400, "%ff=x": 400, "password=%ed%a0%80": 400,
		"password=%C3%BC": 204} {
		router := mux.NewRouter()
		front.Front{Renderer: rd}.Forms(router)("/form", nil,
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
		r := httptest.NewRequest(http.MethodPost, "/form", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		if router.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%s: %d, want %d", body, w.Code, want)
		}
	}
}
