package doctor

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/data"
	"latchkey/cmd/latchkey/internal/server"
	"latchkey/cmd/latchkey/internal/telemetry"
	"latchkey/internal/certtest"
	"latchkey/storage/store"
)

func testDoctor(issuer string, trusted ...string) *doctor {
	return &doctor{config: &config.Config{Issuer: issuer, TrustedProxies: trusted,
		TrustedProxyHeader: config.HeaderX}, now: time.Now, client: http.DefaultClient}
}

func TestDoctorJudgesHowRequestsArrive(t *testing.T) {
	const issuer, proxy = "https://id.example.org", "10.0.0.7"
	for name, c := range map[string]struct {
		trusted string
		seen    server.Arrival
		state   string
		words   string // of what it found or advises
	}{
		"own certificate": {"", server.Arrival{Peer: "192.0.2.1:4", Address: "192.0.2.1", Scheme: "https",
			Host: "id.example.org"}, isOK, "without a proxy"},
		"good proxy": {proxy, server.Arrival{Peer: "10.0.0.7:4", Address: "192.0.2.1", Scheme: "https",
			Host: "id.example.org", Headers: []string{"X-Forwarded-For"}}, isOK, "10.0.0.7"},
		"proxy on this host": {proxy, server.Arrival{Peer: "10.0.0.7:4", Address: "10.0.0.7", Scheme: "https",
			Host: "id.example.org", Headers: []string{"X-Forwarded-For"}}, isOK, "10.0.0.7"},
		"unlisted proxy": {"10.0.0.8",
			server.Arrival{Peer: "10.0.0.7:4", Address: "10.0.0.7", Scheme: "http", Host: "id.example.org"}, IsFail,
			"add 10.0.0.7 to trusted_proxies"},
		"unlisted, by https": {"", server.Arrival{Peer: "10.0.0.7:4", Address: "10.0.0.7", Scheme: "https",
			Host: "id.example.org", Headers: []string{"X-Forwarded-For", "X-Forwarded-Proto"}}, isWarn,
			"add 10.0.0.7 to trusted_proxies"},
		"the probe's own": {"", server.Arrival{Peer: "192.0.2.1:4", Address: "192.0.2.1", Scheme: "https",
			Host: "id.example.org", Headers: []string{"Forwarded", "X-Forwarded-For"}}, isOK, "without a proxy"},
		"no protocol": {proxy, server.Arrival{Peer: "10.0.0.7:4", Address: "192.0.2.1", Scheme: "http",
			Host: "id.example.org", Headers: []string{"X-Forwarded-For"}}, IsFail, "set X-Forwarded-Proto"},
		"no caller": {proxy, server.Arrival{Peer: "10.0.0.7:4", Address: "10.0.0.7", Scheme: "https",
			Host: "id.example.org", Headers: []string{"X-Forwarded-Proto"}}, isWarn, "set X-Forwarded-For"},
		"other host": {proxy, server.Arrival{Peer: "10.0.0.7:4", Address: "192.0.2.1", Scheme: "https",
			Host: "backend:8080", Headers: []string{"X-Forwarded-For"}}, isWarn, "set X-Forwarded-Host"},
		"believes the caller": {proxy, server.Arrival{Peer: "10.0.0.7:4", Address: forgedAddress, Scheme: "https",
			Host: "id.example.org", Headers: []string{"X-Forwarded-For"}}, IsFail, "not pass them on"},
	} {
		d := testDoctor(issuer)
		if c.trusted != "" {
			d = testDoctor(issuer, c.trusted)
		}
		if f := d.judge("proxy headers", c.seen); f.State != c.state || !strings.Contains(f.Says+f.Do, c.words) {
			t.Errorf("%s: %+v, want %s with %q", name, f, c.state, c.words)
		}
	}
}

