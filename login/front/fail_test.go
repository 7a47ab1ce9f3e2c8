package front_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/storage/kv"
)

func TestAPageSaysWhetherItIsABugOrTheStoreHasStopped(t *testing.T) {
	rd, err := page.New(page.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for words, c := range map[string]struct {
		status int
		err    error
	}{
		"Something went wrong here":     {http.StatusInternalServerError, errors.New("the cause")},
		"We are out of order right now": {http.StatusServiceUnavailable, fmt.Errorf("the cause: %w", kv.ErrClosed)},
	} {
		w := httptest.NewRecorder()
		front.Front{Renderer: rd}.Fail(w, httptest.NewRequest(http.MethodGet, "/", nil), c.err)
		if w.Code != c.status || !strings.Contains(w.Body.String(), words) ||
			strings.Contains(w.Body.String(), "the cause") {
			t.Errorf("%v: %d\n%s", c.err, w.Code, w.Body)
		}
	}
}
