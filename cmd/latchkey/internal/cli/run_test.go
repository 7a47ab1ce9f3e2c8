package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/internal/addrtest"
)

// run does what args say with data of its own and returns what came of it.
func run(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = Run(t.Context(), args, strings.NewReader(""), &out, &errs, env)
	return code, out.String(), errs.String()
}

func TestExitCodes(t *testing.T) {
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
	for _, c := range []struct {
		args string
		want int
	}{
		{"version", exitDone}, {"--help", exitDone}, {"user add --help", exitDone}, {"", exitDone},
		{"user list", exitFailed}, {"--config /nowhere user list", exitConfig}, {"user add --username a@b", exitFailed},
		{"nonsense", exitUsage}, {"user nonsense", exitUsage}, {"user add", exitUsage}, {"serve now", exitUsage},
		{"serve --nonsense", exitUsage}, {"user delete ada", exitFailed},
		{"client rotate-secret x --overlap -1h", exitUsage},
	} {
		if code, _, stderr := run(t, env, strings.Fields(c.args)...); code != c.want ||
			(code != exitDone) != (stderr != "") {
			t.Errorf("%s: exit code %d, want %d; %s", c.args, code, c.want, stderr)
		}
	}
}

func TestErrorsAreSentences(t *testing.T) {
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data"), "LATCHKEY_LISTEN=x", "LATCHKEY_ENGINE=y"}
	_, _, stderr := run(t, env, "serve")
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	if len(lines) != 2 {
		t.Fatalf("want one line for each fault:\n%s", stderr)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "latchkey: ") || !strings.HasSuffix(line, ".") {
			t.Errorf("%q", line)
		}
	}
}

// watched is an output that tells when a line has come.
type watched struct {
	mu    sync.Mutex
	all   strings.Builder
	lines chan string
}

func newWatched() *watched { return &watched{lines: make(chan string, 100)} }

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range strings.Lines(string(b)) {
		w.lines <- line
	}
	return w.all.Write(b)
}

