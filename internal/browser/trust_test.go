package browser

import (
	"crypto/tls"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/internal/certtest"
)

// secure serves a page at https://app.test, certified by the authority. The other
// address leads there, too.
func secure(t *testing.T, ca *certtest.Authority) (url, misnamed string) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(ca.Issue("app.test"))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(site{"/": "<title>x</title><h1>secure</h1>"})
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that the browser breaks off
	s.StartTLS()
	t.Cleanup(s.Close)
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	return "https://app.test" + port, "https://localhost" + port
}

func TestABrowserThatChecksCertificatesKnowsTheAuthorityItIsGivenAlone(t *testing.T) {
	ca, other := certtest.New(t), certtest.New(t)
	url, misnamed := secure(t, ca)
	for name, c := range map[string]struct {
		options Options
		url     string
		refused string
	}{
		"this authority":     {Options{CheckCertificates: true, CAFile: ca.File}, url, ""},
		"another authority":  {Options{CheckCertificates: true, CAFile: other.File}, url, "ERR_CERT_AUTHORITY_INVALID"},
		"no authority":       {Options{CheckCertificates: true}, url, "ERR_CERT_AUTHORITY_INVALID"},
		"another name":       {Options{CheckCertificates: true, CAFile: ca.File}, misnamed, "ERR_CERT_COMMON_NAME_INVALID"},
		"nothing is checked": {Options{}, misnamed, ""},
	} {
		s, shown := &spy{T: t}, ""
		s.run(func() {
			b := New(s, c.options)
			b.Goto(c.url)
			shown = b.Text("h1")
		})
		if c.refused == "" && (shown != "secure" || s.said() != "") {
			t.Errorf("%s: shows %q, and says %s", name, shown, s.said())
		}
		if c.refused != "" && (shown != "" || !strings.Contains(s.said(), c.refused)) {
			t.Errorf("%s: shows %q, and says %s, without %s", name, shown, s.said(), c.refused)
		}
	}
}
