package data

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var png = []byte("\x89PNG\r\n\x1a\nrest")

func TestLogoIsLookedAt(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		text []byte
		want string // its type, or what the error holds
		ok   bool
	}{
		{"a.png", png, "image/png", true},
		{"a.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "image/svg+xml", true},
		{"a.svg", []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`), "image/svg+xml", true},
		{"a.jpg", []byte("\xff\xd8\xff\xe0"), "image/jpeg", true},
		{"a.png", []byte("<html>"), "must be PNG", false},
		{"a.svg", []byte("\x00\x01\x02"), "must be PNG", false},
		{"a.png", append(png, make([]byte, logoMost)...), "at most 256", false},
	} {
		path := filepath.Join(dir, c.name)
		if err := os.WriteFile(path, c.text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, kind, err := ReadLogo(path)
		if c.ok && (err != nil || kind != c.want) || !c.ok && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %.20q: %q %v", c.name, c.text, kind, err)
		}
	}
	if _, _, err := ReadLogo("/nowhere/logo.png"); err == nil ||
		!strings.Contains(err.Error(), "/nowhere/logo.png: no such file") {
		t.Error(err)
	}
}
