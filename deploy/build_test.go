package deploy

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"latchkey/internal/addrtest"
)

// binary is the product, built as the Containerfile builds it.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "latchkey-deploy")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		binary = filepath.Join(dir, "latchkey")
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "building the product as the Containerfile does:", err)
		return 1
	}
	return m.Run()
}

// build replays the Containerfile's first stage: it copies what is copied there
// and runs the same command.
func build(dir string) error {
	c, err := readContainerfile()
	if err != nil {
		return err
	}
	src := filepath.Join(dir, "src")
	for _, copied := range c.copied() {
		into := filepath.Join(src, filepath.FromSlash(copied.to))
		if err := os.MkdirAll(filepath.Dir(into), 0o700); err != nil {
			return err
		}
		if out, err := exec.Command("cp", "-r", filepath.Join("..", copied.from), into).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	command := strings.NewReplacer("/out/latchkey", binary, "$VERSION", "1.2.3").Replace(c.one("RUN CGO_ENABLED"))
	cmd := exec.Command("sh", "-ec", command)
	cmd.Dir = src
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, out)
	}
	return nil
}

// containerfile is its instructions, one a line.
type containerfile []string

func readContainerfile() (c containerfile, err error) {
	text, err := os.ReadFile("Containerfile")
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			c = append(c, line)
		}
	}
	return c, err
}

// one is what follows the instruction's first word in the only line that begins
// with prefix.
func (c containerfile) one(prefix string) string {
	found := ""
	for _, line := range c {
		if strings.HasPrefix(line, prefix) {
			if found != "" {
				return "exit 1 # two instructions begin with " + prefix
			}
			_, found, _ = strings.Cut(line, " ")
		}
	}
	return found
}

type copied struct{ from, to string }

// copied lists what comes from the repository. COPY of several files ends in a
// folder.
func (c containerfile) copied() (all []copied) {
	for _, line := range c {
		args := strings.Fields(line)
		if args[0] != "COPY" || strings.HasPrefix(args[1], "--from") {
			continue
		}
		last := args[len(args)-1]
		for _, from := range args[1 : len(args)-1] {
			to := last
			if strings.HasSuffix(last, "/") {
				to = last + filepath.Base(from)
			}
			all = append(all, copied{from, to})
		}
	}
	return all
}

func (c containerfile) env() (env []string) {
	for _, line := range c {
		if value, ok := strings.CutPrefix(line, "ENV "); ok {
			env = append(env, value)
		}
	}
	return env
}

func TestTheContainersBinaryNeedsNothingBesideIt(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has containers of this kind")
	}
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the binary is dynamic: from scratch, it would not start")
		}
	}
	out, err := exec.Command(binary, "version").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("1.2.3")) {
		t.Errorf("%v: %s", err, out)
	}
}

// There is no time zone database in the image, and people's zones are judged by one.
func TestTheContainersBinaryKnowsTimeZones(t *testing.T) {
	program, err := os.ReadFile(binary)
	if err != nil || !bytes.Contains(program, []byte("Pacific/Kiritimati")) {
		t.Errorf("%v: no time zones are built in", err)
	}
}

// What the image says of the program is held against the program itself: were a
// setting misspelt, it would warn.
func TestTheContainerStartsWithTheSettingsItNames(t *testing.T) {
	c, err := readContainerfile()
	if err != nil {
		t.Fatal(err)
	}
	if c.one("ENTRYPOINT") != `["/latchkey"]` || c.one("CMD") != `["serve"]` {
		t.Errorf("it runs %s %s", c.one("ENTRYPOINT"), c.one("CMD"))
	}
	if user := c.one("USER"); !regexp.MustCompile(`^[1-9]\d+:[1-9]\d+$`).MatchString(user) ||
		!strings.Contains(strings.Join(c, "\n"), "--chown="+user+" /out/volume /") || c.one("RUN install") != "install -d -m 0700 /out/volume"+c.one("VOLUME") {
		t.Errorf("it runs as %s, who does not own %s", user, c.one("VOLUME"))
	}
	s := &server{t: t, listen: addrtest.Address(t, "127.0.0.1")}
	for _, entry := range c.env() {
		switch name, value, _ := strings.Cut(entry, "="); name {
		case "LATCHKEY_DATA_DIR":
			if value != c.one("VOLUME") {
				t.Errorf("data is kept in %s and the volume is %s", value, c.one("VOLUME"))
			}
			s.env = append(s.env, name+"="+filepath.Join(t.TempDir(), "data"))
		case "LATCHKEY_LISTEN":
			if value != ":"+c.one("EXPOSE") {
				t.Errorf("it listens on %s and exposes %s", value, c.one("EXPOSE"))
			}
			s.env = append(s.env, name+"="+s.listen)
		default:
			s.env = append(s.env, entry)
		}
	}
	s.start()
	s.stop()
	if log := s.log.String(); strings.Contains(log, "means nothing") {
		t.Errorf("the image sets what is not a setting:\n%s", log)
	}
}
