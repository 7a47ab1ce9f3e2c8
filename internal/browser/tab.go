package browser

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// deadline bounds every helper. It is generous: two busy cores under the race
// detector must not fail a test that would have passed a moment later.
const deadline = 30 * time.Second

// Options say what kind of browser a test wants. The zero value is a light
// desktop window of 1280 by 800 pixels that runs script.
type Options struct {
	NoScript bool // run no script, as for a person who switched it off
	Width    int  // CSS pixels; 0 means 1280
	Height   int  // CSS pixels; 0 means 800
	Dark     bool // prefer the dark colour scheme

	// CheckCertificates refuses certificates of authorities that are not known.
	// CAFile, PEM, is then known as well. Without it any certificate will do.
	CheckCertificates bool
	CAFile            string
}

// Tab is one tab of one browser. Its helpers fail the test they belong to and
// must run on that test's goroutine.
type Tab struct {
	t       testing.TB
	options Options
	process *process
	jar     cdp.BrowserContextID
	ctx     context.Context
	watch   *watch
}

// New opens a tab in a browser of its own: no cookie, no cache and no history
// is shared with another New.
func New(t testing.TB, o Options) *Tab {
	t.Helper()
	return open(t, o, processFor(t, o), chromedp.WithNewBrowserContext())
}

// NewTab opens another tab of the same browser, with the same cookies.
func (b *Tab) NewTab() *Tab {
	b.t.Helper()
	return open(b.t, b.options, b.process, chromedp.WithExistingBrowserContext(b.jar))
}

func open(t testing.TB, o Options, p *process, jar chromedp.ContextOption) *Tab {
	t.Helper()
	if o.Width == 0 {
		o.Width = 1280
	}
	if o.Height == 0 {
		o.Height = 800
	}
	b := &Tab{t: t, options: o, process: p, watch: newWatch()}
	ctx, cancel := chromedp.NewContext(p.ctx, jar, chromedp.WithListener(b.watch.event))
	b.ctx = ctx
	t.Cleanup(cancel)
	t.Cleanup(func() {
		for _, problem := range b.Problems() {
			t.Errorf("browser: %s", problem)
		}
	})
	// Like the browser, a tab lives as long as the context of its first Run,
	// so that run is bounded by a timer.
	timer := time.AfterFunc(deadline, cancel)
	defer timer.Stop()
	if err := chromedp.Do(ctx, b.prepare()); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	b.jar = chromedp.FromContext(ctx).BrowserContextID
	return b
}

// prepare makes the new tab what its options say.
func (b *Tab) prepare() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		tree, err := cdp.Call(ctx, target, page.GetFrameTree, cdp.Empty{})
		if err != nil {
			return err
		}
		b.watch.follow(tree.FrameTree.Frame.ID)
		if err := appear(ctx, target, look{Width: b.options.Width, Height: b.options.Height, Dark: b.options.Dark}); err != nil {
			return err
		}
		return script(ctx, target, !b.options.NoScript)
	})
}

// Problems returns what went wrong on the tab's pages since it was last asked,
// and forgets it, so that it does not fail the test at its end.
func (b *Tab) Problems() []string {
	b.t.Helper()
	// Events and answers arrive in order: once this answer is here, so is
	// everything the page had reported. A tab that is gone has no more to say.
	ctx, cancel := context.WithTimeout(b.ctx, deadline)
	defer cancel()
	_, _ = chromedp.Run(ctx, chromedp.Evaluate[int]("0"))

	b.watch.mu.Lock()
	defer b.watch.mu.Unlock()
	problems := b.watch.problems
	b.watch.problems = nil
	return problems
}

// run runs one action within the deadline and fails the test if it cannot.
func run[T any](b *Tab, what string, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, deadline)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		b.fail(what, err)
	}
	return v
}

// await waits until the tab's events make done true, within the deadline.
func (b *Tab) await(what string, done func(*watch) bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, deadline)
	defer cancel()
	if err := b.watch.wait(ctx, done); err != nil {
		b.fail(what, err)
	}
}

// fail ends the test with what the tab shows, which is what one wants to know.
func (b *Tab) fail(what string, err error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	// A tab that cannot even say what it shows has still its address to show.
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
	b.t.Fatalf("%s: %v\n%s", what, err, b.describe(text))
}

func (b *Tab) describe(text string) string {
	b.watch.mu.Lock()
	defer b.watch.mu.Unlock()
	var s strings.Builder
	fmt.Fprintf(&s, "at %s (status %d)\n", b.watch.url, b.watch.status)
	for _, r := range b.watch.requests {
		fmt.Fprintf(&s, "  requested %s\n", r.url)
	}
	for _, p := range b.watch.problems {
		fmt.Fprintf(&s, "  %s\n", p)
	}
	if len(text) > 2000 {
		text = text[:2000] + "…"
	}
	return s.String() + text
}
