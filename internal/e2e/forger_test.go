package e2e

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/addrtest"
	"latchkey/internal/browser"
	"latchkey/internal/certtest"
)

// forger is a server behind one who publishes another key than the server signs
// with, under the same kid: as if the ID tokens were forged.
func forger(t *testing.T, ca *certtest.Authority) *server {
	t.Helper()
	listen := addrtest.Address(t, "localhost")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: listen})
			r.SetXForwarded()
			r.Out.Host = r.In.Host
		},
		ErrorLog: log.New(io.Discard, "", 0), // until the server listens
		ModifyResponse: func(res *http.Response) error {
			if !strings.HasSuffix(res.Request.URL.Path, "/jwks") {
				return nil
			}
			return exchangeKeys(res, base64.RawURLEncoding.EncodeToString(key.N.Bytes()))
		},
	})
	pair, err := tls.LoadX509KeyPair(ca.Issue("localhost"))
	if err != nil {
		t.Fatal(err)
	}
	front.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	front.StartTLS()
	t.Cleanup(front.Close)
	s := &server{issuer: strings.Replace(front.URL, "127.0.0.1", "localhost", 1), client: trusting(t, ca), ca: ca}
	return startAt(t, s, listen, "LATCHKEY_TRUSTED_PROXIES=127.0.0.1,::1")
}

// exchangeKeys puts the modulus n into every RSA key of a key set.
func exchangeKeys(res *http.Response, n string) error {
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.NewDecoder(res.Body).Decode(&set); err != nil {
		return err
	}
	for _, k := range set.Keys {
		if k["kty"] == "RSA" {
			k["n"] = n
		}
	}
	body, err := json.Marshal(set)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return err
}

func TestTheUsualLibrariesRefuseAForgedIDToken(t *testing.T) {
	s := forger(t, certtest.New(t))
	s.addAda()
	for name, l := range libraries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			c, origin := s.addApp()
			l.run(t, s, c, origin)
			tab := browser.New(t, browser.Options{})
			tab.Goto(origin + "/login")
			signIn(tab, "ada", adaPassword)
			tab.Follow("#allow")
			if l.forged == "" { // the page in docs says so
				read(t, tab)
			} else if text := tab.Text("body"); tab.Status() != http.StatusBadRequest || !strings.Contains(text, l.forged) {
				t.Errorf("the app answers %d: %s, without %q", tab.Status(), text, l.forged)
			}
			tab.Problems()
		})
	}
}

func TestProgramsThatVerifyRefuseAForgedIDToken(t *testing.T) {
	s := forger(t, certtest.New(t))
	s.addAda()
	for name, l := range programs {
		if !l.verifies { // the page in docs says so
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			origin := "http://" + addrtest.Address(t, "localhost")
			l.run(t, s, s.addPlainApp(origin, l.callback, ""), origin)
			if status, at, text := newPerson(t, s).visitApp(origin + "/login"); status < 400 || !strings.HasPrefix(at, origin+l.callback) {
				t.Errorf("%s answers %d: %s", at, status, text)
			}
		})
	}
}
