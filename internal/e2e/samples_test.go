package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A block that says of which file it is.
var sample = regexp.MustCompile("(?ms)^```\\w+ of (\\S+)\n(.*?)^```$")

func TestTheSamplesInTheDocsAreCutFromTheAppsThatRun(t *testing.T) {
	var pages strings.Builder
	for _, page := range []string{"../../docs/libraries.md", "../../README.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		pages.Write(text)
	}
	shown := map[string]bool{}
	for _, m := range sample.FindAllStringSubmatch(pages.String(), -1) {
		file, text := m[1], m[2]
		app, err := os.ReadFile(filepath.Join("clients", file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(app), text) {
			t.Errorf("the page shows what clients/%s does not say:\n%s", file, text)
		}
		shown[filepath.Dir(file)] = true
	}
	apps, err := filepath.Glob("clients/*/client.*")
	if err != nil || len(apps) == 0 {
		t.Fatalf("%d apps: %v", len(apps), err)
	}
	more, err := filepath.Glob("clients/*/app.*")
	if err != nil || len(more) == 0 {
		t.Fatalf("%d more: %v", len(more), err)
	}
	for _, app := range append(apps, more...) {
		if !shown[filepath.Base(filepath.Dir(app))] {
			t.Errorf("the page shows nothing of %s", app)
		}
	}
}
