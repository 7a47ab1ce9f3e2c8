package e2e

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"latchkey/internal/addrtest"
	"latchkey/internal/browser"
	"latchkey/internal/certtest"
)

// binary is the built product.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "latchkey-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "latchkey")
	// With the Containerfile's flags, so that deploy's tests need not compile it again.
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", binary, "latchkey/cmd/latchkey")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the product:", err)
		return 1
	}
	return browser.Main(m)
}

// server is a running latchkey with a data directory of its own.
type server struct {
	t      *testing.T
	dir    string
	issuer string
	client *http.Client        // trusts the authority, if there is one
	ca     *certtest.Authority // nil without TLS
	env    []string
	cmd    *exec.Cmd
	stdout *lines
	log    *syncBuffer
	done   chan struct{} // closed when stdout has ended
}

// start runs `latchkey serve` in an empty directory, with more in its environment,
// and waits until it is ready.
func start(t *testing.T, env ...string) *server {
	t.Helper()
	address := addrtest.Address(t, "localhost")
	return startAt(t, &server{issuer: "http://" + address, client: http.DefaultClient}, address, env...)
}

// startTLS does so on Latchkey's own TLS listener, with certificate files of a
// private authority.
func startTLS(t *testing.T, ca *certtest.Authority) *server {
	t.Helper()
	address := addrtest.Address(t, "localhost")
	certFile, keyFile := ca.Issue("localhost")
	return startAt(t, &server{issuer: "https://" + address, client: trusting(t, ca), ca: ca}, address,
		"LATCHKEY_TLS_CERTIFICATE_FILE="+certFile, "LATCHKEY_TLS_KEY_FILE="+keyFile)
}

// trusting is a client that trusts the authority and no other.
func trusting(t *testing.T, ca *certtest.Authority) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// startAt runs s, which listens on address, and whose issuer leads there.
func startAt(t *testing.T, s *server, address string, env ...string) *server {
	t.Helper()
	s.t, s.dir = t, t.TempDir()
	s.env = append(os.Environ(), "LATCHKEY_ISSUER="+s.issuer, "LATCHKEY_LISTEN="+address, "LATCHKEY_LOG_LEVEL=debug")
	s.env = append(s.env, env...)
	s.serve()
	return s
}

// serve starts the process; after stop it may be called again.
func (s *server) serve() {
	s.t.Helper()
	s.cmd = exec.Command(binary, "serve")
	s.cmd.Dir, s.cmd.Env = s.dir, s.env
	s.stdout, s.done = &lines{changed: make(chan struct{})}, make(chan struct{})
	if s.log == nil {
		s.log = &syncBuffer{}
	}
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	process, done := s.cmd, s.done
	go func() { s.stdout.read(out); close(done) }()
	s.t.Cleanup(func() { _ = process.Process.Kill(); <-done; _ = process.Wait() })
	s.wait()
}

func (s *server) wait() {
	s.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		select {
		case <-s.done:
			s.t.Fatalf("the server ended:\n%s", s.log)
		default:
		}
		res, err := s.client.Get(s.issuer + "/readyz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(20 * time.Millisecond) // polling another process, not waiting for time
	}
	s.t.Fatalf("the server did not become ready:\n%s", s.log)
}

// stop asks the server to end, as an operator would, and waits until it has.
func (s *server) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	<-s.done
	if err := s.cmd.Wait(); err != nil {
		s.t.Fatalf("the server did not stop cleanly: %v\n%s", err, s.log)
	}
}

// kill ends the server as a power cut would.
func (s *server) kill() {
	s.t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	<-s.done
	_ = s.cmd.Wait()
}

var setUpLink = regexp.MustCompile(`https?://\S+/setup\?\S+`)

// setUpLink is the link that serve printed on standard output.
func (s *server) setUpLink() string {
	s.t.Helper()
	return s.stdout.find(s.t, setUpLink)
}

// cli runs a verb and returns its standard output.
func (s *server) cli(stdin string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = s.dir, s.env, strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("latchkey %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

// ada is a user whom tests sign in.
const (
	adaPassword = "seven green parrots sing"
	adaEmail    = "ada@example.org"
)

func (s *server) addAda() {
	s.t.Helper()
	s.cli(adaPassword+"\n", "user", "add", "--username", "ada", "--email", adaEmail, "--email-verified",
		"--name", "Ada Lovelace", "--password-stdin", "--json")
}

// registered is what `client add --json` answers.
type registered struct {
	ID     string `json:"client_id"`
	Secret string `json:"client_secret"`
}

func (s *server) addClient(args ...string) registered {
	s.t.Helper()
	var c registered
	out := s.cli("", append([]string{"client", "add", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &c); err != nil || c.ID == "" {
		s.t.Fatalf("client add answered %q: %v", out, err)
	}
	return c
}

// lines is what a process prints, readable while it goes on.
type lines struct {
	mu      sync.Mutex
	all     []string
	changed chan struct{}
}

func (l *lines) read(r io.Reader) {
	for in := bufio.NewScanner(r); in.Scan(); {
		l.mu.Lock()
		l.all = append(l.all, in.Text())
		close(l.changed)
		l.changed = make(chan struct{})
		l.mu.Unlock()
	}
}

func (l *lines) find(t *testing.T, form *regexp.Regexp) string {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		l.mu.Lock()
		text, changed := strings.Join(l.all, "\n"), l.changed
		l.mu.Unlock()
		if found := form.FindString(text); found != "" {
			return found
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("nothing like %v was printed:\n%s", form, text)
		}
	}
}

// syncBuffer is a log that is written by one goroutine and read by another.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
