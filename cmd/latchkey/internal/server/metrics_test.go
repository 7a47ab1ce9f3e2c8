package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/cmd/latchkey/internal/telemetry"
	"latchkey/internal/edge"
)

// measuredServer is one with measurements, its public side and its /metrics.
func measuredServer(t *testing.T, env ...string) (h *Server, public, measured http.Handler) {
	t.Helper()
	h = testServer(t, append(env, "LATCHKEY_METRICS_LISTEN=localhost:0")...)
	log := slog.New(slog.DiscardHandler)
	_, public, err := h.publicHandler(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	return h, public, h.metrics.Handler(edge.New(edge.Options{Log: log}))
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
	return rec
}

// wantLines checks that /metrics shows each of the lines.
func wantLines(t *testing.T, measured http.Handler, lines ...string) {
	t.Helper()
	text := get(measured, telemetry.PathMetrics).Body.String()
	for _, line := range lines {
		if !strings.Contains("\n"+text, "\n"+line) {
			t.Errorf("%q is not among\n%s", line, text)
		}
	}
}

func TestWhatHappensIsMeasured(t *testing.T) {
	h, public, measured := measuredServer(t, "LATCHKEY_BACKUP_DIRECTORY="+filepath.Join(t.TempDir(), "kept"))
	wantLines(t, measured, "latchkey_last_backup_timestamp_seconds 0")
	get(public, "/.well-known/openid-configuration")
	get(public, "/nowhere/secret")
	for _, j := range h.Jobs() {
		if err := j.Run(t.Context(), time.Unix(1_800_000_000, 0)); err != nil {
			t.Errorf("%s: %v", j.Name, err)
		}
	}
	failing := h.counted(job{"failing", time.Hour,
		func(context.Context, time.Time) error { return errors.New("bad luck") }})
	_ = failing.Run(t.Context(), time.Now())
	wantLines(t, measured,
		`latchkey_http_requests_total{method="GET",route="/.well-known/openid-configuration",status="200"} 1`,
		`latchkey_http_requests_total{method="GET",route="none",status="404"} 1`,
		`latchkey_http_request_duration_seconds_count{method="GET",route="none"} 1`,
		"latchkey_storage_commits_total ", "latchkey_storage_file_bytes ", "latchkey_storage_up 1",
		"latchkey_last_backup_timestamp_seconds 1.8e+09", "latchkey_swept_records_total 0",
		`latchkey_job_failures_total{job="backup"} 0`, `latchkey_job_failures_total{job="failing"} 1`,
		"latchkey_build_info{", "go_goroutines ")
	if text := get(measured, telemetry.PathMetrics).Body.String(); strings.Contains(text, "secret") {
		t.Errorf("a path that was sent is a label:\n%s", text)
	}
	if err := h.Engine.Close(); err != nil {
		t.Fatal(err)
	}
	wantLines(t, measured, "latchkey_storage_up 0")
}

func TestSignInsAreMeasuredByHowTheyEnd(t *testing.T) {
	_, public, measured := measuredServer(t)
	form := get(public, "/sign-in") // names the browser
	r := httptest.NewRequest("POST", "/sign-in",
		strings.NewReader(url.Values{"username": {"nobody"}, "password": {"a wholly unlikely sentence"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range form.Result().Cookies() {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	public.ServeHTTP(rec, r)
	if rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("status %d", rec.Code)
	}
	wantLines(t, measured, `latchkey_sign_ins_total{result="wrong_password"} 1`)
}

func TestMeasurementsAreNotOnThePublicAddress(t *testing.T) {
	_, public, measured := measuredServer(t)
	if got := get(public, telemetry.PathMetrics).Code; got != http.StatusNotFound {
		t.Errorf("status %d", got)
	}
	if got := get(measured, "/").Code; got != http.StatusNotFound {
		t.Errorf("the other address shows more than measurements: status %d", got)
	}
}

func TestNothingIsMeasuredUnlessAskedFor(t *testing.T) {
	if h := testServer(t); h.metrics != nil {
		t.Error("measured all the same")
	}
}
