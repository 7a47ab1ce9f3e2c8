package page_test

import (
	"reflect"
	"strings"
	"testing"

	"latchkey/login/page"
	"latchkey/login/page/pagetest"
)

// poison returns p with every string in it replaced.
func poison(p page.Page, with string) page.Page {
	v := reflect.New(reflect.TypeOf(p)).Elem()
	v.Set(deepCopy(reflect.ValueOf(p), with))
	return v.Interface().(page.Page)
}

func deepCopy(v reflect.Value, with string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			out.SetString(with)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(deepCopy(v.Field(i), with))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(deepCopy(v.Elem(), with).Addr())
		}
	case reflect.Slice:
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(deepCopy(v.Index(i), with))
		}
	}
	return out
}

var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onfocus='alert(1)`, `</title></style><b>`,
	`javascript:alert(1)`, ` JaVaScRiPt:alert(1)`, `data:text/html,<script>alert(1)</script>`, `//evil.example/x.png`,
	`https://evil.example/x.png`, `https://user@evil.example/`, `/\evil.example`, "vbscript:x", "{{.}}", "{1}{2}{9}",
	"a\u202eb\u2066c\u0000d\n\x1b[1m", "\xff\xfe",
}

func TestForeignStringsNeverBecomeMarkupOrCode(t *testing.T) {
	rd := renderer(t, page.Options{})
	for _, e := range pagetest.Examples() {
		plain := elements(t, render(t, rd, e.Status, e.Page).Body.String())
		for _, s := range hostile {
			body := render(t, rd, e.Status, poison(e.Page, s)).Body.String()
			all := elements(t, body)
			scripts := 0
			for _, el := range all {
				if el.name == "script" {
					scripts++
				}
				checkElement(t, e.Name, s, el)
			}
			if scripts != 1 || len(all) > 2*len(plain) {
				t.Errorf("%s with %q: %d elements, %d scripts", e.Name, s, len(all), scripts)
			}
			if strings.ContainsAny(body, "\u202e\u2066\x00\x1b") && !strings.Contains(body, `value="`) {
				t.Errorf("%s with %q shows marks that reorder text", e.Name, s)
			}
		}
	}
}

func checkElement(t *testing.T, name, s string, el *element) {
	t.Helper()
	for a, v := range el.attr {
		if strings.HasPrefix(a, "on") || a == "style" {
			t.Errorf("%s with %q: <%s %s>", name, s, el.name, a)
		}
		switch a {
		case "src":
			if !strings.HasPrefix(v, "/") || strings.HasPrefix(v, "//") || strings.HasPrefix(v, `/\`) {
				t.Errorf("%s with %q: <%s> loads %q", name, s, el.name, v)
			}
		case "href":
			// The address to change accounts comes from handlers, not from strangers.
			if scheme, _, ok := strings.Cut(v, ":"); ok && scheme != "https" && scheme != "http" {
				t.Errorf("%s with %q: link to %q", name, s, v)
			}
		case "action":
			if strings.Contains(strings.ToLower(v), "script:") {
				t.Errorf("%s with %q: form to %q", name, s, v)
			}
		}
	}
}

func TestNamesCannotReorderTheSentenceAroundThem(t *testing.T) {
	w := render(t, renderer(t, page.Options{}), 200, page.Expired{App: &page.App{Name: "\u202eoliam\u2066 Mail"}})
	if got := w.Body.String(); !strings.Contains(got,
		`Return to <strong dir="auto">oliam Mail</strong> and start again.`) {
		t.Error(got)
	}
}

func TestOnlyOwnPicturesAreShown(t *testing.T) {
	for url, shown := range map[string]bool{
		"/picture/1": true, "https://elsewhere.example/1.png": false, "//elsewhere.example/1.png": false,
		"///elsewhere.example/1.png": false,
		`/\elsewhere.example`:        false, "picture/1": false, "data:image/png;base64,AA": false, "": false,
	} {
		app := pagetest.Calendar()
		app.LogoURL = url
		body := render(t, renderer(t, page.Options{}), 200, page.SignIn{App: app}).Body.String()
		if got := strings.Contains(body, `<img class="avatar"`); got != shown {
			t.Errorf("logo %q: shown %v", url, got)
		}
	}
}
