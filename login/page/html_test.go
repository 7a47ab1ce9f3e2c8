package page_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// element is a start tag of a page, with the text inside it.
type element struct {
	name string
	attr map[string]string
	text string
	in   *element
}

// within reports whether e stands inside an element of that name.
func (e *element) within(name string) bool {
	for p := e.in; p != nil; p = p.in {
		if p.name == name {
			return true
		}
	}
	return false
}

// inside reports whether e stands inside that very element.
func (e *element) inside(of *element) bool {
	for p := e.in; p != nil; p = p.in {
		if p == of {
			return true
		}
	}
	return false
}

// elements parses a page. It fails on tags that do not match, which our own
// templates have no excuse for.
func elements(t testing.TB, page string) []*element {
	t.Helper()
	// HTML bears what XML does not: what was typed comes back as it was.
	legible := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(page, "?"))
	d := xml.NewDecoder(strings.NewReader(legible))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var all []*element
	var open *element
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if open != nil {
				t.Fatalf("<%s> is never closed", open.name)
			}
			return all
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, page)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attr: map[string]string{}, in: open}
			for _, a := range token.Attr {
				if _, twice := e.attr[a.Name.Local]; twice {
					t.Errorf("<%s> has %s twice", e.name, a.Name.Local)
				}
				e.attr[a.Name.Local] = a.Value
			}
			all = append(all, e)
			if !void[e.name] {
				open = e
			}
		case xml.EndElement:
			if void[token.Name.Local] {
				continue
			}
			if open == nil || open.name != token.Name.Local {
				t.Fatalf("</%s> closes something else", token.Name.Local)
			}
			open = open.in
		case xml.CharData:
			for e := open; e != nil; e = e.in {
				e.text += string(token)
			}
		}
	}
}

var void = map[string]bool{"meta": true, "link": true, "input": true, "img": true, "br": true, "hr": true}
