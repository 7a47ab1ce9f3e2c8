package tree

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var (
	mapHeading = regexp.MustCompile(`(?im)^#+ .*\b(map|rooms?)\b.*$`)
	anyHeading = regexp.MustCompile(`(?m)^#+ `)
	quoted     = regexp.MustCompile("`([^`]+)`")
	braces     = regexp.MustCompile(`^(.*)\{([^}]*)\}(.*)$`)
)

// mapFaults compares the README's map with the tree. The map is the section
// whose heading says "map" or "rooms": each row of its table, or each item of
// its list, begins with one or more folders in `backquotes`. It must name every
// folder at the top, hidden ones excepted, and nothing that is not there.
func mapFaults(t *testing.T, tree fs.FS) (faults []string) {
	t.Helper()
	readme, err := fs.ReadFile(tree, "README.md")
	if err != nil {
		return []string{err.Error()}
	}
	named := mapped(string(readme))
	if len(named) == 0 {
		return []string{"README.md has no section headed map or rooms that lists folders in `backquotes`"}
	}
	tops := map[string]bool{}
	for _, name := range named {
		tops[strings.Split(name, "/")[0]] = true
		if _, err := fs.Stat(tree, name); err != nil {
			faults = append(faults, fmt.Sprintf("README.md's map names %s, which is not there", name))
		}
	}
	for _, name := range ours(t, tree) {
		top, _, inside := strings.Cut(name, "/")
		if inside && !strings.HasPrefix(top, ".") && !tops[top] {
			tops[top] = true // said once
			faults = append(faults, fmt.Sprintf("README.md's map leaves out %s", top))
		}
	}
	return faults
}

// mapped returns the paths that the map names.
func mapped(readme string) (paths []string) {
	at := mapHeading.FindStringIndex(readme)
	if at == nil {
		return nil
	}
	section := readme[at[1]:]
	if next := anyHeading.FindStringIndex(section); next != nil {
		section = section[:next[0]]
	}
	for line := range strings.Lines(section) {
		if entry, ok := entryOf(strings.TrimSpace(line)); ok {
			for _, m := range quoted.FindAllStringSubmatch(entry, -1) {
				paths = append(paths, expand(m[1])...)
			}
		}
	}
	return paths
}

// entryOf returns the part of a line that names folders: a table row's first
// cell, or a list item up to its first dash, colon or comma outside quotes.
func entryOf(line string) (string, bool) {
	if cells := strings.Split(line, "|"); strings.HasPrefix(line, "|") && len(cells) > 2 {
		return cells[1], true
	}
	item, ok := strings.CutPrefix(line, "- ")
	if !ok {
		item, ok = strings.CutPrefix(line, "* ")
	}
	return regexp.MustCompile("^(`[^`]*`[ ,]*)*").FindString(item), ok
}

// expand writes out one pair of braces, and drops a closing slash.
func expand(name string) (names []string) {
	if m := braces.FindStringSubmatch(name); m != nil {
		for _, choice := range strings.Split(m[2], ",") {
			names = append(names, path.Clean(m[1]+strings.TrimSpace(choice)+m[3]))
		}
		return names
	}
	return []string{path.Clean(name)}
}

func TestTheReadmesMapIsTrue(t *testing.T) {
	report(t, mapFaults(t, root))
}

func TestAMapThatIsNotTrueIsSeen(t *testing.T) {
	for name, c := range map[string]struct{ readme, want string }{
		"table":   {"# X\n## The rooms\n| Room | Owns |\n|---|---|\n| `a/{b,c}` | `nonsense` |\n| `d` | x |\n## Next\n- `none`", ""},
		"list":    {"## A map of the house\n- `a/`, `d`: things like `none`\n* `a/b` – more", ""},
		"missing": {"## Map\n- `a`", "leaves out d"},
		"gone":    {"## Map\n- `a`\n- `d`\n- `e/f`", "names e/f, which is not there"},
		"no map":  {"## Other\n- `a`\n- `d`", "no section"},
		"empty":   {"## Map\nSee a and d.", "no section"},
	} {
		tree := fstest.MapFS{"README.md": {Data: []byte(c.readme)}, "a/b/x": {}, "a/c/x": {}, "d/x": {}, ".ci/run": {}}
		got := strings.Join(mapFaults(t, tree), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := mapFaults(t, fstest.MapFS{"a/x": {}}); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "README.md") }) {
		t.Errorf("without a README: %q", got)
	}
}
