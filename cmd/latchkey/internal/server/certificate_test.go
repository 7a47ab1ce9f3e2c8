package server

import (
	"bytes"
	"crypto/x509"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"latchkey/internal/certtest"
)

func TestRenewedCertificateIsUsedAndABrokenOneIsNot(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := certtest.SelfSigned(t, dir, 1)
	var log bytes.Buffer
	clock := time.Now()
	c := &certificate{certFile: certFile, keyFile: keyFile, now: func() time.Time { return clock },
		log: slog.New(slog.NewTextHandler(&log, nil))}
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
