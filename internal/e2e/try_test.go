package e2e

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"latchkey/internal/browser"
)

var tryAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)

func TestTheSampleAppShowsEveryStepAndRemovesItself(t *testing.T) {
	s := start(t)
	s.addAda()
	cmd := exec.Command(binary, "try")
	cmd.Dir, cmd.Env = s.dir, s.env
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	printed := &lines{changed: make(chan struct{})}
	done := make(chan struct{})
	go func() { printed.read(out); close(done) }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })

	tab := browser.New(t, browser.Options{})
	tab.Goto(printed.find(t, tryAddress))
	look(t, tab, "try")
	tab.Follow("#next")
	look(t, tab, "try-request")
	if text := tab.Text("main"); !strings.Contains(text, "code_challenge_method") || !strings.Contains(text, "openid profile email offline_access") {
		t.Errorf("the request page says:\n%s", text)
	}
	tab.Follow("#next")
	signIn(tab, "ada", adaPassword)
	tab.Follow("#allow")
	look(t, tab, "try-result")
	text := tab.Text("main")
	for _, want := range []string{"Signed in", "RS256", "nonce is the one that was sent", "Ada Lovelace", adaEmail, "sub is the one in the ID token"} {
		if !strings.Contains(text, want) {
			t.Errorf("the result does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "Wrong") {
		t.Errorf("a check failed:\n%s", text)
	}
	tab.Reload() // a code is not used twice
	if text := tab.Text("main"); !strings.Contains(text, "Stopped") || tab.Status() != 400 {
		t.Errorf("after a reload: %d\n%s", tab.Status(), text)
	}
	tab.Problems()

	tab.Follow("#next")
	tab.Follow("#next")
	tab.Follow("#next")
	if tab.Has("#allow") {
		t.Error("consent is asked again")
	}
	tab.Follow("#refresh")
	look(t, tab, "try-refresh")
	if text := tab.Text("main"); !strings.Contains(text, "The app has new tokens") || strings.Contains(text, "Wrong") {
		t.Errorf("after a refresh:\n%s", text)
	}

	tab.Follow("#sign-out")
	look(t, tab, "try-sign-out")
	tab.Follow("#next")
	if !strings.HasPrefix(tab.URL(), "http://127.0.0.1:") || strings.Contains(tab.Text("main"), "Wrong") {
		t.Errorf("after sign-out at %s:\n%s", tab.URL(), tab.Text("main"))
	}
	look(t, tab, "try-signed-out")
	tab.Goto(s.issuer + "/")
	if strings.Contains(tab.Text("body"), "Ada") {
		t.Error("the sample app's sign-out left a session")
	}

	if apps := s.cli("", "client", "list"); !strings.Contains(apps, "Sample app") {
		t.Errorf("registered are:\n%s", apps)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-done
	if err := cmd.Wait(); err != nil || log.Len() > 0 {
		t.Errorf("it ended with %v and wrote %s", err, &log)
	}
	if apps := s.cli("", "client", "list"); strings.Contains(apps, "Sample app") {
		t.Errorf("still registered are:\n%s", apps)
	}
}
