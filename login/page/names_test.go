package page_test

import (
	"reflect"
	"strings"
	"testing"

	"latchkey/internal/browser"
	"latchkey/login/page"
	"latchkey/login/page/pagetest"
)

// The names that people and apps give themselves: without a place to break, from right
// to left, and of pictures.
var (
	longApp    = "تقويم الفعاليات 🎉 " + strings.Repeat("Veranstaltungskalender", 4)
	longPerson = page.Person{Name: "👩🏽‍💻 עדה " + strings.Repeat("Lovelace", 12), Username: strings.Repeat("ada", 21)}
	longGroup  = strings.Repeat("Weltenbauer", 9)
)

// named is p with every app, person, address and group called something long.
func named(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(named(v.Field(i)))
			}
		}
		switch one := out.Addr().Interface().(type) {
		case *page.App:
			if one.Name != "" {
				one.Name, one.Owner = longApp, longPerson.Name
			}
		case *page.Person:
			if one.Username != "" {
				*one = longPerson
			}
		case *page.Scope:
			for i := range one.Groups {
				one.Groups[i] = longGroup
			}
			for i := range one.Values {
				one.Values[i].Text = strings.Repeat("a", 64) + "@" + strings.Repeat("example", 12) + ".org"
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(named(v.Elem()).Addr())
		}
	case reflect.Slice:
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(named(v.Index(i)))
		}
	}
	return out
}

func TestNamesOfAnyLengthAndScriptFitEveryWindow(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser looks at many pages")
	}
	var long []pagetest.Example
	seen := map[reflect.Type]bool{}
	for _, e := range pagetest.Examples() {
		typ := reflect.TypeOf(e.Page)
		if again := seen[typ]; again && e.Name != "home-apps" && e.Name != "consent-many-groups" {
			continue // one of each page, and those with lists
		}
		seen[typ] = true
		e.Page = named(reflect.ValueOf(e.Page)).Interface().(page.Page)
		long = append(long, e)
	}
	base, tab := exhibit(t, renderer(t, page.Options{}), long), browser.New(t, browser.Options{})
	for _, e := range long {
		tab.Goto(base + "/" + e.Name)
		tab.Fits(t, 320)
		tab.Screenshot("names-" + e.Name)
		if at := tab.URL(); at != base+"/"+e.Name {
			t.Errorf("%s: what was looked at is %s", e.Name, at)
		}
		for _, problem := range tab.Problems() {
			t.Errorf("%s: %s", e.Name, problem)
		}
	}
}
