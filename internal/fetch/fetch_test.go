package fetch

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

func TestOnlyPublicAddressesArePublic(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "172.32.0.1": true, "100.128.0.1": true, "192.0.1.1": true,
		"223.255.255.255": true,
		"2606:4700::1111": true, "2a00:1450:4001::1": true, "64:ff9b::808:808": true, "::ffff:8.8.8.8": true,

		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "100.64.0.1": false, "127.0.0.1": false,
		"127.255.0.1":     false,
		"169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false, "192.0.0.8": false,
		"192.0.2.1": false, "192.168.1.1": false,
		"192.88.99.1": false, "198.18.0.1": false, "198.19.255.255": false, "198.51.100.7": false, "203.0.113.9": false,
		"224.0.0.1": false, "239.255.255.255": false, "240.0.0.1": false, "255.255.255.255": false,

		"::": false, "::1": false, "::7f00:1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false,
		"::ffff:169.254.169.254": false,
		"64:ff9b::7f00:1":        false, "64:ff9b::a00:1": false, "64:ff9b:1::808:808": false, "2002:7f00:1::": false,
		"2002:808:808::": false,
		"2001::1":        false, "2001:db8::1": false, "3fff::1": false, "fc00::1": false, "fd12::1": false,
		"fe80::1": false, "fe80::1%eth0": false,
		"2606:4700::1111%eth0": false, "fec0::1": false, "ff02::1": false, "100::1": false, "5f00::1": false,
		"4000::1": false,
	} {
		if got := public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: public %v, want %v", text, got, want)
		}
	}
}

// served is a server with a certificate for 127.0.0.1 and example.com, and the client
// that trusts it.
func served(t *testing.T, handler http.HandlerFunc, o Options) (*httptest.Server, *Client) {
	t.Helper()
	s := httptest.NewTLSServer(handler)
	t.Cleanup(s.Close)
	o.Roots = x509.NewCertPool()
	o.Roots.AddCert(s.Certificate())
	return s, New(o)
}

func port(s *httptest.Server) string {
	_, p, _ := net.SplitHostPort(s.Listener.Addr().String())
	return p
}

// names is a resolver that knows of every name that it is at one address.
func names(at string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go answerName(there, netip.MustParseAddr(at).As4())
		return here, nil
	}}
}

// answerName answers one question of DNS (RFC 1035 section 4), over a stream.
func answerName(c net.Conn, at [4]byte) {
	defer c.Close()
	var length [2]byte
	if _, err := c.Read(length[:]); err != nil {
		return
	}
	question := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := c.Read(question); err != nil {
		return
	}
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5
	answer := append([]byte{}, question[:end]...)
	answer[2], answer[3] = 0x81, 0x80
	copy(answer[6:12], []byte{0, 0, 0, 0, 0, 0})
	if binary.BigEndian.Uint16(question[end-4:]) == 1 { // A
		answer[7] = 1
		answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		answer = append(answer, at[:]...)
	}
	_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
}

