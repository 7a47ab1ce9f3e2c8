package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const startPage = `<title>start</title><h1>Start</h1>
	<a id=next href="/next#part">next</a> <a id=part href="#here">part</a> <a id=lost href="/lost">lost</a> <a id=empty href="/empty">empty</a>
	<form method=post action="/post"><input id=name name=name aria-label=Name><button id=send>Send</button></form>
	<a id=app href="com.example.app:/cb?code=link">app</a>
	<form method=post action="/app"><button id=allow>Allow</button></form>`

func walk(t *testing.T) string {
	mux := http.NewServeMux()
	pages := site{"/": startPage, "/next": `<title>next</title><h1>Next</h1>`, "/done": `<title>done</title><h1>Done</h1>`,
		"/auto": `<title>auto</title><form id=f method=post action="/post"><input name=name value=auto></form><script>document.getElementById("f").submit()</script>`}
	mux.Handle("GET /", pages)
	mux.HandleFunc("GET /empty", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("POST /post", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/done?name="+r.FormValue("name"), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /hash", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "com.example.app:/cb#id_token=x", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /app", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "com.example.app:/cb?code=form&state=x", http.StatusSeeOther)
	})
	return serve(t, mux)
}

// eachScript runs f with the page's script on and off.
func eachScript(t *testing.T, f func(t *testing.T, o Options)) {
	for _, off := range []bool{false, true} {
		t.Run(fmt.Sprintf("no script %v", off), func(t *testing.T) { f(t, Options{NoScript: off}) })
	}
}

func TestWalkingThroughPages(t *testing.T) {
	base := walk(t)
	eachScript(t, func(t *testing.T, o Options) {
		b := New(t, o)
		at := func(url string, status int, title string) {
			t.Helper()
			if b.URL() != base+url || b.Status() != status || b.Title() != title {
				t.Fatalf("at %s, status %d, title %q; want %s, %d, %q", b.URL(), b.Status(), b.Title(), base+url, status, title)
			}
		}
		b.Goto(base)
		at("/", 200, "start")
		b.Follow("#next")
		at("/next#part", 200, "next")
		if got := b.Text("h1"); got != "Next" {
			t.Errorf("the heading reads %q", got)
		}
		b.Back()
		at("/", 200, "start")
		b.Follow("#part")
		at("/#here", 200, "start")
		b.Follow("#lost")
		at("/lost", 404, "")
		b.Back()
		b.Follow("#empty")
		at("/#here", 200, "start")
		b.Fill("#name", "someone else")
		b.Fill("#name", "Ada \"O'Brien\" Å")
		b.Reload()
		b.Fill("#name", "first")
		b.Fill("#name", "")
		b.Fill("#name", "ada")
		b.Follow("#send")
		at("/done?name=ada", 200, "done")
		b.Reload()
		at("/done?name=ada", 200, "done")
		if !strings.Contains(b.HTML(), "<h1>Done</h1>") || !b.Has("h1") || b.Has("h2") {
			t.Errorf("the page is %s", b.HTML())
		}
	})
}

func TestAFormPostedByScriptIsWaitedFor(t *testing.T) {
	base := walk(t)
	b := New(t, Options{})
	b.Goto(base + "/auto")
	if got := b.WaitURL(base + "/done"); got != base+"/done?name=auto" {
		t.Errorf("ended at %s", got)
	}
}

func TestScriptOffMeansThePageRunsNone(t *testing.T) {
	base := walk(t)
	b := New(t, Options{NoScript: true})
	b.Goto(base + "/auto")
	if got := b.Title(); got != "auto" {
		t.Errorf("the page went on to %q", got)
	}
}

func TestTheCodeSentToAnAppsOwnSchemeIsSeen(t *testing.T) {
	base := walk(t)
	eachScript(t, func(t *testing.T, o Options) {
		b := New(t, o)
		b.Goto(base)
		b.Follow("#allow")
		if got := b.WaitRequest("com.example.app:/cb"); got != "com.example.app:/cb?code=form&state=x" {
			t.Errorf("the app was sent %s", got)
		}
		b.Goto(base) // past Chromium's dialog
		b.Follow("#app")
		if got := b.WaitRequest("com.example.app:/cb"); got != "com.example.app:/cb?code=link" {
			t.Errorf("the second request was %s", got)
		}
		b.Goto(base + "/hash")
		if got := b.WaitRequest("com.example.app:/cb"); got != "com.example.app:/cb#id_token=x" {
			t.Errorf("the third request was %s", got)
		}
		if got := b.URL(); got != base+"/" {
			t.Errorf("the page changed to %s", got)
		}
	})
}

func TestALinkToNowhereEndsInTheBrowsersOwnErrorPage(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	b := New(t, Options{})
	b.Goto(serve(t, site{"/": `<title>x</title><a id=gone href="` + closed.URL + `/cb?code=x">gone</a>`}))
	b.Follow("#gone")
	if b.URL() != closed.URL+"/cb?code=x" || b.Status() != 0 {
		t.Errorf("at %s, status %d", b.URL(), b.Status())
	}
	if got := b.WaitRequest(closed.URL); got != b.URL() {
		t.Errorf("it was sent to %s", got)
	}
	b.Back()
	if b.Title() != "x" {
		t.Errorf("back at %q", b.Title())
	}
}

func TestWhatAPersonCannotClickIsNotClicked(t *testing.T) {
	base := serve(t, site{"/": `<title>x</title><button id=off disabled>Off</button><button id=hidden hidden>Hidden</button>
		<button id=under style="position:absolute;top:100px;left:0">Under</button>
		<div id=over style="position:absolute;top:90px;left:0;width:300px;height:80px">Over</div>
		<label>Yes <input type=checkbox id=box style="opacity:0"></label>`})
	b := New(t, Options{})
	b.Goto(base)
	b.Click("#box")
	if !Eval[bool](b, `document.querySelector("#box").checked`) {
		t.Error("the box is not ticked")
	}
	for selector, want := range map[string]string{
		"#off": "disabled", "#hidden": "cannot be seen", "#under": `lies under <div id="over"`, "#none": "no such element",
	} {
		if got := b.probe(b.ctx, selector, clickable).Why; !strings.Contains(got, want) {
			t.Errorf("clicking %s: %q, want %q", selector, got, want)
		}
	}
}
