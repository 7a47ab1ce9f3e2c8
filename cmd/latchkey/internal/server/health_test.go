package server

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestReadyTurnsRedWhenTheEngineHasStopped(t *testing.T) {
	h := testServer(t)
	status := func() int {
		rec := httptest.NewRecorder()
		h.ready(rec, httptest.NewRequest("GET", PathReady, nil))
		return rec.Code
	}
	if got := status(); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	if err := h.Engine.Close(); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != http.StatusServiceUnavailable {
		t.Errorf("stopped: status %d", got)
	}
}
