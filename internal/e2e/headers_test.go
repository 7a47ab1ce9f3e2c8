package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/certtest"
)

// measured is a transport that fails the test when the headers of an answer are large.
type measured struct {
	t    *testing.T
	rest http.RoundTripper
	most int // bytes of the largest so far
}

func (m *measured) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := m.rest.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	w := bytes.NewBufferString("HTTP/1.1 " + resp.Status + "\r\n")
	if err := resp.Header.Write(w); err != nil {
		return nil, err
	}
	if m.most = max(m.most, w.Len()); w.Len() >= 4000 {
		m.t.Errorf("%s %s: headers of %d bytes: %v", r.Method, r.URL.Path, w.Len(), resp.Header)
	}
	return resp, nil
}

// nginx with the buffers that it has by itself answers 502 past 4 KB of headers. Over
// https cookies have longer names, and the pages add their policies.
func TestTheHeadersOfEveryPageFitAProxysBuffer(t *testing.T) {
	t.Parallel()
	s := startTLS(t, certtest.New(t))
	s.addAda()
	c := s.addClient("--client-name", "Event Calendar", "--redirect-uri", partyURI, "--post-logout-redirect-uri", partyBye)
	for name, state := range map[string]string{
		"sealed": randomText(1024),
		"JSON":   strings.Repeat(`{"page":"/calendar"},`, 49)[:1024],
	} {
		p := newPerson(t, s)
		m := &measured{t: t, rest: p.browser.Transport}
		p.browser.Transport = m
		for _, more := range []url.Values{
			{}, {"prompt": {"consent"}}, {"prompt": {"login"}}, {"prompt": {"none"}},
			{"response_mode": {"form_post"}}, {"response_type": {"token"}},
		} {
			q := url.Values{"client_id": {c.ID}, "redirect_uri": {partyURI}, "response_type": {"code"},
				"scope": {"openid profile"}, "nonce": {randomText(43)}, "state": {state}}
			maps.Copy(q, more)
			if a := p.visit(s.issuer+"/connect/authorize?"+q.Encode(), nil); a.uri != partyURI || a.params.Get("state") != state {
				t.Errorf("%s, %v: arrived at %+v", name, more, a)
			}
		}
		q := url.Values{"client_id": {c.ID}, "post_logout_redirect_uri": {partyBye}, "state": {state}}
		if a := p.visit(s.issuer+"/connect/endsession?"+q.Encode(), nil); !strings.HasPrefix(a.title, "You are signed out") {
			t.Errorf("%s, sign-out: arrived at %+v", name, a)
		}
		if m.most < len(state) {
			t.Errorf("%s: the largest headers are %d bytes: they cannot hold the state", name, m.most)
		}
	}
}

// randomText is what compression does not make shorter than its six bits of eight.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)[:n]
}
