package browser

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const schemed = `<html lang=en><title>x</title><meta name=viewport content="width=device-width">
	<style>:root{color-scheme:light dark} body{margin:0;background:white} #w{height:1500px}
	@media (prefers-color-scheme: dark){body{background:rgb(1,2,3)}}</style><main><h1>x</h1><div id=w></div></main>`

func TestTheWindowIsAsAsked(t *testing.T) {
	base := serve(t, site{"/": schemed})
	for _, o := range []Options{{}, {Width: 320, Height: 500}, {Dark: true}, {Dark: true, NoScript: true, Width: 360}} {
		b := New(t, o)
		b.Goto(base)
		width, background := 1280, "rgb(255, 255, 255)"
		if o.Width != 0 {
			width = o.Width
		}
		if o.Dark {
			background = "rgb(1, 2, 3)"
		}
		if got := Eval[int](b, "window.innerWidth"); got != width {
			t.Errorf("%+v: %d pixels wide, want %d", o, got, width)
		}
		if got := Eval[string](b, "getComputedStyle(document.body).backgroundColor"); got != background {
			t.Errorf("%+v: background %s, want %s", o, got, background)
		}
	}
}

func TestScreenshotsShowTheWholePageFourWays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pictures")
	t.Setenv(ScreenshotsEnv, dir)
	b := New(t, Options{NoScript: true})
	b.Goto(serve(t, site{"/": schemed}))
	b.Screenshot("x")
	for name, want := range map[string]struct {
		width int
		red   uint32
	}{
		"x-360-light.png": {360, 255}, "x-360-dark.png": {360, 1}, "x-1280-light.png": {1280, 255}, "x-1280-dark.png": {1280, 1},
	} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		picture, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		size := picture.Bounds()
		red, _, _, _ := picture.At(size.Dx()-1, size.Dy()-1).RGBA()
		if size.Dx() != want.width || size.Dy() < 1500 || red>>8 != want.red {
			t.Errorf("%s: %v, red %d in its corner", name, size, red>>8)
		}
	}
	if got := Eval[int](b, "window.innerWidth"); got != 1280 {
		t.Errorf("afterwards the window is %d pixels wide", got)
	}
}

func TestNoScreenshotWithoutAPlaceForIt(t *testing.T) {
	t.Setenv(ScreenshotsEnv, "")
	t.Chdir(t.TempDir())
	b := New(t, Options{})
	b.Screenshot("x")
	if files, err := os.ReadDir("."); err != nil || len(files) != 0 {
		t.Errorf("found %v, %v", files, err)
	}
}

func TestAPageTooWideIsSeen(t *testing.T) {
	b := New(t, Options{})
	b.Goto(serve(t, site{
		"/":     schemed,
		"/wide": strings.Replace(schemed, "id=w", "id=w style=width:321px", 1),
	}))
	b.Fits(t, 320)
	s := &spy{T: t}
	b.Goto(b.URL() + "wide")
	b.Fits(s, 320)
	if !strings.Contains(s.said(), "321 pixels wide") || !strings.Contains(s.said(), `id=\"w\"`) && !strings.Contains(s.said(), `id="w"`) {
		t.Errorf("it said %q", s.said())
	}
}
