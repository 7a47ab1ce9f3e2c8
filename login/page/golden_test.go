package page_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"latchkey/login/page"
	"latchkey/login/page/pagetest"
)

var update = flag.Bool("update", false, "write what pages look like now into testdata")

// fingerprints of assets change with every touch of a colour; pages do not.
var fingerprint = regexp.MustCompile(`-[0-9a-f]{16}\.`)

func TestPagesStayAsTheyAre(t *testing.T) {
	rd := renderer(t, page.Options{})
	var known []string
	for _, e := range pagetest.Examples() {
		t.Run(e.Name, func(t *testing.T) {
			w := render(t, rd, e.Status, e.Page)
			if w.Code != e.Status {
				t.Errorf("status %d, want %d", w.Code, e.Status)
			}
			golden(t, e.Name+".html", fingerprint.ReplaceAllString(w.Body.String(), "-0."))
		})
		known = append(known, e.Name+".html")
	}
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range entries {
		if strings.HasSuffix(f.Name(), ".html") && !slices.Contains(known, f.Name()) {
			t.Errorf("testdata/%s belongs to no example", f.Name())
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed; look at the difference, then run the tests with -update\n%s", file,
			firstDifference(string(want), got))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return "was: " + w[i] + "\nnow: " + g[i]
		}
	}
	return "one ends before the other"
}
