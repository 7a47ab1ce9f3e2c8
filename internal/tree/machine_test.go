package tree

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

// A repository speaks of itself alone. These are traces of the machine that
// something was written on: its folders, and the hosts it gets packages from,
// which the package managers' own settings name. A pattern is tried only where
// its hint stands. All are written in pieces, so that this file passes its own
// test.
var traces = []trace{
	{what: "a path on one machine", hint: "/" + "work", pattern: folder},
	{what: "a path on one machine", hint: "/" + "farm", pattern: folder},
	{what: "a path on one machine", hint: "/" + "root", pattern: folder},
	{what: "a home folder", hint: "/" + "home/", pattern: folder},
	{what: "a home folder", hint: "/" + "Users/", pattern: folder},
	{what: "a host of a package registry", hint: "registry" + ".npm"},
	{what: "a host of a package registry", hint: "registry" + ".yarn"},
	{what: "a host of a package registry", hint: "proxy" + ".golang."},
	{what: "a host of a package registry", hint: "sum" + ".golang."},
	{what: "a host of a package registry", hint: "deb" + ".debian."},
	{what: "a host of a package registry", hint: "security" + ".debian."},
	{what: "a host of a package registry", hint: "archive" + ".ubuntu."},
	{what: "a host of a package registry", hint: "pypi" + ".org"},
	{what: "a host of a package registry", hint: "crates" + ".io"},
	{what: "an address in a lock file", hint: `"resolved"` + `:`},
}

// folder is an absolute path, not the end of a relative one or of an address.
var folder = regexp.MustCompile(`(^|[^A-Za-z0-9_.])/(` + `(work|farm|root)(/|$)|(home|Users)/[a-z])`)

type trace struct {
	what, hint string
	pattern    *regexp.Regexp // nil: the hint alone is enough
}

func (t trace) in(line string) bool {
	return strings.Contains(line, t.hint) && (t.pattern == nil || t.pattern.MatchString(line))
}

func traceFaults(t *testing.T, tree fs.FS) (faults []string) {
	t.Helper()
	for _, name := range ours(t, tree) {
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
			continue // a picture, a font
		}
		number := 0
		for line := range strings.Lines(string(text)) {
			number++
			for _, trace := range traces {
				if trace.in(strings.TrimRight(line, "\n")) {
					faults = append(faults, fmt.Sprintf("%s:%d: %q is %s", name, number, trace.hint, trace.what))
				}
			}
		}
	}
	return faults
}

func TestNoFileSpeaksOfTheMachineItWasWrittenOn(t *testing.T) {
	report(t, traceFaults(t, root))
}

func TestTracesOfAMachineAreSeen(t *testing.T) {
	for line, want := range map[string]bool{
		"see /" + "work/main/go.mod":             true,
		"/" + "farm/x":                           true,
		`dir: "/` + `root/.npmrc"`:               true,
		"cd /" + "root":                          true,
		"/" + "home/ada/latchkey":                true,
		"https://registry" + ".npmjs.org/x":      true,
		"GOPROXY=https://proxy" + ".golang.org":  true,
		`  "resolved"` + `: "x",`:                true,
		"the work/ folder and ./work/x":          false,
		"https://app.example/work/a":             false,
		"/workspace, /rooted, /home page":        false,
		"a proxy.example.org in front":           false,
		"Packages come from the Go module proxy": false,
	} {
		got := traceFaults(t, fstest.MapFS{"a.md": {Data: []byte("first\n" + line + "\n")}})
		if (len(got) == 1) != want || want && !strings.HasPrefix(got[0], "a.md:2: ") {
			t.Errorf("%q: %q, want a fault: %v", line, got, want)
		}
	}
	if got := traceFaults(t, fstest.MapFS{"a.png": {Data: []byte("\xff\xd8/" + "work/")}}); len(got) != 0 {
		t.Errorf("in a picture: %q", got)
	}
}
