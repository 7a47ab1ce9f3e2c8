package browser

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// Goto opens url as if typed into the address bar (so it is no cross-site
// request: use a link on a page for one) and waits until it has loaded.
func (b *Tab) Goto(url string) {
	b.t.Helper()
	b.navigate("going to "+url, func(ctx context.Context, target *chromedp.Target) error {
		res, err := cdp.Call(ctx, target, page.Navigate, page.NavigateParams{URL: url})
		if err == nil && res.ErrorText != "" && res.ErrorText != aborted {
			err = errors.New(res.ErrorText)
		}
		return err
	})
}

// Back presses the browser's back button.
func (b *Tab) Back() {
	b.t.Helper()
	h := b.history()
	if h.CurrentIndex == 0 {
		b.t.Fatal("there is nothing to go back to")
	}
	b.navigate("going back", func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.NavigateToHistoryEntry,
			page.NavigateToHistoryEntryParams{EntryID: h.Entries[h.CurrentIndex-1].ID})
		return err
	})
}

// Reload presses the browser's reload button. The answer to a POST is posted
// again, as if the person had agreed to it.
func (b *Tab) Reload() {
	b.t.Helper()
	b.navigate("reloading", func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.Reload, page.ReloadParams{})
		return err
	})
}

// history returns the tab's entries and the index of the current one.
func (b *Tab) history() page.GetNavigationHistoryResult {
	b.t.Helper()
	return run(b, "reading the history", chromedp.NavigationEntries())
}

// navigate runs what starts a navigation and waits until that has ended.
func (b *Tab) navigate(what string, begin func(context.Context, *chromedp.Target) error) {
	b.t.Helper()
	b.watch.mu.Lock()
	before := b.watch.settled
	b.watch.mu.Unlock()
	run(b, what, chromedp.Func(begin))
	b.await(what, func(w *watch) bool { return w.settled > before })
}

// WaitURL waits until a document whose address begins with prefix has loaded,
// and returns that address with its fragment. It is for navigations that a
// page starts by itself (a form posted by script, a refresh).
func (b *Tab) WaitURL(prefix string) string {
	b.t.Helper()
	b.await("waiting for a page at "+prefix, func(w *watch) bool { return w.at(prefix) })
	return b.URL()
}

// WaitRequest waits until the tab was sent to an address that begins with
// prefix, and returns that address. It sees redirects that no page answers, so
// a test can receive the code sent to com.example.app:/cb. Each request is
// returned once, oldest first. After an app's own scheme was opened, Chromium
// shows its dialog over the page; go on with Goto, Back or NewTab.
func (b *Tab) WaitRequest(prefix string) string {
	b.t.Helper()
	var url string
	b.await("waiting for a request to "+prefix, func(w *watch) (ok bool) {
		url, ok = w.take(prefix)
		return ok
	})
	return url
}

// URL returns the address of the document shown, with its fragment.
func (b *Tab) URL() string {
	b.watch.mu.Lock()
	defer b.watch.mu.Unlock()
	return b.watch.url
}

// Status returns the HTTP status of the document shown.
func (b *Tab) Status() int {
	b.watch.mu.Lock()
	defer b.watch.mu.Unlock()
	return b.watch.status
}

// Cookies returns every cookie of the tab's browser, whatever its path.
func (b *Tab) Cookies() []*http.Cookie {
	b.t.Helper()
	res := run(b, "reading the cookies", func(ctx context.Context, target *chromedp.Target) (storage.GetCookiesResult, error) {
		return chromedp.CallBrowser(ctx, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: b.jar})
	})
	cookies := make([]*http.Cookie, 0, len(res.Cookies))
	for _, c := range res.Cookies {
		cookies = append(cookies, cookie(c))
	}
	return cookies
}

// ClearCookies forgets every cookie of the tab's browser.
func (b *Tab) ClearCookies() {
	b.t.Helper()
	run(b, "clearing the cookies", func(ctx context.Context, target *chromedp.Target) (cdp.Empty, error) {
		return chromedp.CallBrowser(ctx, storage.ClearCookies, storage.ClearCookiesParams{BrowserContextID: b.jar})
	})
}

func cookie(c *network.Cookie) *http.Cookie {
	sameSite := map[network.CookieSameSite]http.SameSite{
		network.CookieSameSiteStrict: http.SameSiteStrictMode,
		network.CookieSameSiteLax:    http.SameSiteLaxMode,
		network.CookieSameSiteNone:   http.SameSiteNoneMode,
	}
	h := &http.Cookie{
		Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
		Secure: c.Secure, HttpOnly: c.HTTPOnly, SameSite: sameSite[c.SameSite],
	}
	if !c.Session {
		h.Expires = time.Unix(int64(c.Expires), 0)
	}
	return h
}
