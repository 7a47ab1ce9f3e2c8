package deploy

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/addrtest"
)

// forged are headers by which a caller would be somebody else, somewhere else.
var forged = map[string]string{
	"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example",
	"Forwarded": "for=203.0.113.7;proto=http;host=evil.example", "X-Real-Ip": "203.0.113.7", "X-Request-Id": "forged-by-a-caller",
}

func TestForgedForwardingHeadersAreNotBelieved(t *testing.T) {
	for name := range proxies {
		for _, kind := range []string{"x-forwarded", "forwarded"} {
			t.Run(name+" "+kind, func(t *testing.T) {
				p := behind(t, name, "LATCHKEY_TRUSTED_PROXY_HEADER="+kind)
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, issuer+"/.well-known/openid-configuration", nil)
				if err != nil {
					t.Fatal(err)
				}
				for header, value := range forged {
					r.Header.Set(header, value)
				}
				// Were the samples' proxies not to set what Latchkey reads, Latchkey
				// must see plain http and refuse, whatever the caller says.
				answer, want := p.read(p.client.Do(r)), map[string]int{"x-forwarded": 200, "forwarded": 400}[kind]
				if answer.StatusCode != want {
					t.Errorf("status %d, want %d", answer.StatusCode, want)
				}
				if strings.Contains(answer.body, "evil") {
					t.Errorf("the caller chose the address:\n%s", answer.body)
				}
				p.stop()
				for _, record := range p.records() {
					if from := record["remote"]; from == "203.0.113.7" || kind == "x-forwarded" && from != callerIP && record["path"] != "/readyz" {
						t.Errorf("%s: the log says it came from %v", record["path"], from)
					}
					if record["request_id"] == "forged-by-a-caller" {
						t.Error("the caller chose the request id")
					}
				}
			})
		}
	}
}

// The host that a browser asked for decides which origin is its own.
func TestAForgedHostDoesNotMakeAnotherOriginOurOwn(t *testing.T) {
	for name := range proxies {
		t.Run(name, func(t *testing.T) {
			p := behind(t, name)
			p.cli(password, "user", "add", "--username", "ada", "--password-stdin")
			form := url.Values{"username": {"ada"}, "password": {password}, "action": {"sign-in"}}
			answer := p.post(p.get(issuer+"/sign-in"), form, "Origin", "https://evil.example", "X-Forwarded-Host", "evil.example")
			if answer.StatusCode != http.StatusForbidden {
				t.Errorf("a form from another origin: status %d", answer.StatusCode)
			}
		})
	}
}

func TestPlainHTTPIsSentToTheIssuer(t *testing.T) {
	for name := range proxies {
		t.Run(name, func(t *testing.T) {
			p := behind(t, name)
			p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			answer := p.get("http://" + host + "/sign-in")
			to, err := answer.Location()
			if err != nil || to.Scheme != "https" || to.Hostname() != host || to.Path != "/sign-in" {
				t.Errorf("status %d, sent to %v (%v)", answer.StatusCode, to, err)
			}
		})
	}
}

// Whoever reaches Latchkey around the proxy is not believed either, and neither is
// a proxy that trusted_proxies does not list.
func TestOnlyTrustedProxiesAreBelieved(t *testing.T) {
	for name := range proxies {
		t.Run(name, func(t *testing.T) {
			p := behind(t, name, "LATCHKEY_TRUSTED_PROXIES=192.0.2.1")
			if answer := p.get(issuer + "/.well-known/openid-configuration"); answer.StatusCode != http.StatusBadRequest ||
				!strings.Contains(answer.body, "trusted_proxies") {
				t.Errorf("through a proxy that is not trusted: status %d\n%s", answer.StatusCode, answer.body)
			}
		})
	}
	t.Run("around the proxy", func(t *testing.T) {
		s := &server{t: t, listen: addrtest.Address(t, "127.0.0.1"), args: []string{"--config", "config.yaml"}}
		s.env = []string{"LATCHKEY_LISTEN=" + s.listen, "LATCHKEY_DATA_DIR=" + t.TempDir() + "/data", "LATCHKEY_LOG_FORMAT=json"}
		s.start()
		from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(callerIP)}}
		client := &http.Client{Transport: &http.Transport{DialContext: from.DialContext, DisableKeepAlives: true}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.listen+"/.well-known/openid-configuration", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-For", "203.0.113.7")
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("status %d", res.StatusCode)
		}
		s.stop()
		if all := s.records(); len(all) != 1 || all[0]["remote"] != callerIP {
			t.Errorf("the log says %v", all)
		}
	})
}

// Latchkey takes 32 KiB of headers; a proxy that takes less answers in its place.
func TestLongHeadersPassTheProxy(t *testing.T) {
	for name := range proxies {
		t.Run(name, func(t *testing.T) {
			p := behind(t, name)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, issuer+"/.well-known/openid-configuration?x="+strings.Repeat("x", 9<<10), nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Cookie", "many="+strings.Repeat("x", 12<<10))
			if answer := p.read(p.client.Do(r)); answer.StatusCode != http.StatusOK {
				t.Errorf("status %d", answer.StatusCode)
			}
		})
	}
}
