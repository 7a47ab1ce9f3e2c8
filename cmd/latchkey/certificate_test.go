package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/addrtest"
	"latchkey/internal/certtest"
)

func TestRenewedCertificateIsUsedAndABrokenOneIsNot(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := certtest.SelfSigned(t, dir, 1)
	var log bytes.Buffer
	clock := time.Now()
	c := &certificate{certFile: certFile, keyFile: keyFile, now: func() time.Time { return clock }, log: slog.New(slog.NewTextHandler(&log, nil))}
	if err := c.read(); err != nil {
		t.Fatal(err)
	}
	touched := clock
	serial := func() int64 {
		touched = touched.Add(time.Hour)
		for _, path := range []string{certFile, keyFile} {
			if err := os.Chtimes(path, touched, touched); err != nil {
				t.Fatal(err)
			}
		}
		clock = clock.Add(lookAgain)
		pair, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Errorf("serial %d", got)
	}
	certtest.SelfSigned(t, dir, 2)
	if got := serial(); got != 2 {
		t.Errorf("after the renewal: serial %d", got)
	}
	if err := os.WriteFile(certFile, []byte("half a cert"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 2 || !strings.Contains(log.String(), "cannot be used") {
		t.Errorf("after a broken renewal: serial %d, log %s", got, &log)
	}
	certtest.SelfSigned(t, dir, 3)
	if got := serial(); got != 3 {
		t.Errorf("after it was mended: serial %d", got)
	}
}

func TestOwnCertificateServesHTTPS(t *testing.T) {
	certFile, keyFile := certtest.SelfSigned(t, t.TempDir(), 1)
	address := addrtest.Address(t, "127.0.0.1")
	s := serving(t, "LATCHKEY_ISSUER=https://localhost", "LATCHKEY_LISTEN="+address,
		"LATCHKEY_TLS_CERTIFICATE_FILE="+certFile, "LATCHKEY_TLS_KEY_FILE="+keyFile)
	trust := x509.NewCertPool()
	text, _ := os.ReadFile(certFile)
	trust.AppendCertsFromPEM(text)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust, ServerName: "localhost"}}}
	res, err := client.Get("https://" + address + "/nowhere")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNotFound || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	client.CloseIdleConnections()
	s.wait(t)
}

func TestMissingCertificateIsNamed(t *testing.T) {
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data"), "LATCHKEY_LISTEN=127.0.0.1:0",
		"LATCHKEY_ISSUER=https://localhost", "LATCHKEY_TLS_CERTIFICATE_FILE=/nowhere/cert.pem", "LATCHKEY_TLS_KEY_FILE=/nowhere/key.pem"}
	code, _, stderr := run(t, env, "serve")
	if code != exitFailed || !strings.Contains(stderr, "tls.certificate_file (LATCHKEY_TLS_CERTIFICATE_FILE): the certificate cannot be used: /nowhere/cert.pem") {
		t.Errorf("%d %s", code, stderr)
	}
}
