package server

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// How requests arrive is told to nobody else.
func TestOnlyTheProbeIsToldHowItArrived(t *testing.T) {
	h := testServer(t)
	for probe, want := range map[string]bool{h.probe: true, "": false, "x" + h.probe[1:]: false} {
		rec, r := httptest.NewRecorder(), httptest.NewRequest("GET", PathHealth, nil)
		if probe != "" {
			r.Header.Set(ProbeHeader, probe)
		}
		if got := h.tellArrival(rec, r); got != want || strings.Contains(rec.Body.String(), "192.0.2.1") != want {
			t.Errorf("%q is told %q", probe, rec.Body)
		}
	}
	h.probe = ""
	if h.tellArrival(httptest.NewRecorder(), httptest.NewRequest("GET", PathHealth, nil)) {
		t.Error("without a probe everybody is told")
	}
}
