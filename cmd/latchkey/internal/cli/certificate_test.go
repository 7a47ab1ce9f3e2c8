package cli

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/addrtest"
	"latchkey/internal/certtest"
)

func TestOwnCertificateServesHTTPS(t *testing.T) {
	certFile, keyFile := certtest.SelfSigned(t, t.TempDir(), 1)
	address := addrtest.Address(t, "127.0.0.1")
	s := serving(t, "LATCHKEY_ISSUER=https://localhost", "LATCHKEY_LISTEN="+address,
		"LATCHKEY_TLS_CERTIFICATE_FILE="+certFile, "LATCHKEY_TLS_KEY_FILE="+keyFile)
	trust := x509.NewCertPool()
	text, _ := os.ReadFile(certFile)
	trust.AppendCertsFromPEM(text)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust,
		ServerName: "localhost"}}}
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
		"LATCHKEY_ISSUER=https://localhost", "LATCHKEY_TLS_CERTIFICATE_FILE=/nowhere/cert.pem",
		"LATCHKEY_TLS_KEY_FILE=/nowhere/key.pem"}
	code, _, stderr := run(t, env, "serve")
	if code != exitFailed || !strings.Contains(stderr,
		"tls.certificate_file (LATCHKEY_TLS_CERTIFICATE_FILE): the certificate cannot be used: /nowhere/cert.pem") {
		t.Errorf("%d %s", code, stderr)
	}
}
