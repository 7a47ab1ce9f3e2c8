package browser

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var errNoCertutil = errors.New("certutil is missing; install it with: apt-get install -y libnss3-tools")

// trust has a browser that is started with dir as its home trust an authority, the
// way an administrator would: by the NSS database of the person who runs it. The
// switches that Chromium has for tests would overlook a wrong name as well.
func trust(t testing.TB, dir, caFile string) {
	t.Helper()
	certutil, err := exec.LookPath("certutil")
	if err != nil {
		missing(t, errNoCertutil)
	}
	db := filepath.Join(dir, ".pki", "nssdb")
	if err := os.MkdirAll(db, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-N", "--empty-password"},
		{"-A", "-t", "C,,", "-n", "a test's own CA", "-i", caFile}, // C: may certify servers
	} {
		if out, err := exec.Command(certutil, append([]string{"-d", "sql:" + db}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("certutil %s: %v\n%s", args[0], err, out)
		}
	}
}
