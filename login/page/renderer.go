package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Options are what a Renderer needs. The zero value shows Latchkey's own brand.
type Options struct {
	// Brand answers the operator's brand; nil for none.
	Brand BrandSource
	// RequestID answers the id under which the log knows the request; nil if
	// there is none, and pages then show none.
	RequestID func(context.Context) string
	// Program is how the operator runs Latchkey's command, for pages that name one: it
	// must work as it is shown. "": latchkey.
	Program string
	// Now is the clock, for the time on error pages; nil for time.Now.
	Now func() time.Time
	// Language answers the wish of a request as a language tag; a language that
	// there is no catalogue for is answered in English. nil for English.
	Language func(*http.Request) string
}

// Renderer makes pages. It is built once, at start, and is safe for concurrent use.
type Renderer struct {
	options  Options
	sets     map[string]*set // by language
	wardrobe wardrobe
}

// New parses the templates. It returns an error if one is missing or says
// something that a catalogue lacks.
func New(o Options) (*Renderer, error) {
	if o.Brand == nil {
		o.Brand = func(*http.Request) Brand { return Brand{} }
	}
	if o.Program == "" {
		o.Program = "latchkey"
	}
	if o.RequestID == nil {
		o.RequestID = func(context.Context) string { return "" }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Language == nil {
		o.Language = func(*http.Request) string { return english.lang }
	}
	rd := &Renderer{options: o, sets: map[string]*set{}}
	for _, c := range []*catalogue{&english} {
		s, err := newSet(files, c)
		if err != nil {
			return nil, err
		}
		rd.sets[c.lang] = s
	}
	return rd, nil
}

func (rd *Renderer) livery(r *http.Request) *livery {
	return rd.wardrobe.dress(rd.options.Brand(r))
}

func (rd *Renderer) set(r *http.Request) *set {
	if s := rd.sets[rd.options.Language(r)]; s != nil {
		return s
	}
	return rd.sets[english.lang]
}

// Render answers with page p. It sets the headers that belong to the page and
// leaves the others, cookies for example, alone. When it returns an error
// nothing has been written.
func (rd *Renderer) Render(w http.ResponseWriter, r *http.Request, status int, p Page) error {
	s, l := rd.set(r), rd.livery(r)
	f := p.frame(l)
	v, err := rd.view(r, s, l, f, p)
	if err != nil {
		return err
	}
	t := s.pages[f.template]
	if t == nil {
		return fmt.Errorf("page: no template %q for %T", f.template, p)
	}
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "frame", v); err != nil {
		return fmt.Errorf("page: %T: %w", p, err)
	}
	f.setHeaders(w.Header(), s.catalogue)
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // whoever asked may have gone
	return nil
}

// Error answers with an error page and its status.
func (rd *Renderer) Error(w http.ResponseWriter, r *http.Request, e Error) error {
	return rd.Render(w, r, e.Fault.Status(), e)
}

// view is what templates see.
type view struct {
	Lang, Dir string
	Style     string
	Script    string
	Brand     *livery
	Title     string // of the window
	Heading   Text
	Fields    []input
	Summary   []FieldError
	Notice    Text
	Person    *Person
	SwitchURL string
	Wide      bool
	Sections  []section
	Wait      int // seconds until the form may be sent again; 0: now
	Template  string
	Message   *message
	Program   string // see Options
	Page      Page
}

func (rd *Renderer) view(r *http.Request, s *set, l *livery, f frame, p Page) (view, error) {
	v := view{Lang: s.catalogue.lang, Dir: s.catalogue.dir, Style: style.path(), Script: script.path(),
		Brand: l, Heading: f.title, Fields: f.fields, Summary: f.summary, Notice: f.notice,
		Person: f.person, SwitchURL: f.switchURL, Wide: f.wide, Sections: f.sections, Wait: seconds(f.wait),
		Template: f.template, Message: f.message,
		Program: rd.options.Program, Page: p}
	if f.sends {
		v.Script = post.path()
	}
	task, err := s.catalogue.plain(f.title)
	if err != nil {
		return v, err
	}
	title := Say("frame.title", task, l.Name)
	switch {
	case f.hasFailed():
		title = Say("frame.title.error", task, l.Name)
	case !f.notice.IsZero():
		title = Say("frame.title.done", task, l.Name)
	}
	if v.Title, err = s.catalogue.plain(title); err != nil {
		return v, err
	}
	if f.message != nil && f.message.Command != "" {
		f.message.Command = rd.options.Program + " " + f.message.Command
	}
	if f.message != nil && f.message.Reference != nil {
		f.message.Reference.RequestID = rd.options.RequestID(r.Context())
		f.message.Reference.Time = rd.options.Now()
	}
	if f.template == "message" && f.message == nil {
		return v, errors.New("page: nothing to say")
	}
	return v, nil
}
