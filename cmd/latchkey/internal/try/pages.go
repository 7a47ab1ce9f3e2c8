package try

import (
	_ "embed" // the files below
	"html/template"
	"net/http"
	"strings"
)

// view is a page; all of the sample's are alike.
type view struct {
	Title, Lead string
	Steps       []step
	Links       []link // onwards
}

// step is one message, or what the app does with it.
type step struct {
	Title, Text string
	Rows        []row
	Checks      []checked
}

type link struct{ ID, URL, Label string }

type row struct{ Name, Value, Means string }

type checked struct {
	OK   bool
	Text string
}

func (s *step) check(good bool, yes, no string) {
	if !good {
		yes = no
	}
	s.Checks = append(s.Checks, checked{good, yes})
}

func (s *step) good() bool {
	for _, c := range s.Checks {
		if !c.OK {
			return false
		}
	}
	return true
}

//go:embed page.html
var pageHTML string

//go:embed style.css
var styleCSS string

const pathStyle = "/style.css"

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// setHeaders: pages hold tokens, and the callback's address a code.
func setHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

func show(w http.ResponseWriter, status int, v view) {
	var page strings.Builder
	if err := pageTemplate.Execute(&page, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(page.String())) // whoever asked may have gone
}

func serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write([]byte(styleCSS))
}
