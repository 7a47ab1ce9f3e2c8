package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/cmd/latchkey/internal/server"
	"latchkey/internal/addrtest"
	"latchkey/internal/certtest"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"latchkey": main})
}

// The scripts in testdata/script run the program as a person would. Besides
// testscript's own commands they have:
//
//	up URL             wait until the server answers there; by https with the
//	                   certificate and key in $CERTIFICATE and $KEY, which is for
//	                   localhost and from the authority in $CA
//	set VAR PATH       VAR becomes the value at that path of the JSON on stdout
//	as-nobody ARGS     latchkey ARGS as another user (root only)
//	mode PATH OCTAL    check a file's permissions
//	fetch URL FILE     keep what the server answers there
//	published LIST SET check that each enabled signing key of “key list --json” is in
//	                   the key set
//	damage PATH HOW    cut a file short, empty it, or flip a bit of a text in it
func TestScripts(t *testing.T) {
	authority := certtest.New(t)
	certFile, keyFile := authority.Issue("localhost")
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("CA", authority.File)
			e.Setenv("CERTIFICATE", certFile)
			e.Setenv("KEY", keyFile)
			address, err := addrtest.Find("127.0.0.1")
			e.Setenv("LATCHKEY_LISTEN", address)
			e.Setenv("LATCHKEY_ISSUER", "http://"+address)
			e.Setenv("LATCHKEY_DATA_DIR", filepath.Join(e.WorkDir, "data"))
			e.Setenv("URL", "http://"+address)
			e.Setenv("TLS_URL", "https://"+strings.Replace(address, "127.0.0.1", "localhost", 1))
			reportRaces(e)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"up": up, "set": set, "as-nobody": asNobody, "mode": mode,
			"fetch": fetch, "published": published, "damage": damage,
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
	})
}

// reportRaces fails a script if the race detector found anything in a program that it
// ran. Some are to fail and some are stopped at the end, and so nobody looks at what
// they exit with. Nor does each of them stay for a second to see whether its last
// goroutines race: they run hundreds of times.
func reportRaces(e *testscript.Env) {
	reports := filepath.Join(e.WorkDir, "race")
	e.Setenv("GORACE", fmt.Sprintf(`%s atexit_sleep_ms=0 log_path="%s"`, os.Getenv("GORACE"), reports))
	e.Defer(func() {
		found, _ := filepath.Glob(reports + ".*")
		for _, path := range found {
			text, _ := os.ReadFile(path)
			e.T().Log(string(text))
		}
		if len(found) > 0 {
			e.T().FailNow()
		}
	})
}

func up(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(30 * time.Second)
	pool, text := x509.NewCertPool(), ts.ReadFile(ts.Getenv("CA"))
	pool.AppendCertsFromPEM([]byte(text))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool},
		DisableKeepAlives: true}}
	for {
		res, err := client.Get(args[0] + server.PathReady)
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the server did not come up: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func set(ts *testscript.TestScript, _ bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for _, name := range strings.Split(args[1], ".") {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	text, ok := v.(string)
	if !ok || text == "" {
		ts.Fatalf("no text at %s", args[1])
	}
	ts.Setenv(args[0], text)
}

func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}

func damage(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	raw, err := os.ReadFile(path)
	ts.Check(err)
	switch how := args[1]; how {
	case "cut":
		raw = raw[:12345]
	case "empty":
		raw = nil
	default:
		at := bytes.LastIndex(raw, []byte(how))
		if at < 0 {
			ts.Fatalf("%q is not in %s", how, path)
		}
		raw[at] ^= 1
	}
	ts.Check(os.WriteFile(path, raw, 0o600))
}

// asNobody runs this program as another user. The binary and the data are made
// reachable for it: what must stop it is the check, not the path.
func asNobody(ts *testscript.TestScript, neg bool, args []string) {
	self, err := os.Executable()
	ts.Check(err)
	dir, err := os.MkdirTemp("/tmp", "nobody")
	ts.Check(err)
	defer os.RemoveAll(dir)
	ts.Check(os.Chmod(dir, 0o755))
	binary := filepath.Join(dir, "latchkey")
	// By a program: a file that this one wrote could not be run while another test's child
	// process still holds it open for writing.
	ts.Check(exec.Command("cp", self, binary).Run())
	for path := ts.Getenv("LATCHKEY_DATA_DIR"); path != "/tmp" && path != "/"; path = filepath.Dir(path) {
		info, err := os.Stat(path)
		ts.Check(err)
		ts.Check(os.Chmod(path, info.Mode().Perm()|0o055))
	}
	c := exec.Command(binary, args...)
	c.Dir = dir
	c.Env = []string{"LATCHKEY_DATA_DIR=" + ts.Getenv("LATCHKEY_DATA_DIR"), "PATH=/nowhere"}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := c.CombinedOutput()
	if (err != nil) != neg {
		ts.Fatalf("%v: %s", err, out)
	}
	want := ts.Getenv("WANT")
	if !regexp.MustCompile(want).Match(out) {
		ts.Fatalf("%q is not in %s", want, out)
	}
}
