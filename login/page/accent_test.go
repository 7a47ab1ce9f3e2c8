package page

import (
	"regexp"
	"strings"
	"testing"
)

func TestAccentsThatCannotBeUsedAreRefused(t *testing.T) {
	for _, c := range []struct{ hex, want string }{
		{"#1f5fbf", ""}, {"#4a56d2", ""}, {"#B3261E", ""}, {"#14683f", ""}, {"#ffd400", ""}, {"#1e3a8a", ""},
		{"#e07a00", ""}, {"#777777", "contrast of"},
		{"", "not a colour"}, {"#", "not a colour"}, {"1f5fbf", "not a colour"}, {"#1f5fb", "not a colour"},
		{"#1f5fbff", "not a colour"}, {"#1f5fbg", "not a colour"}, {"#+1f5fb", "not a colour"},
		{"#1_5fbf", "not a colour"}, {"red", "not a colour"},
		{"#ffffff", "by day"}, {"#fafafa", "by day"}, {"#ffff00", "by day"}, {"#000000", "by night"},
		{"#171a21", "by night"},
	} {
		err := CheckAccent(c.hex)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: %v, want %q", c.hex, err, c.want)
		}
	}
}

func TestContrastIsThatOfWCAG(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#ffffff", "#000000", 21}, {"#777777", "#ffffff", 4.478}, {"#0000ff", "#ffffff", 8.592},
		{"#ff0000", "#ff0000", 1}} {
		if got := contrast(sRGB(c.a), sRGB(c.b)); got < c.want-0.001 || got > c.want+0.001 {
			t.Errorf("%s on %s: %.3f, want %.3f", c.a, c.b, got, c.want)
		}
	}
}

func TestEveryAccentAcceptedIsReadableInBothSchemes(t *testing.T) {
	accepted := 0
	for n := 0; n < 16*16*16; n++ {
		accent := colour{uint8(n >> 8 * 17), uint8(n >> 4 & 15 * 17), uint8(n & 15 * 17)}
		if CheckAccent(accent.String()) != nil {
			continue
		}
		accepted++
		for _, scheme := range []struct{ surface, ground colour }{{lightSurface, lightGround},
			{darkSurface, darkGround}} {
			s := shadesOn(accent, scheme.surface, scheme.ground)
			for _, c := range []struct {
				what  string
				a, b  colour
				least float64
			}{
				{"text on a button", s.onFill, s.fill, textContrast},
				{"text on a button under the pointer", s.onFill, s.hover, textContrast},
				{"a link", s.text, scheme.surface, textContrast},
				{"a link on the ground", s.text, scheme.ground, textContrast},
				{"a link on a hint of the accent", s.text, s.soft, textContrast},
				{"an outline", s.edge, scheme.surface, shapeContrast},
				{"an outline on the ground", s.edge, scheme.ground, shapeContrast},
			} {
				if got := contrast(c.a, c.b); got < c.least {
					t.Fatalf("accent %s, surface %s: %s has %.2f", accent, scheme.surface, c.what, got)
				}
			}
		}
	}
	if accepted < 3000 {
		t.Errorf("only %d of 4096 colours may be an accent", accepted)
	}
}

func TestThePaletteIsReadableAndIsWhatAccentsAreMeasuredAgainst(t *testing.T) {
	light, dark, _ := strings.Cut(string(styleCSS), "@media (prefers-color-scheme: dark)")
	for name, c := range map[string]struct {
		css             string
		surface, ground colour
	}{"light": {light, lightSurface, lightGround}, "dark": {dark, darkSurface, darkGround}} {
		p := palette(c.css)
		if p["surface"] != c.surface || p["ground"] != c.ground {
			t.Errorf("%s: the stylesheet paints %s on %s", name, p["surface"], p["ground"])
		}
		for _, pair := range [][2]string{{"ink", "surface"}, {"ink", "ground"}, {"ink", "fill"},
			{"ink-soft", "surface"}, {"ink-soft", "ground"},
			{"ink-soft", "fill"}, {"ink", "bad-soft"}, {"bad", "bad-soft"}, {"bad", "surface"},
			{"ink", "good-soft"}, {"good", "good-soft"}, {"good", "surface"}} {
			if got := contrast(p[pair[0]], p[pair[1]]); got < textContrast {
				t.Errorf("%s: %s on %s has %.2f", name, pair[0], pair[1], got)
			}
		}
		if got := contrast(p["edge"], p["surface"]); got < shapeContrast {
			t.Errorf("%s: inputs have an outline of %.2f", name, got)
		}
	}
}

func TestTheStylesheetAloneHasTheDefaultAccent(t *testing.T) {
	want := shadesOn(sRGB(DefaultAccent), lightSurface, lightGround)
	p := palette(strings.SplitN(string(styleCSS), "@media", 2)[0])
	if p["accent"] != want.fill || p["accent-hover"] != want.hover || p["accent-text"] != want.text ||
		p["accent-edge"] != want.edge || p["accent-soft"] != want.soft {
		t.Errorf("%v, want %s", p, want.properties())
	}
}

var property = regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`)

// palette reads the first value of each custom property.
func palette(css string) map[string]colour {
	p := map[string]colour{}
	for _, m := range property.FindAllStringSubmatch(css, -1) {
		if _, ok := p[m[1]]; !ok {
			p[m[1]] = sRGB(m[2])
		}
	}
	return p
}

// sRGB reads a colour, whatever its merits.
func sRGB(s string) colour {
	var c colour
	const digits = "0123456789abcdef"
	for i := range c {
		c[i] = uint8(strings.IndexByte(digits, s[1+2*i])<<4 | strings.IndexByte(digits, s[2+2*i]))
	}
	return c
}
