package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// clientsRequiredEnv names the environment variable that turns a missing client
// library from a skipped test into a failed one. `make test` sets it.
const clientsRequiredEnv = "CLIENTS_REQUIRED"

// library is a client library in the program of clients/ that is written as its own
// documentation has it, and knows the provider by its issuer alone.
type library struct {
	find func() (command []string, err error) // what runs the program, to which arguments are added
	args []string
	// trust are the environment variables by which an operator has it trust a
	// private authority; each names the PEM file.
	trust []string
	env   []string
}

// nodeModules is where `make clients` puts what the programs import.
const nodeModules = "clients/node_modules"

func node() ([]string, error) {
	path, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New("node is missing; install it with: apt-get install -y nodejs")
	}
	if _, err := os.Stat(nodeModules); err != nil {
		return nil, errors.New("the client libraries for Node are missing; install them with: make clients")
	}
	version, err := exec.Command(path, "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s --version: %w", path, err)
	}
	if strings.HasPrefix(string(version), "v18.") { // Debian 12's: Node 20 has it by itself
		return []string{path, "--experimental-global-webcrypto"}, nil
	}
	return []string{path}, nil
}

// python finds one that has the modules: Debian's packages are for its own.
func python(modules string) func() ([]string, error) {
	return func() ([]string, error) {
		for _, name := range []string{"/usr/bin/python3", "python3"} {
			if exec.Command(name, "-c", "import "+modules).Run() == nil {
				return []string{name}, nil
			}
		}
		return nil, errors.New("Python's " + modules + " are missing; install them with: apt-get install -y python3-authlib python3-requests-oauthlib python3-jwt")
	}
}

// venv is the Python that `make clients` fills with what clients/requirements.txt pins.
func venv() ([]string, error) {
	path, err := filepath.Abs("clients/venv/bin/python")
	if err != nil {
		return nil, err
	}
	if err := exec.Command(path, "-c", "import allauth, social_core, social_django").Run(); err != nil {
		return nil, errors.New("the client libraries for Python are missing; install them with: make clients")
	}
	return []string{path}, nil
}

// goProgram builds a program of clients/.
func goProgram(folder string) func() ([]string, error) {
	return sync.OnceValues(func() ([]string, error) {
		program := filepath.Join(filepath.Dir(binary), folder)
		build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", program, "./clients/"+folder)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building %s: %w\n%s", folder, err, out)
		}
		return []string{program}, nil
	})
}

// installed finds what a test needs, or skips it, or fails it where that is asked.
func installed(t *testing.T, find func() ([]string, error)) []string {
	t.Helper()
	found, err := find()
	if err != nil {
		if os.Getenv(clientsRequiredEnv) != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return found
}

// command makes the process. Nothing of the machine's own settings reaches it.
func (l library) command(t *testing.T, s *server, c registered, origin string) *exec.Cmd {
	t.Helper()
	command := installed(t, l.find)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, command[0], append(command[1:], l.args...)...)
	cmd.Dir = "clients"
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PYTHONDONTWRITEBYTECODE=1",
		"ISSUER=" + s.issuer, "CLIENT_ID=" + c.ID, "CLIENT_SECRET=" + c.Secret, "ORIGIN=" + origin}, l.env...)
	return cmd
}

// trusting are the variables that have it trust a file.
func (l library) trusting(caFile string) (env []string) {
	for _, name := range l.trust {
		env = append(env, name+"="+caFile)
	}
	return env
}

// program is a running one.
type program struct {
	origin string
	log    *syncBuffer
}

// stays follows no redirects.
var stays = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// run starts the library's app and waits until it answers.
func (l library) run(t *testing.T, s *server, c registered, origin string) *program {
	t.Helper()
	p := &program{origin: origin, log: &syncBuffer{}}
	cmd := l.command(t, s, c, origin)
	if s.ca != nil {
		cmd.Env = append(cmd.Env, l.trusting(s.ca.File)...)
	}
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-ended:
			t.Fatalf("%s ended:\n%s", filepath.Base(strings.Join(cmd.Args, " ")), p.log)
		default:
		}
		if res, err := stays.Get(origin); err == nil {
			_ = res.Body.Close()
			return p
		}
	}
	t.Fatalf("%v does not answer:\n%s", cmd.Args, p.log)
	return nil
}
