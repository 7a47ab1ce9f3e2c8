package edge_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"latchkey/internal/edge"
)

// waiting is a handler whose requests stay under way until they are let go.
type waiting struct {
	entered chan struct{}
	leave   chan struct{}
}

func newWaiting() *waiting { return &waiting{make(chan struct{}), make(chan struct{})} }

func (h *waiting) ServeHTTP(http.ResponseWriter, *http.Request) {
	h.entered <- struct{}{}
	<-h.leave
}

// press sends n requests at once. It returns how many the handler got and how many were
// refused, once each is the one or the other.
func (h *waiting) press(t *testing.T, all *sync.WaitGroup, n int, send func() (*http.Response, error)) (got,
	refused int) {
	t.Helper()
	answers := make(chan *http.Response, n)
	for range n {
		all.Go(func() {
			res, err := send()
			if err != nil {
				t.Error(err)
			}
			answers <- res
		})
	}
	for got+refused < n {
		select {
		case <-h.entered:
			got++
		case res := <-answers:
			if res == nil {
				t.FailNow()
			}
			if refused++; res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
				t.Errorf("status %d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
			}
			res.Body.Close()
		}
	}
	return got, refused
}

// direct sends a form to a handler from an address.
func direct(h http.Handler, address, body string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		r := httptest.NewRequest("POST", "/", stream{strings.NewReader(body)})
		r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(address), 4242).String()
		r.Header.Set("Content-Type", form)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	}
}

// Each request below holds 4 KiB for itself, 8 KiB of a form, and less than 100 bytes
// of headers. There is room for 20 of them.
func TestWhatRequestsHoldIsSharedByNetwork(t *testing.T) {
	const room = 20 * (12<<10 + 100)
	body := strings.Repeat("x", 8<<10)
	for _, c := range []struct {
		addresses []string
		want      []int
	}{
		{[]string{"192.0.2.1", "198.51.100.1", "203.0.113.1"}, []int{10, 5, 2}},
		{[]string{"192.0.2.1", "192.0.2.2", "198.51.100.1"}, []int{10, 0, 5}},
		{[]string{"2001:db8:0:4201::1", "2001:db8:0:4202::1", "2001:db8:1::1"}, []int{10, 0, 5}},
		{[]string{"127.0.0.1"}, []int{20}}, // this machine's own are limited by the whole alone
	} {
		e := newEdge(new(journal), func(o *edge.Options) { o.Limits.Held = room })
		var all sync.WaitGroup
		for range 2 { // what was held is given back at the end
			h := newWaiting()
			for i, a := range c.addresses {
				// One after the other: each takes its own part first and its form then, so that
				// of those that come at once a few more or less would find room.
				held := 0
				for range 40 {
					got, _ := h.press(t, &all, 1, direct(e.Handler(h), a, body))
					held += got
				}
				if held != c.want[i] {
					t.Errorf("%v: %s has %d of 20 places, want %d", c.addresses, a, held, c.want[i])
				}
			}
			close(h.leave)
			all.Wait()
		}
	}
}

// announced is a body that never comes.
type announced struct{ reading, end chan struct{} }

func (a announced) Read([]byte) (int, error) {
	a.reading <- struct{}{}
	<-a.end
	return 0, io.EOF
}

