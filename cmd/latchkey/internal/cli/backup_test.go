package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A service may have a /tmp of its own: a backup there is none.
func TestABackupThatOnlyTheServerSeesIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.db")
	if err := seen(path); err == nil || !strings.Contains(err.Error(), "name a directory outside of it") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := seen(path); err != nil {
		t.Error(err)
	}
}
