package page

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// App is a client as people see it. Its strings were written by a developer and
// are not trusted.
type App struct {
	Name      string // client_name
	LogoURL   string // a path on this origin; anything else is not shown, initials are
	HomeURL   string // client_uri, registered
	PolicyURL string // policy_uri, registered
	TermsURL  string // tos_uri, registered
	Owner     string // who answers for it; may be empty
}

// Person is an account as its owner sees it.
type Person struct {
	Name       string // full name; may be empty
	Username   string
	PictureURL string // a path on this origin; anything else is not shown, initials are
}

// Display is the name to call somebody by.
func (p Person) Display() string {
	if strings.TrimSpace(p.Name) != "" {
		return p.Name
	}
	return p.Username
}

// avatar is a picture, or the initial that stands in for it.
type avatar struct {
	Image   string
	Initial string
	Round   bool
}

func appAvatar(a App) avatar {
	return avatar{Image: localPath(a.LogoURL), Initial: initial(a.Name)}
}

func personAvatar(p Person) avatar {
	return avatar{Image: localPath(p.PictureURL), Initial: initial(p.Display()), Round: true}
}

// initial is the first letter or digit of a name.
func initial(name string) string {
	for _, r := range name {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return ""
}

// localPath returns u if it is a path on this origin, else nothing: the content
// security policy would refuse other images, and fetching them would tell
// strangers who signs in where.
func localPath(u string) string {
	p, err := url.Parse(u)
	if err != nil || p.Scheme != "" || p.Host != "" || !strings.HasPrefix(u, "/") ||
		strings.HasPrefix(u, "//") || strings.ContainsAny(u, "\\") {
		return ""
	}
	return u
}

// webLink returns u if a person may be sent there, else nothing. Only http and
// https: javascript: and data: run as code, other schemes start programs.
func webLink(u string) string {
	p, err := url.Parse(u)
	if err != nil || p.Host == "" || p.User != nil || (p.Scheme != "https" && p.Scheme != "http") {
		return ""
	}
	return u
}

// scripted are the schemes of what a browser runs, renders or reads itself. No app can
// register them; a link would be our doing all the same.
var scripted = []string{"about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source"}

// appLink is webLink for the registered address of an app, which may be a private
// scheme that a native app answers to (RFC 8252 section 7.1).
func appLink(u string) string {
	p, err := url.Parse(u)
	if err == nil && p.Scheme != "" && p.Scheme != "http" && p.Scheme != "https" &&
		!slices.Contains(scripted, p.Scheme) && p.User == nil {
		return u
	}
	return webLink(u)
}
