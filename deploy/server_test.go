package deploy

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is a running latchkey with data of its own.
type server struct {
	t      *testing.T
	listen string
	args   []string // after serve
	env    []string
	cmd    *exec.Cmd
	log    buffer // standard error
	out    buffer
}

// start begins it and waits until it is ready. The test ends it.
func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.Command(binary, append([]string{"serve"}, s.args...)...)
	s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.env, &s.out, &s.log
	startProcess(s.t, s.cmd)
	waitFor(s.t, "http://"+s.listen+"/readyz", &s.log)
}

func (s *server) stop() {
	s.t.Helper()
	stopProcess(s.t, s.cmd, &s.log)
}

// cli runs a verb on the server's data.
func (s *server) cli(stdin string, args ...string) []byte {
	s.t.Helper()
	cmd := exec.Command(binary, append(args, s.args...)...)
	cmd.Env, cmd.Stdin = s.env, strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("latchkey %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// records are the requests in the log.
func (s *server) records() (all []map[string]any) {
	for line := range strings.Lines(s.log.String()) {
		record := map[string]any{}
		if json.Unmarshal([]byte(line), &record) == nil && record["msg"] == "request" {
			all = append(all, record)
		}
	}
	return all
}

func startProcess(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.WaitDelay = 30 * time.Second // for a child that outlives it and holds the pipe
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState != nil {
			return
		}
		// Not killed at once: nginx's workers would stay behind.
		_ = cmd.Process.Signal(syscall.SIGTERM)
		giveUp := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer giveUp.Stop()
		_ = cmd.Wait()
	})
}

func stopProcess(t *testing.T, cmd *exec.Cmd, log *buffer) {
	t.Helper()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%s did not stop cleanly: %v\n%s", cmd.Path, err, log)
	}
}

// waitFor polls another process until it answers at url, whatever it answers.
func waitFor(t *testing.T, url string, log *buffer) {
	t.Helper()
	asks := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if res, err := asks.Get(url); err == nil {
			_ = res.Body.Close()
			return
		}
	}
	t.Fatalf("nothing answers at %s:\n%s", url, log)
}

// buffer is written by one goroutine and read by another.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *buffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *buffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