func TestABodyThatIsOnlyAnnouncedHoldsNothing(t *testing.T) {
	e := newEdge(new(journal), func(o *edge.Options) { o.Limits.Held = 100 << 10 })
	slow, h := announced{make(chan struct{}), make(chan struct{})}, newWaiting()
	var all sync.WaitGroup
	for range 8 { // 32 KiB for themselves; 128 KiB announced
		ended := make(chan struct{})
		all.Go(func() {
			defer close(ended)
			r := httptest.NewRequest("POST", "/", slow)
			r.ContentLength = 16 << 10
			r.RemoteAddr = "127.0.0.1:1"
			r.Header.Set("Content-Type", form)
			e.Handler(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
		})
		select {
		case <-slow.reading:
		case <-ended:
			t.Error("one is refused before it sends")
		}
	}
	if got, _ := h.press(t, &all, 1, direct(e.Handler(h), "192.0.2.1", strings.Repeat("x", 16<<10))); got != 1 {
		t.Error("another is refused")
	}
	close(h.leave)
	close(slow.end)
	all.Wait()
}

// http2Server serves h over TLS and HTTP/2.
func http2Server(t *testing.T, e *edge.Edge, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.Config = e.Server(e.Handler(h))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func TestOneConnectionHoldsLittle(t *testing.T) {
	for header, size := range map[int]int{0: 4<<10 + 8<<10 + 300, 8 << 10: 4<<10 + 16<<10 + 300} {
		e := newEdge(new(journal), func(o *edge.Options) { o.Limits.HeldByConnection = 60 << 10 })
		h := newWaiting()
		server := http2Server(t, e, h)
		var all sync.WaitGroup
		got, refused := h.press(t, &all, 40, func() (*http.Response, error) {
			r, err := http.NewRequest("POST", server.URL, strings.NewReader(strings.Repeat("x", 8<<10)))
			if err != nil {
				return nil, err
			}
			r.Header.Set("Content-Type", form)
			r.Header.Set("Cookie", strings.Repeat("c", header))
			return server.Client().Do(r)
		})
		// Those that were refused held something for a moment, so that fewer may have got in.
		if most := (60 << 10) / size; got > most || got == 0 {
			t.Errorf("%d bytes each: %d of 40 got in, at most %d fit; %d were refused", size, got, most, refused)
		}
		close(h.leave)
		all.Wait()
	}
}

// What no handler has read yet is bounded by HTTP/2's own windows (RFC 9113 section 5.2).
func TestHTTP2StreamsAndTheirWindowsAreBounded(t *testing.T) {
	server := http2Server(t, newEdge(new(journal), nil), http.NotFoundHandler())
	config := server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.NextProtos = []string{http2.NextProtoTLS}
	conn, err := tls.Dial("tcp", server.Listener.Addr().String(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(conn, conn)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	window, seen := uint32(65535), map[http2.SettingID]uint32{}
	for acknowledged := false; !acknowledged; {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			acknowledged = f.IsAck()
			_ = f.ForeachSetting(func(s http2.Setting) error { seen[s.ID] = s.Val; return nil })
		case *http2.WindowUpdateFrame:
			window += f.Increment
		}
	}
	for id, most := range map[http2.SettingID]uint32{http2.SettingMaxConcurrentStreams: 100,
		http2.SettingInitialWindowSize: 16 << 10, http2.SettingMaxFrameSize: 16 << 10} {
		if got := seen[id]; got == 0 || got > most {
			t.Errorf("%v is %d, want at most %d", id, got, most)
		}
	}
	if window > 64<<10 {
		t.Errorf("a connection may send %d bytes that nobody reads", window)
	}
	if err := openTooMany(framer, 101); err == nil {
		t.Error("a stream more than allowed is opened")
	}
}

// openTooMany opens n requests whose bodies stay open, and returns how the server
// refuses one.
func openTooMany(framer *http2.Framer, n int) error {
	if err := framer.WriteSettingsAck(); err != nil {
		return err
	}
	var block strings.Builder
	encoder := hpack.NewEncoder(&block)
	for i := range n {
		block.Reset()
		for _, f := range [][2]string{{":method", "POST"}, {":scheme", "https"}, {":authority", "a.example"},
			{":path", "/"}, {"content-type", form}} {
			_ = encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
		}
		h := http2.HeadersFrameParam{StreamID: uint32(2*i + 1), BlockFragment: []byte(block.String()), EndHeaders: true}
		if err := framer.WriteHeaders(h); err != nil {
			return err
		}
	}
	// The server answers a ping after what was sent before it.
	if err := framer.WritePing(false, [8]byte{}); err != nil {
		return err
	}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return err
		}
		switch f := frame.(type) {
		case *http2.RSTStreamFrame:
			return fmt.Errorf("stream %d: %v", f.StreamID, f.ErrCode)
		case *http2.PingFrame:
			return nil
		}
	}
}
