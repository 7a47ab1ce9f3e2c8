package page

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
)

// forms are the keys that a sentence may stand under.
func forms(k Key) []Key { return []Key{k, k + ".one", k + ".other"} }

func TestEveryKeyUsedExistsAndEveryKeyIsUsed(t *testing.T) {
	s, err := newSet(files, &english)
	if err != nil {
		t.Fatal(err)
	}
	used := map[Key]bool{}
	for _, page := range s.pages {
		for _, part := range page.Templates() {
			if part.Tree == nil {
				continue
			}
			for _, k := range spoken(part.Tree.Root) {
				used[k] = true
			}
		}
	}
	for _, k := range goKeys(t) {
		found := false
		for _, f := range forms(k) {
			if _, ok := english.messages[f]; ok {
				used[f], found = true, true
			}
		}
		if !found {
			t.Errorf("the code names %q, which says nothing", k)
		}
	}
	for k := range english.messages {
		head := slices.ContainsFunc([]string{"claim.", "value.", "error.question."},
			func(s string) bool { return strings.HasPrefix(string(k), s) })
		if !used[k] && !head {
			t.Errorf("nothing uses %q", k)
		}
	}
}

var keyForm = regexp.MustCompile(`^[a-z_]+(\.[a-z_]+)+$`)

// goKeys are the literals of the package's code that look like keys, but for
// those that open an entry of the catalogue.
func goKeys(t *testing.T) []Key {
	t.Helper()
	var keys []Key
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.KeyValueExpr:
				if _, text := n.Key.(*ast.BasicLit); text {
					return false
				}
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && keyForm.MatchString(s) {
					keys = append(keys, Key(s))
				}
			}
			return true
		})
	}
	return keys
}

var (
	actions = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	tags    = regexp.MustCompile(`(?s)<[^>]*>`)
	spoke   = regexp.MustCompile(`\s(?:aria-label|alt|title|placeholder|label|content)="([^"]*)"`)
)

func TestTemplatesHoldNoWordsOfTheirOwn(t *testing.T) {
	quiet := map[string]bool{"width=device-width, initial-scale=1": true, "light dark": true, "noindex": true}
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		markup := actions.ReplaceAllString(string(b), "")
		for _, m := range spoke.FindAllStringSubmatch(markup, -1) {
			if strings.ContainsFunc(m[1], unicode.IsLetter) && !quiet[m[1]] {
				t.Errorf("%s says %q", path, m[1])
			}
		}
		if words := tags.ReplaceAllString(markup, ""); strings.ContainsFunc(words, unicode.IsLetter) {
			t.Errorf("%s says %q", path, strings.Join(strings.Fields(words), " "))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAMissingTemplateOrMessageFailsTheStart(t *testing.T) {
	all := fstest.MapFS{}
	for _, f := range append([]string{"frame", "parts", "icons"}, names...) {
		b, err := fs.ReadFile(files, "templates/"+f+".html")
		if err != nil {
			t.Fatal(err)
		}
		all["templates/"+f+".html"] = &fstest.MapFile{Data: b}
	}
	if _, err := newSet(all, &english); err != nil {
		t.Fatal(err)
	}
	for path, file := range all {
		delete(all, path)
		if _, err := newSet(all, &english); err == nil {
			t.Errorf("starts without %s", path)
		}
		all[path] = file
	}
	all["templates/home.html"] = &fstest.MapFile{Data: []byte(`{{define "main"}}{{if .Page}}{{t "no.such"}}{{end}}{{end}}`)}
	if _, err := newSet(all, &english); err == nil || !strings.Contains(err.Error(), "no.such") {
		t.Errorf("an unknown message: %v", err)
	}
	all["templates/home.html"] = &fstest.MapFile{Data: []byte(`{{define "other"}}{{end}}`)}
	if _, err := newSet(all, &english); err == nil {
		t.Error("starts with a page that shows nothing")
	}
}

func TestSentencesTakeExactlyTheirArguments(t *testing.T) {
	c := &catalogue{lang: "xx", plural: english.plural, messages: map[Key]string{
		"none": "Nothing", "markup": "a < b", "two": "{2} before {1}", "n.one": "one app", "n.other": "{1} apps",
		"odd": "a { b } {", "out": "{3}"}}
	for _, x := range []struct {
		text Text
		want string
	}{
		{Say("none"), "Nothing"}, {Say("two", "a", "b"), "b before a"}, {Count("n", 1), "one app"},
		{Count("n", 0), "0 apps"},
		{Say("two", Count("n", 3), "{1}"), "{1} before 3 apps"},
		{Say("two", "a"), ""}, {Say("none", "a"), ""}, {Say("gone"), ""}, {Say("out", "a"), ""}, {Say("odd"), ""},
	} {
		got, err := c.plain(x.text)
		if (err != nil) != (x.want == "") || got != x.want {
			t.Errorf("%v: %q, %v; want %q", x.text, got, err, x.want)
		}
	}
	if got, _ := c.rich(Say("markup")); got != "a &lt; b" {
		t.Error(got)
	}
	if got, _ := c.rich(Say("two", "<b>",
		"&")); got != `<strong dir="auto">&amp;</strong> before <strong dir="auto">&lt;b&gt;</strong>` {
		t.Error(got)
	}
}

func TestALanguageWithoutCatalogueIsAnsweredInEnglish(t *testing.T) {
	rd, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(rd.sets) != 1 || rd.set(nil).catalogue.lang != "en" {
		t.Error("not in English")
	}
}
