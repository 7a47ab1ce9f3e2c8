package page

import (
	"html/template"
	"time"
)

// Page is the data of one page. The structs of this package are all there are.
type Page interface {
	// frame tells the renderer what it needs to know about the page.
	frame(*livery) frame
}

// frame is what pages have in common.
type frame struct {
	template string // templates/<template>.html
	failed   bool   // a form is shown again, with what is wrong beside its fields alone
	title    Text   // the task; also the heading, unless the template says otherwise
	// leaves says that what the person does here may end, by redirects, at
	// another origin, or that the page may stand in an app's popup window.
	leaves  bool
	sends   bool // its form is sent at once, by a script of its own
	fields  []input
	summary []FieldError // what went wrong, for the top of the page; Field may be empty
	notice  Text         // what just went well
	person  *Person      // whose account menu the header shows; nil for none
	// switchURL is where the menu leads to the browser's other accounts; empty: none
	switchURL string
	message   *message // for the template "message"
	wait      time.Duration
	wide      bool      // a page of its own width, not a card
	sections  []section // the list beside the content; nil: none
}

// message is a page that only tells something, and what to do about it.
type message struct {
	Icon      string // an icon of templates/icons.html
	App       *App   // whose logo stands at the top instead of the icon
	Lines     []Text
	Status    bool   // good news: announced, not shouted
	Command   string // to be typed by the operator
	Links     []link // the first one is the button
	Reference *reference
}

// link leads somewhere a person may be sent. One without an address is left out.
type link struct {
	URL  template.URL // its scheme was looked at: see goTo
	Text Text
}

// reference is what support needs to find the matter in the log.
type reference struct {
	RequestID string
	Time      time.Time
	Status    int
	Detail    string
}

// visit is a link to somewhere else: only if the address is fit to be followed.
func visit(url string, k Key, args ...any) []link { return goTo(webLink(url), k, args...) }

// goTo is a link to what webLink or appLink returned; to nothing if that is empty.
func goTo(url string, k Key, args ...any) []link {
	if url == "" {
		return nil
	}
	return []link{{template.URL(url), Say(k, args...)}} //nolint:gosec // G203: see above
}

func home() link { return link{"/", Say("link.home")} }

// hasFailed tells whether the page reports a fault in what was sent.
func (f frame) hasFailed() bool { return f.failed || len(f.summary) > 0 }
