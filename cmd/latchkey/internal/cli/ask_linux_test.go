package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// newTerminal returns both ends of a pseudo-terminal: the person's and the
// program's.
func newTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { _ = person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

// typing answers each question, once it has been asked.
type typing struct {
	person  *os.File
	answers map[string]string
	asked   strings.Builder
}

func (w *typing) Write(b []byte) (int, error) {
	w.asked.Write(b)
	for question, answer := range w.answers {
		if strings.Contains(string(b), question) {
			_, _ = w.person.WriteString(answer + "\n")
		}
	}
	return len(b), nil
}

func echoes(t *testing.T, f *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Error(err)
		return false
	}
	return state.Lflag&unix.ECHO != 0
}

func TestPasswordIsAskedForTwiceWithoutEcho(t *testing.T) {
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
	if code, _, stderr := run(t, env, "user", "add", "--username", "ada"); code != exitDone {
		t.Fatal(stderr)
	}
	for _, c := range []struct {
		first, second string
		code          int
	}{
		{"a wholly unlikely sentence 731", "a wholly unlikely sentence 731", exitDone},
		{"a wholly unlikely sentence 731", "another", exitFailed},
	} {
		person, program := newTerminal(t)
		stderr := &typing{person: person, answers: map[string]string{"New password": c.first, "Once more": c.second}}
		var stdout strings.Builder
		if code := Run(t.Context(), []string{"user", "set-password", "ada"}, program, &stdout, stderr,
			env); code != c.code {
			t.Errorf("exit code %d: %s", code, stderr.asked.String())
		}
		if !echoes(t, program) {
			t.Error("the terminal was left mute")
		}
	}
}

func TestInterruptedQuestionLeavesTheTerminalAsItWas(t *testing.T) {
	_, program := newTerminal(t)
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		for echoes(t, program) { // until the password is being read
			time.Sleep(time.Millisecond)
		}
		interrupt()
	}()
	var stderr strings.Builder
	code := Run(ctx, []string{"user", "set-password", "ada"}, program, &strings.Builder{}, &stderr,
		[]string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")})
	if code != exitFailed || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("%d %s", code, stderr.String())
	}
	if !echoes(t, program) {
		t.Error("the terminal was left mute")
	}
}

// A variable that was set long ago may say where.
func TestDeletingFarAwaySaysWhere(t *testing.T) {
	s := newHostile(t)
	env := []string{"LATCHKEY_SERVER=" + s.URL, "LATCHKEY_CLIENT_ID=robot", "LATCHKEY_CLIENT_SECRET=secret"}
	person, program := newTerminal(t)
	stderr := &typing{person: person, answers: map[string]string{"At " + s.URL + ": Delete ": "n"}}
	if code := Run(t.Context(), []string{"user", "delete", "ada"}, program, &strings.Builder{}, stderr,
		env); code != exitFailed || strings.Contains(stderr.asked.String(), "\x1b") {
		t.Errorf("exit code %d: %q", code, stderr.asked.String())
	}
}

func TestDeletingAsksOnATerminal(t *testing.T) {
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
	if code, _, stderr := run(t, env, "client", "add", "--client-id", "demo", "--client-name", "Demo",
		"--redirect-uri", "https://a.example/cb"); code != exitDone {
		t.Fatal(stderr)
	}
	for _, c := range []struct {
		answer string
		code   int
	}{{"", exitFailed}, {"n", exitFailed}, {"yess", exitFailed}, {"y", exitDone}} {
		person, program := newTerminal(t)
		stderr := &typing{person: person, answers: map[string]string{"Delete Demo (demo) for good?": c.answer}}
		if code := Run(t.Context(), []string{"client", "delete", "demo"}, program, &strings.Builder{}, stderr,
			env); code != c.code {
			t.Errorf("%q: exit code %d: %s", c.answer, code, stderr.asked.String())
		}
	}
	if code, _, _ := run(t, env, "client", "show", "demo"); code != exitFailed {
		t.Error("still there")
	}
}
