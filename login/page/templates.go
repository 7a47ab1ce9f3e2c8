package page

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

//go:embed templates
var files embed.FS

// names are the pages' templates. Each fills the block "main" of the frame.
var names = []string{"welcome", "home", "setup", "recover", "signin", "password", "apps", "remove", "overview",
	"security", "account", "signoutof", "consent", "signout", "post", "message"}

// shared are the files that every page may use.
var shared = []string{"templates/frame.html", "templates/parts.html", "templates/icons.html"}

// set is all the pages in one language.
type set struct {
	catalogue *catalogue
	pages     map[string]*template.Template
}

func newSet(from fs.FS, c *catalogue) (*set, error) {
	s := &set{catalogue: c, pages: map[string]*template.Template{}}
	for _, name := range names {
		t := template.New(name).Funcs(s.funcs()).Option("missingkey=error")
		t, err := t.ParseFS(from, append([]string{"templates/" + name + ".html"}, shared...)...)
		if err != nil {
			return nil, fmt.Errorf("page: template %s: %w", name, err)
		}
		if t.Lookup("main") == nil {
			return nil, fmt.Errorf("page: template %s has no main part", name)
		}
		if err := s.check(t); err != nil {
			return nil, err
		}
		s.pages[name] = t
	}
	return s, nil
}

func (s *set) funcs() template.FuncMap {
	c := s.catalogue
	return template.FuncMap{
		// t says a sentence as text, rich with its arguments set apart.
		"t":     func(k Key, args ...any) (string, error) { return c.plain(Say(k, args...)) },
		"rich":  func(k Key, args ...any) (template.HTML, error) { return c.rich(Say(k, args...)) },
		"plain": c.plain,
		"say":   c.rich,

		"avatar": func(v any) (avatar, error) {
			switch v := v.(type) {
			case App:
				return appAvatar(v), nil
			case *App:
				return appAvatar(*v), nil
			case Person:
				return personAvatar(v), nil
			case *Person:
				return personAvatar(*v), nil
			}
			return avatar{}, fmt.Errorf("page: no picture of a %T", v)
		},
		"name":    oneLine,
		"web":     webLink,
		"opening": opening,
		"rfc3339": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"isoday":  func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"day":     func(t time.Time) string { return t.UTC().Format(c.dayFormat) },
		"utc":     func(t time.Time) string { return t.UTC().Format(c.timeFormat) },
	}
}

// opening begins a sentence with what an operator wrote as the end of one.
func opening(words string) string {
	words = strings.TrimSpace(oneLine(words))
	r, n := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(r)) + words[min(n, len(words)):]
}

// check finds keys that the catalogue lacks now rather than when somebody opens
// the page.
func (s *set) check(t *template.Template) error {
	for _, part := range t.Templates() {
		if part.Tree == nil {
			continue
		}
		for _, k := range spoken(part.Tree.Root) {
			if _, ok := s.catalogue.messages[k]; !ok {
				return fmt.Errorf("page: template %s: no message %q", part.Name(), k)
			}
		}
	}
	return nil
}