func TestNobodyIsSpokenToThatIsNotPublicNorAllowed(t *testing.T) {
	var asked atomic.Int64
	hello := func(w http.ResponseWriter, r *http.Request) { asked.Add(1); fmt.Fprint(w, "hello") }
	plain := httptest.NewServer(http.HandlerFunc(hello))
	t.Cleanup(plain.Close)
	allow := func(texts ...string) Allow {
		a, err := ParseAllow(texts)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	here := names("127.0.0.1")
	for name, c := range map[string]struct {
		options Options
		address string // %s: the port of the server with a certificate
		advice  string // "": it is fetched
	}{
		"this machine":         {Options{}, "https://127.0.0.1:%s/", "not on the public internet"},
		"this machine in IPv6": {Options{}, "https://[::ffff:127.0.0.1]:%s/", "not on the public internet"},
		"this machine by name": {Options{}, "https://localhost:%s/", "not on the public internet"},
		"a name that leads here": {Options{Resolver: here}, "https://example.com:%s/",
			"not on the public internet"},
		"a name that leads to clouds": {Options{Resolver: names("169.254.169.254")}, "https://example.com:%s/",
			"not on the public internet"},
		"an odd spelling": {Options{}, "https://0x7f000001:%s/", "no address"},
		"allowed as a host": {Options{Resolver: here, Allow: allow("Example.COM")},
			"https://example.com:%s/", ""},
		"another host is allowed": {Options{Resolver: here, Allow: allow("example.org")},
			"https://example.com:%s/", "not on the public internet"},
		"allowed as an address": {Options{Resolver: here, Allow: allow("127.0.0.1")},
			"https://example.com:%s/", ""},
		"allowed as a range": {Options{Allow: allow("10.0.0.0/8", "127.0.0.0/8")}, "https://127.0.0.1:%s/",
			""},
		"another range is allowed": {Options{Allow: allow("10.0.0.0/8", "::1")}, "https://127.0.0.1:%s/",
			"not on the public internet"},
		"for development": {Options{Loopback: true}, "https://127.0.0.1:%s/", ""},
		"localhost elsewhere": {Options{Loopback: true, Resolver: names("10.0.0.1"),
			Allow: allow("10.0.0.1")}, "http://localhost.:%s/", "must use https"},
		"http for development": {Options{Loopback: true}, plain.URL, ""},
		"http":                 {Options{}, plain.URL, "must use https"},
		"http, though allowed": {Options{Allow: allow("127.0.0.1")}, plain.URL, "must use https"},
		"http elsewhere": {Options{Loopback: true, Resolver: here}, "http://example.com:%s/",
			"must use https"},
		"another scheme":      {Options{Loopback: true}, "file:///etc/passwd", "must be an address"},
		"gopher":              {Options{Loopback: true}, "gopher://127.0.0.1:%s/", "must use https"},
		"no host":             {Options{}, "https:///x", "must be an address"},
		"opaque":              {Options{}, "https:x", "must be an address"},
		"nothing":             {Options{}, "", "must be an address"},
		"a control character": {Options{}, "https://example.com/\n", "must be an address"},
		"with a user":         {Options{Loopback: true}, "https://a@127.0.0.1:%s/", "neither user information"},
		"with a fragment":     {Options{Loopback: true}, "https://127.0.0.1:%s/#x", "nor a fragment"},
	} {
		asked.Store(0)
		s, client := served(t, hello, c.options)
		address := c.address
		if strings.Contains(address, "%s") {
			address = fmt.Sprintf(address, port(s))
		}
		body, err := client.Get(t.Context(), address, 100)
		told := new(Error)
		switch {
		case c.advice == "" && (err != nil || string(body) != "hello"):
			t.Errorf("%s: %q, %v", name, body, err)
		case c.advice != "" && (!errors.As(err, &told) || !strings.Contains(told.Advice, c.advice)):
			t.Errorf("%s: %q, %v", name, body, err)
		case c.advice != "" && asked.Load() != 0:
			t.Errorf("%s: it was spoken to", name)
		case c.advice != "" && (strings.Contains(told.Advice, "127.") || strings.Contains(told.Advice, "169.")):
			t.Errorf("%s: the advice tells of our network: %s", name, told.Advice)
		}
	}
}

func TestTheEnvironmentsProxyIsNotAsked(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	s, client := served(t, func(w http.ResponseWriter, r *http.Request) {},
		Options{Resolver: names("127.0.0.1"), Allow: Allow{Hosts: []string{"example.com"}}})
	if _, err := client.Get(t.Context(), "https://example.com:"+port(s), 1); err != nil {
		t.Error(err)
	}
}

func TestOnlyAPlainAnswerInBoundsIsTaken(t *testing.T) {
	var followed atomic.Bool
	s, client := served(t, func(w http.ResponseWriter, r *http.Request) {
		if len(r.Cookies()) > 0 || r.Header.Get("Authorization") != "" || r.Header.Get("Referer") != "" {
			t.Errorf("sent %v", r.Header)
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		switch r.URL.Path {
		case "/exact":
			fmt.Fprint(w, strings.Repeat("x", 100))
		case "/long":
			fmt.Fprint(w, strings.Repeat("x", 101))
		case "/endless":
			for range 1000 {
				fmt.Fprint(w, strings.Repeat("x", 100))
				w.(http.Flusher).Flush()
			}
		case "/redirect":
			http.Redirect(w, r, "/target", http.StatusFound)
		case "/target":
			followed.Store(true)
		case "/cut":
			w.Header().Set("Content-Length", "50")
			fmt.Fprint(w, "x")
		case "/header":
			w.Header().Set("X", strings.Repeat("x", 64<<10))
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		default:
			http.NotFound(w, r)
		}
	}, Options{Loopback: true})
	for path, want := range map[string]string{"/exact": "", "/long": "more than 100 bytes",
		"/endless":  "more than 100 bytes",
		"/redirect": "a redirect (302), which is not followed", "/absent": "status 404", "/empty": "status 204",
		"/cut": "cannot be reached", "/header": "cannot be reached"} {
		body, err := client.Get(t.Context(), s.URL+path, 100)
		told := new(Error)
		if want == "" && (err != nil || len(body) != 100) || want != "" &&
			(!errors.As(err, &told) || !strings.Contains(told.Advice, want) || body != nil) {
			t.Errorf("%s: %d bytes, %v", path, len(body), err)
		}
	}
	if followed.Load() {
		t.Error("the redirect was followed")
	}
}

func TestACertificateOfSomebodyElseIsRefused(t *testing.T) {
	s, _ := served(t, func(http.ResponseWriter, *http.Request) { t.Error("it was spoken to") }, Options{})
	s.Config.ErrorLog = nil
	for name, client := range map[string]*Client{
		"unknown authority": New(Options{Loopback: true}),
		"another name": New(Options{Loopback: true, Roots: pool(s), Resolver: names("127.0.0.1"),
			Allow: Allow{Hosts: []string{"other.test"}}}),
	} {
		address := s.URL
		if name == "another name" {
			address = "https://other.test:" + port(s)
		}
		_, err := client.Get(t.Context(), address, 1)
		if told := new(Error); !errors.As(err, &told) || told.Advice != "its certificate cannot be verified" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func pool(s *httptest.Server) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(s.Certificate())
	return p
}

// Whoever waits too long, for a turn or for an answer, is told so.
func TestNothingIsWaitedForWithoutEnd(t *testing.T) {
	release := make(chan struct{})
	s, client := served(t, func(http.ResponseWriter, *http.Request) { <-release }, Options{Loopback: true})
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range atOnce {
		client.turn <- struct{}{}
	}
	_, err := client.Get(ctx, s.URL, 1)
	if told := new(Error); !errors.As(err, &told) || !strings.Contains(told.Advice, "at once") {
		t.Errorf("%v", err)
	}
	for range atOnce {
		<-client.turn
	}
	if _, err = client.Get(ctx, s.URL, 1); err == nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if len(client.turn) != 0 {
		t.Error("a turn was not given back")
	}
}

func TestExceptionsAreNamesAddressesOrRanges(t *testing.T) {
	a, err := ParseAllow([]string{"Keys.Internal", "10.0.0.7", "fd00::/8", "::ffff:10.0.0.8", "10.1.2.3/16"})
	if err != nil || fmt.Sprint(a) != "{[keys.internal] [10.0.0.7/32 fd00::/8 10.0.0.8/32 10.1.0.0/16]}" {
		t.Errorf("%v, %v", a, err)
	}
	for _, text := range []string{"", "a b", "https://a.example", "a:443", "*.example", "10.0.0.0/33",
		"fe80::1%eth0", "-a", "a.", "256.1.1.1"} {
		if got, err := ParseAllow([]string{text}); err == nil || !strings.Contains(err.Error(), "must be host names") {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}
