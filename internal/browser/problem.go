package browser

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// problem puts an event into words if it means that a page is not as it should
// be: a script error, a subresource that failed, something the page's own
// Content Security Policy forbids, a cookie the browser refused.
func (w *watch) problem(ev any) string {
	switch ev := ev.(type) {
	case *log.EventEntryAdded:
		return w.logged(ev.Entry)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeAssert {
			return "console error: " + arguments(ev.Args)
		}
	case *runtime.EventExceptionThrown:
		return "script error: " + exception(ev.ExceptionDetails)
	case *network.EventResponseReceivedExtraInfo:
		return refused(ev.BlockedCookies)
	}
	return ""
}

// logged judges an entry of the browser's own log.
func (w *watch) logged(e *log.Entry) string {
	if e.Level != log.EntryLevelError {
		return ""
	}
	if e.Source == log.EntrySourceNetwork {
		// A page may well answer 404 or 422; that is for the test to judge.
		// A favicon is the browser's wish, not the page's.
		_, page := w.pages[e.NetworkRequestID]
		if u, err := url.Parse(e.URL); page || err == nil && u.Path == "/favicon.ico" {
			return ""
		}
	}
	text := strings.TrimSpace(e.Text)
	if e.Source == log.EntrySourceSecurity && strings.Contains(text, "Content Security Policy") {
		return "CSP violation: " + text
	}
	return fmt.Sprintf("%s error: %s (%s)", e.Source, text, e.URL)
}

func arguments(args []*runtime.RemoteObject) string {
	words := make([]string, 0, len(args))
	for _, a := range args {
		if a.Description != "" {
			words = append(words, a.Description)
			continue
		}
		words = append(words, string(a.Value))
	}
	return strings.Join(words, " ")
}

func exception(d *runtime.ExceptionDetails) string {
	text := d.Text
	if d.Exception != nil && d.Exception.Description != "" {
		text = d.Exception.Description
	}
	return fmt.Sprintf("%s (%s line %d)", text, d.URL, d.LineNumber+1)
}

func refused(cookies []*network.BlockedSetCookieWithReason) string {
	words := make([]string, 0, len(cookies))
	for _, c := range cookies {
		name, _, _ := strings.Cut(c.CookieLine, "=")
		words = append(words, fmt.Sprintf("cookie %s refused: %v", name, c.BlockedReasons))
	}
	return strings.Join(words, "; ")
}
