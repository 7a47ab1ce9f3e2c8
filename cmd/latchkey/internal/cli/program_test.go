package cli

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestCommandsAreShownAsTheyWork(t *testing.T) {
	dir := t.TempDir()
	installed, other := filepath.Join(dir, "latchkey"), filepath.Join(dir, "lk")
	for _, path := range []string{installed, other} {
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		self, found string
		selfErr     error
		want        string
	}{
		"on the path":             {self: installed, found: installed, want: "latchkey"},
		"another one on the path": {self: other, found: installed, want: other},
		"nothing on the path":     {self: other, want: other},
		"by go run": {self: "/tmp/go-build123/b001/exe/latchkey", found: installed,
			want: "go run ./cmd/latchkey"},
		"not known": {selfErr: errors.New("no"), want: "latchkey"},
	} {
		got := programName(func() (string, error) { return c.self, c.selfErr },
			func(string) (string, error) {
				if c.found == "" {
					return "", errors.New("not found")
				}
				return c.found, nil
			})
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
