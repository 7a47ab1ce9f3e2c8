package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// ScreenshotsEnv names the environment variable that says where Screenshot
// puts its pictures; without it, it takes none. `make screenshots` sets it.
const ScreenshotsEnv = "LATCHKEY_SCREENSHOTS"

// look is how a page is shown. Still means without animation, for pictures and
// measurements that must not depend on the moment.
type look struct {
	Width, Height int
	Dark, Still   bool
}

func (l look) scheme() string {
	if l.Dark {
		return "dark"
	}
	return "light"
}

// looks are those every page is judged in.
var looks = []look{
	{Width: 360, Height: 740, Still: true},
	{Width: 360, Height: 740, Still: true, Dark: true},
	{Width: 1280, Height: 800, Still: true},
	{Width: 1280, Height: 800, Still: true, Dark: true},
}

// appear shows the page in l.
func appear(ctx context.Context, target *chromedp.Target, l look) error {
	size := emulation.SetDeviceMetricsOverrideParams{Width: int64(l.Width), Height: int64(l.Height), DeviceScaleFactor: 1}
	if _, err := cdp.Call(ctx, target, emulation.SetDeviceMetricsOverride, size); err != nil {
		return err
	}
	motion := "no-preference"
	if l.Still {
		motion = "reduce"
	}
	_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: l.scheme()},
			{Name: "prefers-reduced-motion", Value: motion},
		},
	})
	return err
}

// as runs f with the page shown in l, and shows it as before afterwards.
func (b *Tab) as(l look, f func()) {
	b.t.Helper()
	show := func(l look) {
		b.t.Helper()
		run(b, "showing the page another way", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			return appear(ctx, target, l)
		}))
	}
	show(l)
	f()
	show(look{Width: b.options.Width, Height: b.options.Height, Dark: b.options.Dark})
}

// Screenshot takes four pictures of the whole page, narrow and wide, light and
// dark, named like sign-in-360-dark.png, into the directory that
// LATCHKEY_SCREENSHOTS names. Without that variable it does nothing.
func (b *Tab) Screenshot(name string) {
	b.t.Helper()
	dir := os.Getenv(ScreenshotsEnv)
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	for _, l := range looks {
		b.as(l, func() {
			picture := run(b, "taking a picture", chromedp.FullScreenshot(100))
			file := fmt.Sprintf("%s-%d-%s.png", name, l.Width, l.scheme())
			if err := os.WriteFile(filepath.Join(dir, file), picture, 0o644); err != nil {
				b.t.Fatal(err)
			}
		})
	}
}

// Fits fails t if the page, shown in a window width CSS pixels wide, has to be
// scrolled sideways. WCAG 2.2 (1.4.10, Reflow) asks for 320.
func (b *Tab) Fits(t testing.TB, width int) {
	t.Helper()
	b.as(look{Width: width, Height: 740, Still: true}, func() {
		if got := Eval[int](b, `document.documentElement.scrollWidth`); got > width {
			t.Errorf("%s is %d pixels wide in a window of %d; too wide: %v", b.URL(), got, width, Eval[[]string](b, tooWide))
		}
	})
}

// tooWide names the elements that stick out of the window.
const tooWide = `[...document.querySelectorAll("body *")]
	.filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth)
	.map(e => e.cloneNode(false).outerHTML.slice(0, 120)).slice(0, 10)`

// script switches the page's own script on or off; ours runs either way.
func script(ctx context.Context, target *chromedp.Target, on bool) error {
	_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: !on})
	return err
}
