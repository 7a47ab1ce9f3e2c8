package tree

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// file is one Go file of this module, as far as the rules look at it.
type file struct {
	path, dir string // slash-separated, from the root of the module
	name      string // of its package
	test      bool
	help      bool // of a package that helps tests, and is named so
	imports   []string
	doc       string // its package comment
}

// goFiles reads the Go files of the module in tree, those of modules nested in
// it excepted: they are not linked into the product.
func goFiles(t *testing.T, tree fs.FS) (files []file) {
	t.Helper()
	for _, name := range ours(t, tree) {
		if path.Ext(name) == ".go" && !nested(tree, path.Dir(name)) {
			files = append(files, parse(t, tree, name))
		}
	}
	return files
}

func parse(t *testing.T, tree fs.FS, name string) file {
	t.Helper()
	src, err := fs.ReadFile(tree, name)
	if err != nil {
		t.Fatal(err)
	}
	syntax, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	f := file{
		path: name, dir: path.Dir(name), name: syntax.Name.Name, doc: syntax.Doc.Text(),
	}
	f.test, f.help = strings.HasSuffix(name, "_test.go"), strings.HasSuffix(f.dir, "test")
	for _, spec := range syntax.Imports {
		f.imports = append(f.imports, imported(t, spec))
	}
	return f
}

func imported(t *testing.T, spec *ast.ImportSpec) string {
	t.Helper()
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// nested reports whether dir lies in a module below the root.
func nested(tree fs.FS, dir string) bool {
	for ; dir != "."; dir = path.Dir(dir) {
		if _, err := fs.Stat(tree, path.Join(dir, "go.mod")); err == nil {
			return true
		}
	}
	return false
}

// ours lists the files of the repository: what lies there, save git's own
// folder and what .gitignore names. Asking git instead would hide from go test
// which files a cached result depends on.
func ours(t *testing.T, tree fs.FS) (names []string) {
	t.Helper()
	ignore := ignored(t, tree)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".git" || ignore(name):
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.Type().IsRegular():
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// ignored understands two kinds of line in .gitignore: a path from the root
// (/a/b or /a/b/) and a pattern without a slash (*.out).
func ignored(t *testing.T, tree fs.FS) func(string) bool {
	t.Helper()
	text, err := fs.ReadFile(tree, ".gitignore")
	if err != nil {
		return func(string) bool { return false } // a fixture
	}
	var paths, patterns []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "/"):
			paths = append(paths, strings.Trim(line, "/"))
		case strings.ContainsAny(line, "/!"):
			t.Fatalf(".gitignore: %q is of a kind that this test does not understand", line)
		default:
			patterns = append(patterns, line)
		}
	}
	return func(name string) bool {
		return slices.Contains(paths, name) || slices.ContainsFunc(patterns, func(p string) bool {
			ok, err := path.Match(p, path.Base(name))
			return ok && err == nil
		})
	}
}

// report fails the test once for each fault.
func report(t *testing.T, faults []string) {
	t.Helper()
	for _, f := range faults {
		t.Error(f)
	}
}
