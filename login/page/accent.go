package page

import (
	"fmt"
	"math"
	"strconv"
)

// The surfaces that the stylesheet paints, which contrast is measured against.
var (
	lightSurface = colour{0xff, 0xff, 0xff}
	darkSurface  = colour{0x17, 0x1a, 0x21}
	lightGround  = colour{0xf4, 0xf5, 0xf8}
	darkGround   = colour{0x0e, 0x10, 0x15}
)

const (
	textContrast  = 4.5  // WCAG 2.2, 1.4.3
	shapeContrast = 3.0  // WCAG 2.2, 1.4.11
	leastAccent   = 1.25 // a fill that is to be told from the page at a glance
)

// colour is sRGB.
type colour [3]uint8

var white, ink = colour{255, 255, 255}, colour{0x0b, 0x0d, 0x12}

func (c colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// CheckAccent reports why hex cannot be the accent colour: it is not #rrggbb, or
// text on it could not be read, or it would vanish in the light or the dark
// scheme. Shades for borders, links and focus are derived and need no check.
func CheckAccent(hex string) error {
	_, err := parseAccent(hex)
	return err
}

func parseAccent(hex string) (colour, error) {
	var c colour
	n, err := strconv.ParseUint(hex[min(1, len(hex)):], 16, 24)
	if err != nil || len(hex) != 7 || hex[0] != '#' {
		return c, fmt.Errorf("accent %q is not a colour like %s", hex, DefaultAccent)
	}
	c = colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}
	if best := contrast(c, textOn(c)); best < textContrast {
		return c, fmt.Errorf("accent %s: text on it has a contrast of %.2f, and %.1f is needed; choose a darker or a lighter one", c, best, textContrast)
	}
	if contrast(c, lightSurface) < leastAccent {
		return c, fmt.Errorf("accent %s is nearly the colour of the page by day; choose a darker one", c)
	}
	if contrast(c, darkSurface) < leastAccent {
		return c, fmt.Errorf("accent %s is nearly the colour of the page by night; choose a lighter one", c)
	}
	return c, nil
}

// textOn is the colour of text on a fill: white where that can be read, since it
// looks calmer on colours, else ink.
func textOn(fill colour) colour {
	if contrast(fill, white) >= textContrast {
		return white
	}
	return ink
}

// contrast is the ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b colour) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(c colour) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// mix goes from a to b; 0 is a, 1 is b.
func mix(a, b colour, share float64) colour {
	var c colour
	for i := range c {
		c[i] = uint8(math.Round(float64(a[i])*(1-share) + float64(b[i])*share))
	}
	return c
}

// against is the shade nearest to c that stands out from every given surface by
// the ratio: darker on light surfaces, lighter on dark ones.
func against(c colour, ratio float64, surfaces ...colour) colour {
	towards := ink
	if luminance(surfaces[0]) < 0.5 {
		towards = white
	}
	for share := 0.0; share < 1; share += 0.02 {
		shade := mix(c, towards, share)
		if standsOut(shade, ratio, surfaces) {
			return shade
		}
	}
	return towards
}

func standsOut(c colour, ratio float64, surfaces []colour) bool {
	for _, s := range surfaces {
		if contrast(c, s) < ratio {
			return false
		}
	}
	return true
}
