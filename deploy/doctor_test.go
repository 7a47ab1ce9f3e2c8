package deploy

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
)

// tunnel is what lets a program that knows no test reach the samples' name: a
// forward proxy that leads every CONNECT to the reverse proxy.
func (p *proxied) tunnel() string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		far, err := net.Dial("tcp", p.https)
		if err != nil || r.Method != http.MethodConnect || r.Host != host+":443" {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		near, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			_ = far.Close()
			return
		}
		// Only now, lest the first bytes of TLS be read as part of the request.
		_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
		_, _ = io.Copy(near, far)
		_ = near.Close()
	}))
	p.t.Cleanup(s.Close)
	return s.URL
}

func TestDoctorFindsTheSamplesWellAndAnUnlistedProxyNot(t *testing.T) {
	for name := range proxies {
		for _, c := range []struct{ trusted, says string }{
			{"127.0.0.1", "the proxy at 127.0.0.1 says truly who calls"},
			{"192.0.2.1", "add 127.0.0.1 to trusted_proxies"},
		} {
			t.Run(name+" "+c.trusted, func(t *testing.T) {
				p := behind(t, name, "LATCHKEY_TRUSTED_PROXIES="+c.trusted)
				cmd := exec.Command(binary, append([]string{"doctor"}, p.args...)...)
				cmd.Env = append(p.env, "HTTPS_PROXY="+p.tunnel(), "SSL_CERT_FILE="+p.caFile)
				out, err := cmd.CombinedOutput()
				if (err == nil) != (c.trusted == "127.0.0.1") || !strings.Contains(string(out), c.says) {
					t.Errorf("%v:\n%s", err, out)
				}
			})
		}
	}
}
