package tree

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// vague are package names under which anything can be put, and so is.
var vague = []string{"base", "common", "core", "helper", "helpers", "lib", "misc", "service", "services", "shared", "tools", "util", "utils"}

// packageFaults checks what each package says of itself: its comment begins as
// go doc expects and names what it owns, and its name means something.
func packageFaults(files []file) (faults []string) {
	docs := map[string][]string{}
	names := map[string]string{}
	for _, f := range files {
		if !f.test {
			names[f.dir] = f.name
		} else if _, ok := names[f.dir]; !ok {
			names[f.dir] = strings.TrimSuffix(f.name, "_test")
		}
		if f.doc != "" && !f.test {
			docs[f.dir] = append(docs[f.dir], f.doc)
		}
	}
	for dir, name := range names {
		want := "Package " + name + " "
		if name == "main" {
			want = "Command " + path.Base(dir) + " "
		}
		switch doc := strings.Join(docs[dir], "\n"); {
		case len(docs[dir]) != 1:
			faults = append(faults, fmt.Sprintf("%s has %d package comments; put one into doc.go", dir, len(docs[dir])))
		case !strings.HasPrefix(doc, want):
			faults = append(faults, fmt.Sprintf("%s: its comment does not begin with %q", dir, want))
		case !strings.Contains(doc, "own"):
			faults = append(faults, fmt.Sprintf("%s: its comment does not say what it owns", dir))
		}
		if slices.Contains(vague, name) || slices.Contains(vague, path.Base(dir)) {
			faults = append(faults, fmt.Sprintf("%s: a name that means nothing gathers everything; name what it owns", dir))
		}
	}
	slices.Sort(faults)
	return faults
}

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	report(t, packageFaults(goFiles(t, root)))
}

func TestAPackageThatDoesNotSayIsSeen(t *testing.T) {
	for name, c := range map[string]struct{ file, src, want string }{
		"good":     {"a/doc.go", "// Package a owns it.\npackage a", ""},
		"command":  {"cmd/a/main.go", "// Command a owns it.\npackage main", ""},
		"silent":   {"a/a.go", "package a", "0 package comments"},
		"in test":  {"a/a_test.go", "// Package a owns it.\npackage a", "0 package comments"},
		"detached": {"a/a.go", "// Package a owns it.\n\npackage a", "0 package comments"},
		"other":    {"a/a.go", "// Package b owns it.\npackage a", "does not begin"},
		"unowned":  {"a/a.go", "// Package a is here.\npackage a", "what it owns"},
		"vague":    {"a/utils/a.go", "// Package utils owns it.\npackage utils", "means nothing"},
		"folder":   {"common/a.go", "// Package a owns it.\npackage a", "means nothing"},
	} {
		got := strings.Join(packageFaults(goFiles(t, fstest.MapFS{c.file: {Data: []byte(c.src)}})), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	two := fstest.MapFS{"a/a.go": {Data: []byte("// Package a owns it.\npackage a")}, "a/b.go": {Data: []byte("// Package a owns it.\npackage a")}}
	if got := packageFaults(goFiles(t, two)); len(got) != 1 || !strings.Contains(got[0], "2 package comments") {
		t.Errorf("two comments: %q", got)
	}
}

func TestModulesNestedInThisOneAreLeftOut(t *testing.T) {
	tree := fstest.MapFS{
		"go.mod": {}, "a/a.go": {Data: []byte("package a")},
		"b/go.mod": {}, "b/c/c.go": {Data: []byte("package c")},
		".gitignore": {Data: []byte("/d/\n# x\n*.out\n")}, "d/d.go": {Data: []byte("package d")}, "x.out": {}, "e/.git": {},
	}
	files := goFiles(t, tree)
	if len(files) != 1 || files[0].path != "a/a.go" {
		t.Errorf("files: %v", files)
	}
	if got, want := ours(t, tree), []string{".gitignore", "a/a.go", "b/c/c.go", "b/go.mod", "e/.git", "go.mod"}; !slices.Equal(got, want) {
		t.Errorf("ours are %v, want %v", got, want)
	}
}