// drain lets more lines come than anybody waits for.
func (w *watched) drain(ctx context.Context) {
	for {
		select {
		case <-w.lines:
		case <-ctx.Done():
			return
		}
	}
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

// served is a server begun by serving, as a person would.
type served struct {
	url            string
	stdout, stderr *watched
	stop           context.CancelFunc
	code           chan int
}

func serving(t *testing.T, env ...string) *served {
	t.Helper()
	address := addrtest.Address(t, "127.0.0.1")
	ctx, stop := context.WithCancel(context.Background())
	s := &served{url: "http://" + address, stdout: newWatched(), stderr: newWatched(), stop: stop,
		code: make(chan int, 1)}
	env = append([]string{"LATCHKEY_LISTEN=" + address, "LATCHKEY_ISSUER=" + s.url,
		"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}, env...)
	go func() { s.code <- Run(ctx, []string{"serve"}, strings.NewReader(""), s.stdout, s.stderr, env) }()
	t.Cleanup(stop)
	for {
		select {
		case line := <-s.stdout.lines:
			if strings.Contains(line, "listens on") {
				return s
			}
		case code := <-s.code:
			t.Fatalf("serve ended with %d: %s", code, s.stderr)
		}
	}
}

func (s *served) wait(t *testing.T) {
	t.Helper()
	s.stop()
	if code := <-s.code; code != exitDone {
		t.Errorf("serve ended with %d: %s", code, s.stderr)
	}
}

func TestRequestsUnderWayAreFinishedAtAStop(t *testing.T) {
	s := serving(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The 100 says that the request has reached the handlers.
	_, _ = io.WriteString(conn, "POST /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\n")
	answer := bufio.NewReader(conn)
	if line, err := answer.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q %v", line, err)
	}
	if _, err := answer.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	s.stop()
	for { // until nobody listens any more
		c, err := net.Dial("tcp", conn.RemoteAddr().String())
		if err != nil {
			break
		}
		_ = c.Close()
	}
	_, _ = io.WriteString(conn, "a=b")
	res, err := http.ReadResponse(answer, nil)
	if err != nil {
		t.Fatalf("the request was cut off: %v", err)
	}
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", res.StatusCode)
	}
	s.wait(t)
}

func TestOneTimeLinksAreNeverLogged(t *testing.T) {
	s := serving(t, "LATCHKEY_LOG_LEVEL=debug", "LATCHKEY_LOG_FORMAT=json")
	var link string
	for !strings.Contains(link, "token=") {
		link = strings.TrimSpace(<-s.stdout.lines)
	}
	for _, address := range []string{link, link + "&x=" + strings.Repeat("y", 100),
		strings.Replace(link, "?", "/", 1), s.url + "/healthz"} {
		res, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	s.wait(t)
	_, token, _ := strings.Cut(link, "token=")
	if log := s.stderr.String(); strings.Contains(log, token) || !strings.Contains(log, `"path":"/setup"`) ||
		!strings.Contains(log, "/healthz") {
		t.Errorf("%s", log)
	}
}

func TestUnknownVariablesAreWarnedOfWithoutTheirValue(t *testing.T) {
	s := serving(t, "LATCHKEY_ISUER=precious")
	s.wait(t)
	if log := s.stderr.String(); !strings.Contains(log, "LATCHKEY_ISUER") || strings.Contains(log, "precious") {
		t.Errorf("%s", log)
	}
}

func TestDirectoryThatCannotBeMadeIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := run(t, []string{"LATCHKEY_DATA_DIR=" + file + "/data"}, "setup-link")
	if code != exitFailed || !strings.Contains(stderr, "data_dir (LATCHKEY_DATA_DIR)") {
		t.Errorf("%d %s", code, stderr)
	}
}

func TestHeldDataIsToldWithItsHolder(t *testing.T) {
	h := testServer(t)
	code, _, stderr := run(t, []string{"LATCHKEY_DATA_DIR=" + h.Config.DataDir}, "serve")
	if code != exitFailed || !strings.Contains(stderr, "is held by process") {
		t.Errorf("%d %s", code, stderr)
	}
}

func TestConfirmationNeedsATerminalOrYes(t *testing.T) {
	var out strings.Builder
	tm := &terminal{stdin: strings.NewReader("y\n"), stdout: &out, stderr: &out}
	if err := tm.confirm(t.Context(), true, "Sure?"); err != nil {
		t.Error(err)
	}
	if usage := (usageError{}); !errors.As(tm.confirm(t.Context(), false, "Sure?"), &usage) {
		t.Error("a pipe was taken for a person")
	}
}

func TestNamesCannotSteerTheTerminal(t *testing.T) {
	var said strings.Builder
	if (&terminal{stderr: &said}).exit(errors.New("a\x1b[31mb\nc")); said.String() != "latchkey: a\ufffd[31mb.\nlatchkey: c.\n" {
		t.Errorf("an error said %q", said.String())
	}
	if got := textutil.Printable("a\x1b[31mb\u202ec\nd"); strings.ContainsAny(got, "\x1b\n") ||
		strings.ContainsRune(got, '\u202e') {
		t.Errorf("%q", got)
	}
}

// A backup may come from anybody, and says itself which master key it needs.
func TestAFileThatIsLookedAtCannotSteerTheTerminal(t *testing.T) {
	own, foreign := testServer(t), testServer(t)
	set, err := foreign.Store.Keys.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set.Master = "\x1b]0;pwned\a\nlatchkey: All is well"
	if _, err := foreign.Store.Keys.Replace(t.Context(), set.Epoch, set); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "backup")
	if err := foreign.Engine.Snapshot(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := run(t, []string{"LATCHKEY_DATA_DIR=" + own.Config.DataDir}, "check", file)
	if code != exitFailed || !strings.Contains(stderr, "the data needs another") ||
		strings.ContainsAny(stdout+stderr, "\x1b\a") || strings.Contains(stderr, "All is well") {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
}
