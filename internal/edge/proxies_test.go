package edge_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"latchkey/internal/edge"
)

type seen struct{ addr, scheme, host, id string }

func see(e *edge.Edge, req *http.Request) seen {
	var s seen
	e.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		s = seen{edge.ClientAddr(ctx).String(), edge.Scheme(ctx), r.Host, edge.RequestID(ctx)}
	})).ServeHTTP(httptest.NewRecorder(), req)
	return s
}

func behind(standard bool, trusted ...string) *edge.Edge {
	return newEdge(new(journal), func(o *edge.Options) {
		o.Proxies.Standard = standard
		for _, t := range trusted {
			p, err := edge.ParsePrefix(t)
			if err != nil {
				panic(err)
			}
			o.Proxies.Trusted = append(o.Proxies.Trusted, p)
		}
	})
}

func TestForwardingHeadersCountOnlyFromTrustedProxies(t *testing.T) {
	const xff, xfp, xfh, fwd = "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"
	for _, c := range []struct {
		name     string
		peer     string
		standard bool
		headers  []string // name, value, …
		want     seen
	}{
		{"no proxy", "203.0.113.9:1", false, nil, seen{addr: "203.0.113.9"}},
		{"a stranger lies", "203.0.113.9:1", false,
			[]string{xff, "198.51.100.1", xfp, "https", xfh, "evil.example"}, seen{addr: "203.0.113.9"}},
		{"one proxy", "10.0.0.1:1", false,
			[]string{xff, "198.51.100.1", xfp, "https", xfh, "id.example.org"},
			seen{"198.51.100.1", "https", "id.example.org", ""}},
		{"the browser's own header is left of the proxy's", "10.0.0.1:1", false,
			[]string{xff, "1.1.1.1, 198.51.100.1"}, seen{addr: "198.51.100.1"}},
		{"two proxies", "10.0.0.1:1", false,
			[]string{xff, "198.51.100.1, 10.0.0.2", xfp, "https, http"}, seen{addr: "198.51.100.1", scheme: "https"}},
		{"header given twice", "10.0.0.1:1", false,
			[]string{xff, "198.51.100.1", xff, "10.0.0.2"}, seen{addr: "198.51.100.1"}},
		{"only proxies", "10.0.0.1:1", false, []string{xff, "10.0.0.3, 10.0.0.2"}, seen{addr: "10.0.0.3"}},
		{"garbage stops the walk", "10.0.0.1:1", false, []string{xff, "198.51.100.1, nonsense"},
			seen{addr: "10.0.0.1"}},
		{"protocol alone", "10.0.0.1:1", false, []string{xfp, "HTTPS"}, seen{addr: "10.0.0.1", scheme: "https"}},
		{"odd protocol", "10.0.0.1:1", false, []string{xfp, "gopher"}, seen{addr: "10.0.0.1"}},
		{"odd host", "10.0.0.1:1", false, []string{xfh, "a b\x00"}, seen{addr: "10.0.0.1"}},
		{"mapped IPv4", "[::ffff:10.0.0.1]:1", false, []string{xff, "::ffff:198.51.100.1"}, seen{addr: "198.51.100.1"}},
		{"IPv6 with port", "[fd00::1]:1", false, []string{xff, "[2001:db8::7]:443"}, seen{addr: "2001:db8::7"}},
		{"Forwarded is not read unless chosen", "10.0.0.1:1", false, []string{fwd, "for=1.1.1.1;proto=https"},
			seen{addr: "10.0.0.1"}},
		{"X-Forwarded-For is not read when Forwarded is", "10.0.0.1:1", true,
			[]string{xff, "1.1.1.1", xfp, "https"}, seen{addr: "10.0.0.1"}},
		{"Forwarded", "10.0.0.1:1", true,
			[]string{fwd, `for=1.1.1.1, For="[2001:db8::7]:4711";Proto=https;host="id.example.org";by=_me`},
			seen{"2001:db8::7", "https", "id.example.org", ""}},
		{"Forwarded, quoted comma", "10.0.0.1:1", true,
			[]string{fwd, `for=198.51.100.1;by="a, for=1.1.1.1"`}, seen{addr: "198.51.100.1"}},
		{"Forwarded, hidden", "10.0.0.1:1", true, []string{fwd, `for=198.51.100.1, for=_hidden;proto=https`},
			seen{addr: "10.0.0.1", scheme: "https"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := httptest.NewRequest("GET", "http://upstream.example/", nil)
			req.RemoteAddr = c.peer
			for i := 0; i < len(c.headers); i += 2 {
				req.Header.Add(c.headers[i], c.headers[i+1])
			}
			if c.want.scheme == "" {
				c.want.scheme = "http"
			}
			if c.want.host == "" {
				c.want.host = "upstream.example"
			}
			got := see(behind(c.standard, "10.0.0.0/8", "fd00::1"), req)
			got.id = ""
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestConnectionsWithoutAnAddressAreTrustedByNobody(t *testing.T) {
	req := httptest.NewRequest("GET", "/", nil)
	req.RemoteAddr = "@"
	req.Header.Set("X-Forwarded-For", "1.1.1.1")
	if got := see(behind(false, "0.0.0.0/0", "::/0"), req); got.addr != "invalid IP" {
		t.Errorf("address %q", got.addr)
	}
}

func TestRequestIDIsTakenFromTrustedProxiesOnlyAndOnlyIfSane(t *testing.T) {
	for _, c := range []struct {
		peer, given string
		taken       bool
	}{
		{"10.0.0.1:1", "018f2c5e-7b1a-7c3d-9e4f-5a6b7c8d9e0f", true},
		{"203.0.113.9:1", "018f2c5e-7b1a-7c3d-9e4f-5a6b7c8d9e0f", false},
		{"10.0.0.1:1", "short", false},
		{"10.0.0.1:1", strings.Repeat("x", 65), false},
		{"10.0.0.1:1", "line\nbreak-in", false},
		{"10.0.0.1:1", "<script>alert</script>", false},
		{"10.0.0.1:1", "", false},
	} {
		req := httptest.NewRequest("GET", "/", nil)
		req.RemoteAddr = c.peer
		req.Header.Set("X-Request-Id", c.given)
		got := see(behind(false, "10.0.0.1"), req).id
		if (got == c.given) != c.taken || got == "" {
			t.Errorf("%+v: id %q", c, got)
		}
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	e := behind(false)
	ids := map[string]bool{}
	for range 1000 {
		ids[see(e, httptest.NewRequest("GET", "/", nil)).id] = true
	}
	if len(ids) != 1000 {
		t.Errorf("%d different ids of 1000", len(ids))
	}
}

func TestParsePrefix(t *testing.T) {
	for text, want := range map[string]string{
		"10.1.2.3": "10.1.2.3/32", "10.1.2.3/8": "10.0.0.0/8", "::1": "::1/128", "::ffff:10.0.0.1": "10.0.0.1/32",
		"proxy": "", "10.0.0.1/40": "", "": "",
	} {
		p, err := edge.ParsePrefix(text)
		if got := p.String(); (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("ParsePrefix(%q) = %v, %v; want %q", text, got, err, want)
		}
	}
}

// Whatever the headers say, the address is the peer's or one that stands in
// them, and the host and scheme are harmless.
func FuzzForwarding(f *testing.F) {
	f.Add("1.2.3.4", "https", "h", `for="[::1]:2";proto=https;host=x, for=_a`, "10.0.0.1:1", true)
	f.Add("a,b,,c", "http,https", "", `for=";\"`, "203.0.113.1:9", false)
	f.Add("", "", "", `"`, "nonsense", true)
	f.Fuzz(func(t *testing.T, xff, xfp, xfh, fwd, peer string, standard bool) {
		req := httptest.NewRequest("GET", "http://upstream.example/", nil)
		req.RemoteAddr = peer
		req.Header["X-Forwarded-For"] = []string{xff}
		req.Header["X-Forwarded-Proto"] = []string{xfp}
		req.Header["X-Forwarded-Host"] = []string{xfh}
		req.Header["Forwarded"] = []string{fwd}
		got := see(behind(standard, "10.0.0.0/8"), req)
		if got.scheme != "http" && got.scheme != "https" {
			t.Errorf("scheme %q", got.scheme)
		}
		if strings.ContainsAny(got.host, " \t\r\n\x00/@\\\"'<>") {
			t.Errorf("host %q", got.host)
		}
		ap, err := netip.ParseAddrPort(peer)
		if err != nil || !netip.MustParsePrefix("10.0.0.0/8").Contains(ap.Addr().Unmap()) {
			if got.scheme != "http" || got.host != "upstream.example" {
				t.Errorf("untrusted headers counted: %+v", got)
			}
			if want := ap.Addr().Unmap().WithZone("").String(); err == nil && got.addr != want {
				t.Errorf("address %q, want the peer's %q", got.addr, want)
			}
		}
	})
}
