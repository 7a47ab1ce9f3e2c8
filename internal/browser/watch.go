package browser

import (
	"context"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
)

// watch is what a tab has seen: where its document is, which addresses it was
// sent to, and what went wrong. Chromium's events write it; helpers wait on it.
type watch struct {
	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every event

	frame   cdp.FrameID // the top frame, the only one that is followed
	url     string      // of the document committed last, with its fragment
	loader  cdp.LoaderID
	status  int  // that document's HTTP status; 0 when it has none
	loaded  bool // that document has fired its load event
	settled int  // navigations that came to an end, with a document or without

	requests []request
	pages    map[network.RequestID]int // requests for a top document, and their status
	problems []string
}

// request is one address the tab was sent to.
type request struct {
	url   string
	taken bool // WaitRequest has returned it
}

func newWatch() *watch {
	return &watch{changed: make(chan struct{}), pages: map[network.RequestID]int{}}
}

// follow names the top frame.
func (w *watch) follow(id cdp.FrameID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frame = id
}

// wait blocks until done says so. It asks again after every event.
func (w *watch) wait(ctx context.Context, done func(*watch) bool) error {
	for {
		w.mu.Lock()
		ok, changed := done(w), w.changed
		w.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// event takes one event of the tab. It runs on the reader of the browser's
// messages, so it must not call the browser.
func (w *watch) event(ev any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.navigation(ev)
	if p := w.problem(ev); p != "" {
		w.problems = append(w.problems, p)
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// navigation follows the top frame from request to load event.
func (w *watch) navigation(ev any) {
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		// Redirects arrive here as well, those to an app's own scheme included.
		if ev.Type == network.ResourceTypeDocument && ev.FrameID == w.frame {
			w.requests = append(w.requests, request{url: ev.Request.URL + ev.Request.URLFragment})
			w.pages[ev.RequestID] = 0
		}
	case *network.EventResponseReceived:
		if _, ok := w.pages[ev.RequestID]; ok {
			w.pages[ev.RequestID] = int(ev.Response.Status)
		}
	case *network.EventLoadingFailed:
		// An aborted navigation (an app's own scheme, a download, 204) leaves
		// the old document in place; any other failure commits an error page.
		if _, ok := w.pages[ev.RequestID]; ok && ev.ErrorText == aborted {
			w.settled++
		}
	case *page.EventFrameNavigated:
		if ev.Frame.ParentID == "" {
			w.commit(ev)
		}
	case *page.EventNavigatedWithinDocument:
		if ev.FrameID == w.frame {
			w.url = ev.URL
			w.settled++
		}
	case *page.EventLifecycleEvent:
		if ev.Name == "load" && ev.LoaderID == w.loader {
			w.loaded = true
			w.settled++
		}
	}
}

// aborted is Chromium's name for a navigation that ended without a document.
const aborted = "net::ERR_ABORTED"

func (w *watch) commit(ev *page.EventFrameNavigated) {
	w.frame, w.loader = ev.Frame.ID, ev.Frame.LoaderID
	w.url = ev.Frame.URL + ev.Frame.URLFragment
	if ev.Frame.UnreachableURL != "" {
		w.url = ev.Frame.UnreachableURL
	}
	// Chromium gives a document's loader the id of the request that fetched it.
	w.status = w.pages[network.RequestID(w.loader)]
	// A page that comes back from the back/forward cache does not load again.
	w.loaded = ev.Type == page.NavigationTypeBackForwardCacheRestore
	if w.loaded {
		w.settled++
	}
}

// at reports whether a document under prefix stands loaded.
func (w *watch) at(prefix string) bool { return w.loaded && strings.HasPrefix(w.url, prefix) }

// take returns the oldest request under prefix that was not taken before.
func (w *watch) take(prefix string) (string, bool) {
	for i := range w.requests {
		if r := &w.requests[i]; !r.taken && strings.HasPrefix(r.url, prefix) {
			r.taken = true
			return r.url, true
		}
	}
	return "", false
}
