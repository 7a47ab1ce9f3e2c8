package page_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"latchkey/login/page"
	"latchkey/login/page/pagetest"
)

var when = time.Date(2026, 5, 3, 14, 30, 0, 0, time.UTC)

// renderer has the example brand and fixed answers, unless o says otherwise.
func renderer(t testing.TB, o page.Options) *page.Renderer {
	t.Helper()
	if o.Brand == nil {
		o.Brand = func(*http.Request) page.Brand { return pagetest.Brand() }
	}
	o.RequestID = func(context.Context) string { return "01h2xcejqtf2nbrexx3vqjhp41" }
	o.Now = func() time.Time { return when }
	rd, err := page.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return rd
}

func render(t testing.TB, rd *page.Renderer, status int, p page.Page) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	if err := rd.Render(w, httptest.NewRequest(http.MethodGet, "/", nil), status, p); err != nil {
		t.Fatal(err)
	}
	return w
}
