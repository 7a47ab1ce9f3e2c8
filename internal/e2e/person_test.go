package e2e

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// person is somebody at a browser that knows no script. On the provider's pages they
// sign in, allow, and press the one button there is; what leads elsewhere ends the
// visit.
type person struct {
	t       *testing.T
	issuer  string
	browser *http.Client

	signIns, consents int // pages of that kind in the last visit
}

func newPerson(t *testing.T, s *server) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t: t, issuer: s.issuer, browser: &http.Client{Transport: s.client.Transport, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// arrival is where a visit ends: elsewhere, with what was brought there, or on a page
// of the provider.
type arrival struct {
	status int
	title  string // of the page

	uri    string // elsewhere, without the parameters that were added
	mode   string // query, fragment, form_post
	params url.Values
}

// asks are the pages that a visit goes on from, by the id of the button to press, and
// what is typed there. At #continue the form leaves the provider.
var asks = map[string]url.Values{
	"sign-in": {"username": {"ada"}, "password": {adaPassword}}, "allow": nil, "sign-out": nil, "continue": nil,
}

// visit opens an address of the provider, with a form if there is one, and goes on to
// where it ends.
func (p *person) visit(address string, sent url.Values) arrival {
	p.t.Helper()
	p.signIns, p.consents = 0, 0
	method := http.MethodGet
	if sent != nil {
		method = http.MethodPost
	}
	for range 20 {
		resp, doc := p.fetch(method, address, sent)
		if to := resp.Header.Get("Location"); to != "" {
			next, err := resp.Request.URL.Parse(to)
			if err != nil {
				p.t.Fatal(err)
			}
			if !strings.HasPrefix(next.String(), p.issuer+"/") {
				return leftFor(p.t, resp.StatusCode, next.String())
			}
			method, address, sent = http.MethodGet, next.String(), nil
			continue
		}
		f := doc.form()
		if f == nil {
			return arrival{status: resp.StatusCode, title: doc.title}
		}
		target, err := resp.Request.URL.Parse(f.action)
		if err != nil {
			p.t.Fatal(err)
		}
		if f.button == "continue" {
			return arrival{status: resp.StatusCode, uri: target.String(), mode: "form_post", params: f.values}
		}
		p.count(f.button)
		method, address, sent = http.MethodPost, target.String(), f.values
	}
	p.t.Fatalf("%s leads on and on", address)
	return arrival{}
}

func (p *person) count(button string) {
	switch button {
	case "sign-in":
		p.signIns++
	case "allow":
		p.consents++
	}
}

// visitApp opens an address of an app, and goes by the provider back to a page of the
// app, or ends on one of the provider. It returns that page.
func (p *person) visitApp(address string) (status int, at, text string) {
	p.t.Helper()
	for range 20 {
		if strings.HasPrefix(address, p.issuer+"/") {
			a := p.visit(address, nil)
			if a.uri == "" {
				return a.status, p.issuer, a.title
			}
			address = a.uri + "?" + a.params.Encode()
			continue
		}
		resp, err := p.browser.Get(address)
		if err != nil {
			p.t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			p.t.Fatal(err)
		}
		if to, err := resp.Location(); err == nil {
			address = to.String()
			continue
		}
		return resp.StatusCode, address, string(body)
	}
	p.t.Fatalf("%s leads on and on", address)
	return 0, "", ""
}

func (p *person) fetch(method, address string, form url.Values) (*http.Response, *document) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", p.issuer)
	}
	resp, err := p.browser.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return resp, pageOf(p.t, resp.Body)
}

// leftFor takes an address apart into the redirect URI and what was added to it: a
// redirect URI of these tests has no parameters of its own.
func leftFor(t *testing.T, status int, to string) arrival {
	t.Helper()
	a := arrival{status: status, mode: "query"}
	uri, added, found := strings.Cut(to, "?")
	if strings.Contains(uri, "#") || !found {
		a.mode = "fragment"
		uri, added, _ = strings.Cut(to, "#")
	}
	params, err := url.ParseQuery(added)
	if err != nil {
		t.Fatalf("sent to %s: %v", to, err)
	}
	a.uri, a.params = uri, params
	return a
}

// document is what a person sees of a page.
type document struct {
	title string
	forms []*form
}

type form struct {
	action string
	values url.Values // what it sends: hidden inputs, and the button
	button string     // the id of its first button
}

// form is the one that a person goes on with; nil: none.
func (d *document) form() *form {
	for _, f := range d.forms {
		typed, known := asks[f.button]
		if !known {
			continue
		}
		for name, values := range typed {
			f.values[name] = values
		}
		return f
	}
	return nil
}

func pageOf(t *testing.T, body io.Reader) *document {
	t.Helper()
	d := &document{}
	var now *form
	for z := html.NewTokenizer(body); ; {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			return d
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			get := func(name string) string {
				i := slices.IndexFunc(tag.Attr, func(a html.Attribute) bool { return a.Key == name })
				if i < 0 {
					return ""
				}
				return tag.Attr[i].Val
			}
			switch {
			case tag.Data == "title" && z.Next() == html.TextToken:
				d.title = z.Token().Data
			case tag.Data == "form":
				now = &form{action: get("action"), values: url.Values{}}
				d.forms = append(d.forms, now)
			case tag.Data == "input" && get("type") == "hidden" && now != nil:
				now.values.Add(get("name"), get("value"))
			case tag.Data == "button" && now != nil && now.button == "":
				now.button = get("id")
				if get("name") != "" {
					now.values.Add(get("name"), get("value"))
				}
			}
		}
	}
}