// Each handler is what an app finds at the issuer.
func TestDoctorSeesWhatAppsSee(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		words  string
	}{
		"redirect": {func(w http.ResponseWriter,
			r *http.Request) {
			http.Redirect(w, r, "https://www.example.org", 302)
		}, "without a redirect"},
		"nothing": {http.NotFound, "404"},
		"other issuer": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"issuer":"https://other.example"}`))
		}, "says that the issuer is https://other.example"},
		"wrong clock": {func(w http.ResponseWriter,
			_ *http.Request) {
			w.Header().Set("Date", "Mon, 02 Jan 2006 15:04:05 GMT")
		}, "whoever answers there says it is 2006"},
		"other machine": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) },
			"not the one on this data"},
	} {
		s := httptest.NewServer(http.HandlerFunc(c.answer))
		d := testDoctor(s.URL)
		d.client = &http.Client{CheckRedirect: func(*http.Request,
			[]*http.Request) error {
			return http.ErrUseLastResponse
		}}
		text, _ := json.Marshal(d.reach(t.Context(), "probe"))
		s.Close()
		if !strings.Contains(string(text), c.words) {
			t.Errorf("%s: %s does not say %q", name, text, c.words)
		}
	}
}

func TestDoctorRefusesACertificateThatAppsWouldRefuse(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	found := testDoctor(s.URL).reach(t.Context(), "probe")
	if len(found) != 1 || found[0].State != IsFail || !strings.Contains(found[0].Says, "unknown authority") {
		t.Errorf("%+v", found)
	}
}

func TestDoctorReadsTheCertificatesNameAndDays(t *testing.T) {
	certFile, keyFile := certtest.SelfSigned(t, t.TempDir(), 1) // for localhost, for an hour
	for _, c := range []struct {
		issuer string
		later  time.Duration
		state  string
		words  string
	}{
		{"https://localhost", 0, isWarn, "ends soon"},
		{"https://localhost", 2 * time.Hour, IsFail, "it ended"},
		{"https://localhost", -30 * 24 * time.Hour, isOK, "valid until"},
		{"https://id.example.org", 0, IsFail, "not id.example.org"},
	} {
		d := testDoctor(c.issuer)
		d.config.TLSCertificateFile, d.config.TLSKeyFile = certFile, keyFile
		d.now = func() time.Time { return time.Now().Add(c.later) }
		if f := d.certificate(); len(f) != 1 || f[0].State != c.state || !strings.Contains(f[0].Says, c.words) {
			t.Errorf("%s after %v: %+v", c.issuer, c.later, f)
		}
	}
	d := testDoctor("https://localhost")
	d.config.TLSCertificateFile, d.config.TLSKeyFile = "/nowhere", keyFile
	if f := d.certificate(); f[0].State != IsFail {
		t.Errorf("%+v", f)
	}
}

func TestDoctorSeesAClockThatIsBehindTheData(t *testing.T) {
	d := testDoctor("https://localhost")
	d.config.DataDir = t.TempDir()
	path := filepath.Join(d.config.DataDir, data.File)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if f := d.clock(); f.State != isOK {
		t.Errorf("%+v", f)
	}
	d.now = func() time.Time { return time.Now().Add(-time.Hour) }
	if f := d.clock(); f.State != IsFail || f.Do == "" {
		t.Errorf("%+v", f)
	}
}

func TestDoctorAsksTheCollectorWhetherItTakesSpans(t *testing.T) {
	for name, c := range map[string]struct {
		status       int
		state, words string
	}{
		"takes":   {http.StatusOK, isOK, "takes spans"},
		"refuses": {http.StatusUnauthorized, isWarn, "401"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
			_ *http.Request) {
			w.WriteHeader(c.status)
		}))
		d := testDoctor("http://localhost")
		d.config.TracesEndpoint = s.URL
		for _, down := range []bool{false, true} {
			if down {
				s.Close()
				c.state, c.words = isWarn, "takes no spans"
			}
			if f := d.traces(t.Context()); len(f) != 1 || f[0].State != c.state ||
				!strings.Contains(f[0].Says, c.words) {
				t.Errorf("%s: %+v, want %s with %q", name, f, c.state, c.words)
			}
		}
	}
	d := testDoctor("http://localhost")
	if f := d.traces(t.Context()); f != nil {
		t.Errorf("without a collector: %+v", f)
	}
	d.config.OTEL = map[string]string{telemetry.OtelEndpoint: "http://localhost:4317", telemetry.OtelProtocol: "grpc"}
	if f := d.traces(t.Context()); len(f) != 1 ||
		!strings.Contains(f[0].Says, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not spoken here") {
		t.Errorf("for another protocol: %+v", f)
	}
}

func TestDoctorSaysThatItIsLongAfterTheLastStart(t *testing.T) {
	h := testServer(t)
	lastWeek := store.Options{Now: func() time.Time { return time.Now().Add(-7 * 24 * time.Hour) }}
	before, err := store.Open(t.Context(), h.Engine, lastWeek)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.NewSweeper(func() store.Uptime { return store.Uptime{} }).Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	d := &doctor{config: h.Config, now: time.Now}
	if found := d.storage(t.Context()); len(found) < 2 || found[1].Check != "clock" || found[1].State != isWarn {
		t.Errorf("doctor says %+v", found)
	}
}
