package page

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/mail"
	"net/url"
	"sync"
)

// DefaultAccent colours the pages of an operator who has chosen none.
const DefaultAccent = "#1f5fbf"

const defaultName = "Latchkey"

// Brand is how the platform presents itself. The zero value is a plain Latchkey.
type Brand struct {
	Name     string // of the platform
	Logo     []byte // an image, at most a few hundred kilobytes; or nil for the mark
	LogoType string // its media type: image/svg+xml, image/png, image/jpeg or image/webp
	Accent   string // a colour, #rrggbb, that passes CheckAccent

	// Absolute http or https addresses; a link that is empty is not shown.
	HomeURL, SupportURL, PrivacyURL, TermsURL string

	SupportEmail string // whom to ask, an address like help@example.org; may be empty
}

// BrandSource answers the brand in force. It is asked once for every page and
// asset, and should answer from memory; a source that cannot read its settings
// answers what it answered last.
type BrandSource func(*http.Request) Brand

// logoTypes are the media types a logo may have, and the ending of its file.
var logoTypes = map[string]string{
	"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp",
}

// Check reports every reason why the pages could not show this brand.
func (b Brand) Check() error {
	var errs []error
	if b.Accent != "" {
		errs = append(errs, CheckAccent(b.Accent))
	}
	if len(b.Logo) > 0 && logoTypes[b.LogoType] == "" {
		errs = append(errs, fmt.Errorf("logo type %q is none of image/svg+xml, image/png, image/jpeg, image/webp",
			b.LogoType))
	}
	for _, l := range []struct{ name, url string }{{"home", b.HomeURL}, {"support", b.SupportURL},
		{"privacy", b.PrivacyURL}, {"terms", b.TermsURL}} {
		if l.url != "" && webLink(l.url) == "" {
			errs = append(errs, fmt.Errorf("%s link %q is not an http or https address", l.name, l.url))
		}
	}
	return errors.Join(errs...)
}

func (b Brand) equal(o Brand) bool {
	return b.Name == o.Name && b.LogoType == o.LogoType && b.Accent == o.Accent &&
		b.HomeURL == o.HomeURL && b.SupportURL == o.SupportURL && b.PrivacyURL == o.PrivacyURL &&
		b.TermsURL == o.TermsURL && b.SupportEmail == o.SupportEmail && bytes.Equal(b.Logo, o.Logo)
}

// livery is a brand made ready for pages: checked, with the addresses of its
// stylesheet, logo and icon.
type livery struct {
	Name                    string
	Home, Support           string
	Mail                    string // of support
	Privacy, Terms          string
	CSS, Logo, Mark, Icon   string
	brand                   Brand
	stylesheet, icon, image asset
}

// wardrobe keeps the livery of the brand seen last. Brands change once in a
// blue moon, and hashing a logo for every page would be waste.
type wardrobe struct {
	mu   sync.Mutex
	last *livery
}

func (w *wardrobe) dress(b Brand) *livery {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == nil || !w.last.brand.equal(b) {
		w.last = newLivery(b)
	}
	return w.last
}

// Contact names whom people are to ask.
func (l *livery) Contact() any {
	switch {
	case l.Mail != "":
		return l.Mail
	case l.Support != "":
		return l.Name
	}
	return Say("ask.operator", l.Name)
}

// HelpURL is where a person finds help: the page that the operator named, else a message
// to their address. Empty: neither is known.
func (l *livery) HelpURL() template.URL {
	switch {
	case l.Support != "":
		return template.URL(l.Support) //nolint:gosec // G203: webLink looked at it
	case l.Mail != "":
		return template.URL("mailto:" + url.PathEscape(l.Mail)) //nolint:gosec // G203: an escaped address
	}
	return ""
}

// help is the link to HelpURL, if there is one.
func (l *livery) help() []link {
	to := l.HelpURL()
	if to == "" {
		return nil
	}
	return []link{{to, Say("link.help_from", l.Name)}}
}

// mailAddress returns s if it is a plain e-mail address, else nothing.
func mailAddress(s string) string {
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
		return ""
	}
	return s
}

// newLivery never fails: a page is shown with the parts that pass, the default
// standing in for the others. Settings are checked when they are written.
func newLivery(b Brand) *livery {
	l := &livery{brand: b, Name: oneLine(b.Name), Home: webLink(b.HomeURL), Support: webLink(b.SupportURL),
		Privacy: webLink(b.PrivacyURL), Terms: webLink(b.TermsURL), Mail: mailAddress(b.SupportEmail)}
	if l.Name == "" {
		l.Name = defaultName
	}
	l.brand.Logo = bytes.Clone(b.Logo)
	accent, err := parseAccent(b.Accent)
	if err != nil {
		accent, _ = parseAccent(DefaultAccent)
	}
	l.stylesheet, l.icon = accentStylesheet(accent), accentIcon(accent)
	l.CSS, l.Mark = l.stylesheet.path(), l.icon.path()
	l.Icon = l.Mark
	if ending := logoTypes[b.LogoType]; ending != "" && len(b.Logo) > 0 {
		l.image = newAsset("logo", ending, b.LogoType, l.brand.Logo)
		l.Logo, l.Icon = l.image.path(), l.image.path()
	}
	return l
}
