package page

import "html/template"

// Post sends an app the answer it waits for, by a form that leaves at once. Without
// script the person sends it.
type Post struct {
	App    App
	URI    string      // an https or http address that App registered
	Params [][2]string // names and values of what is sent
}

func (p Post) frame(*livery) frame {
	return frame{template: "post", title: Say("post.title", p.App.Name), leaves: true, sends: true}
}

// Target is where the form goes. The address stays byte for byte as it was registered,
// while the template would write some marks of an address in another spelling. Empty,
// and no form, for what is no address.
func (p Post) Target() template.HTMLAttr {
	if webLink(p.URI) == "" {
		return ""
	}
	return template.HTMLAttr(`action="` + template.HTMLEscapeString(p.URI) + `"`) //nolint:gosec // G203: escaped, and its scheme was looked at
}
