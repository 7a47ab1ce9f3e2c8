package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// RequiredEnv names the environment variable that turns a missing browser or a
// missing axe-core from a skipped test into a failed one. `make test` sets it.
const RequiredEnv = "BROWSER_REQUIRED"

// names are the programs that are tried, in this order.
var names = []string{"chromium", "chromium-browser", "google-chrome"}

var errNoBrowser = errors.New("no Chromium found; install it with: apt-get install -y chromium")

// process is one running browser.
type process struct {
	ctx   context.Context // the browser's root context; tabs are its children
	close func() error
}

// shared is the browser of a test binary whose TestMain calls Main.
var shared struct {
	sync.Mutex
	allowed bool
	dir     string
	process *process
}

// Main runs the tests of a binary with one browser process for all of them,
// started when the first tab is opened. It returns the exit code.
func Main(m *testing.M) int {
	shared.Lock()
	shared.allowed = true
	shared.Unlock()
	code := m.Run()
	if err := closeShared(); err != nil {
		fmt.Fprintln(os.Stderr, "browser: stopping Chromium:", err)
		return max(code, 1)
	}
	return code
}

func closeShared() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.process == nil {
		return nil
	}
	err := shared.process.close()
	shared.process = nil
	return errors.Join(err, os.RemoveAll(shared.dir))
}

// sharedProcess returns the binary's browser, or nil if its TestMain does not
// call Main, in which case nobody would stop a shared one.
func sharedProcess(path string) (*process, error) {
	shared.Lock()
	defer shared.Unlock()
	if !shared.allowed || shared.process != nil {
		return shared.process, nil
	}
	dir, err := os.MkdirTemp("", "latchkey-browser-")
	if err != nil {
		return nil, err
	}
	p, err := start(path, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	shared.dir, shared.process = dir, p
	return p, nil
}

// processFor returns the browser a test is to use, starting one if need be. One
// that checks certificates is the test's own.
func processFor(t testing.TB, o Options) *process {
	t.Helper()
	path, err := find(exec.LookPath)
	if err != nil {
		missing(t, err)
	}
	var p *process
	if !o.CheckCertificates {
		p, err = sharedProcess(path)
	}
	if err == nil && p == nil {
		if p, err = startFor(t, path, o); err == nil {
			t.Cleanup(func() {
				if err := p.close(); err != nil {
					t.Errorf("stopping Chromium: %v", err)
				}
			})
		}
	}
	if err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return p
}

// startFor starts a browser for one test.
func startFor(t testing.TB, path string, o Options) (*process, error) {
	t.Helper()
	dir := t.TempDir()
	if !o.CheckCertificates {
		return start(path, dir)
	}
	if o.CAFile != "" {
		trust(t, dir, o.CAFile)
	}
	return start(path, dir, chromedp.Flag("ignore-certificate-errors", false))
}

// find returns the path of the first browser that lookPath knows.
func find(lookPath func(string) (string, error)) (string, error) {
	for _, name := range names {
		if path, err := lookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoBrowser
}

// missing ends a test whose tools are not there: skipped with the reason on a
// developer's machine, failed where the run promises to be complete.
func missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv(RequiredEnv) != "" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// start runs the browser at path with everything it writes below dir. What is in
// more wins over its flags.
func start(path, dir string, more ...chromedp.ExecAllocatorOption) (*process, error) {
	group := &group{}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(flags(path, dir, group), more...)...)
	ctx, cancel := chromedp.NewContext(allocator)
	abandon := func() { cancel(); stop(); group.kill() }

	// The browser lives as long as the context of its first Run, so the start
	// itself is bounded by a timer rather than by a derived context.
	timer := time.AfterFunc(startDeadline, abandon)
	err := chromedp.Do(ctx)
	if !timer.Stop() && err == nil {
		err = context.DeadlineExceeded
	}
	if err != nil {
		abandon()
		return nil, err
	}
	return &process{ctx: ctx, close: func() error {
		defer abandon()
		quit, cancel := context.WithTimeout(ctx, stopDeadline)
		defer cancel()
		return chromedp.Cancel(quit)
	}}, nil
}

const (
	startDeadline = 60 * time.Second
	stopDeadline  = 20 * time.Second
)

// flags are the allocator's options: no sandbox (the tests may run as root and
// load only their own pages), no traffic of the browser's own, no name
// resolved but the loopback ones, and no file outside dir.
func flags(path, dir string, group *group) []chromedp.ExecAllocatorOption {
	return append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("user-data-dir", filepath.Join(dir, "profile")),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("no-pings", true),
		chromedp.Flag("ignore-certificate-errors", true),
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]"),
		chromedp.Env(
			"HOME="+dir, // where it looks for authorities to trust
			"XDG_CONFIG_HOME="+filepath.Join(dir, "config"),
			"XDG_CACHE_HOME="+filepath.Join(dir, "cache"),
		),
		chromedp.ModifyCmdFunc(group.own),
	)
}
