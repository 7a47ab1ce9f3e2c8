package page_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"latchkey/login/page"
	"latchkey/login/page/pagetest"
)

func eachPage(t *testing.T, f func(t *testing.T, all []*element)) {
	rd := renderer(t, page.Options{})
	for _, e := range pagetest.Examples() {
		t.Run(e.Name, func(t *testing.T) { f(t, elements(t, render(t, rd, e.Status, e.Page).Body.String())) })
	}
}

func TestNothingInPagesIsInline(t *testing.T) {
	eachPage(t, func(t *testing.T, all []*element) {
		for _, e := range all {
			for a := range e.attr {
				if a == "style" || strings.HasPrefix(a, "on") {
					t.Errorf("<%s> has %s", e.name, a)
				}
			}
			if e.name == "style" || e.name == "base" || e.name == "iframe" || e.name == "script" &&
				(e.text != "" || e.attr["src"] == "") {
				t.Errorf("there is a <%s>%s", e.name, e.text)
			}
		}
	})
}

func TestPagesLoadNothingFromElsewhere(t *testing.T) {
	eachPage(t, func(t *testing.T, all []*element) {
		for _, e := range all {
			load := e.attr["src"]
			if e.name == "link" {
				load = e.attr["href"]
			}
			if load != "" && !strings.HasPrefix(load, "/assets/") {
				t.Errorf("<%s> loads %s", e.name, load)
			}
		}
	})
}

func TestIdsAreUniqueAndReferencesLead(t *testing.T) {
	eachPage(t, func(t *testing.T, all []*element) {
		ids := map[string]bool{}
		for _, e := range all {
			if id := e.attr["id"]; id != "" && ids[id] {
				t.Errorf("two elements have the id %q", id)
			} else if id != "" {
				ids[id] = true
			}
		}
		for _, e := range all {
			refs := strings.Fields(e.attr["aria-describedby"] + " " + e.attr["aria-labelledby"] + " " + e.attr["for"])
			if to, ok := strings.CutPrefix(e.attr["href"], "#"); ok {
				refs = append(refs, to)
			}
			for _, id := range refs {
				if !ids[id] {
					t.Errorf("<%s> refers to #%s, which is not there", e.name, id)
				}
			}
		}
	})
}

func TestEveryInputHasALabelAndEveryControlAName(t *testing.T) {
	eachPage(t, func(t *testing.T, all []*element) {
		labelled := map[string]bool{}
		for _, e := range all {
			if e.name == "label" {
				labelled[e.attr["for"]] = true
			}
		}
		for _, e := range all {
			_, hidden := e.attr["hidden"]
			switch {
			case e.name == "input" && e.attr["type"] != "hidden" && !hidden && !labelled[e.attr["id"]] &&
				!e.within("label"):
				t.Errorf("input %q has no label", e.attr["name"])
			case (e.name == "a" || e.name == "button" || e.name == "summary") &&
				strings.TrimSpace(e.text+e.attr["aria-label"]) == "":
				t.Errorf("a <%s> has no words", e.name)
			case e.name == "img" && !reflect.ValueOf(e.attr).MapIndex(reflect.ValueOf("alt")).IsValid():
				t.Error("an image has no alt")
			}
		}
	})
}

func TestEveryPageHasOneHeadingAndATitle(t *testing.T) {
	eachPage(t, func(t *testing.T, all []*element) {
		count := map[string]int{}
		for _, e := range all {
			count[e.name]++
			if e.name == "title" && !strings.HasSuffix(e.text, " – Resonite") {
				t.Errorf("title %q", e.text)
			}
			if e.name == "html" && e.attr["lang"] != "en" {
				t.Errorf("lang %q", e.attr["lang"])
			}
		}
		for _, name := range []string{"html", "title", "main", "h1", "header", "footer"} {
			if count[name] != 1 {
				t.Errorf("%d <%s>", count[name], name)
			}
		}
	})
}

func TestAFailedFormSaysSoEverywhere(t *testing.T) {
	rd := renderer(t, page.Options{})
	for _, e := range pagetest.Examples() {
		_, signIn := e.Page.(page.SignIn)
		_, password := e.Page.(page.ChangePassword)
		if e.Status != 422 && (e.Status == 200 || !signIn && !password) {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			var alert, invalid bool
			for _, el := range elements(t, render(t, rd, e.Status, e.Page).Body.String()) {
				alert = alert || el.attr["role"] == "alert"
				invalid = invalid || el.attr["aria-invalid"] == "true"
				if el.name == "title" && !strings.HasPrefix(el.text, "Error: ") {
					t.Errorf("title %q", el.text)
				}
				if el.attr["type"] == "password" && el.attr["value"] != "" {
					t.Error("a password is given back")
				}
			}
			if !alert || invalid != (e.Status == 422) {
				t.Errorf("alert %v, invalid input %v", alert, invalid)
			}
		})
	}
}

// What password managers and browsers go by to fill in the old password, offer a new
// one and keep it under the right name: one form with the username in it, and inputs
// that say what they are for.
func TestPasswordFormsSayWhatTheyAreForToPasswordManagers(t *testing.T) {
	rd := renderer(t, page.Options{})
	want := map[string][]string{
		"sign-in":         {"username=username", "password=current-password"},
		"sign-in-wrong":   {"username=username", "password=current-password"},
		"setup":           {"username=username", "email=email", "password=new-password"},
		"recover":         {"username=username", "password=new-password"},
		"password":        {"username=username", "current-password=current-password", "new-password=new-password"},
		"password-errors": {"username=username", "current-password=current-password", "new-password=new-password"},
	}
	for _, e := range pagetest.Examples() {
		if want[e.Name] == nil {
			continue
		}
		var got []string
		var form *element
		for _, el := range elements(t, render(t, rd, e.Status, e.Page).Body.String()) {
			if el.name == "form" && form == nil {
				form = el
			}
			if el.attr["autocomplete"] == "" || el.name != "input" {
				continue
			}
			got = append(got, el.attr["name"]+"="+el.attr["autocomplete"])
			if !el.inside(form) {
				t.Errorf("%s: %s stands outside the form", e.Name, el.attr["name"])
			}
			_, hidden := el.attr["hidden"]
			switch {
			case hidden && (el.attr["type"] != "text" || el.attr["value"] != "ada"):
				t.Errorf("%s: the hidden username is %v", e.Name, el.attr)
			case !hidden && el.attr["id"] != el.attr["name"]:
				t.Errorf("%s: %v has no id of its name", e.Name, el.attr)
			}
		}
		if !slices.Equal(got, want[e.Name]) {
			t.Errorf("%s: %q, want %q", e.Name, got, want[e.Name])
		}
	}
}
