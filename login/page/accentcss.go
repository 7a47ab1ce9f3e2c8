package page

import (
	"fmt"
	"regexp"
	"strings"
)

// shades are what the stylesheet paints with, in one scheme.
type shades struct {
	fill, onFill colour // buttons
	hover        colour // buttons under the pointer; carries onFill too
	edge         colour // outlines of shapes, focus rings
	text         colour // links
	soft         colour // a hint of the accent behind text
}

func shadesOn(accent, surface, ground colour) shades {
	s := shades{fill: accent, onFill: textOn(accent), soft: mix(surface, accent, 0.08)}
	if luminance(surface) < 0.5 {
		s.soft = mix(surface, accent, 0.13)
	}
	// Away from the text on it, so that hovering never costs contrast.
	away := white
	if s.onFill == white {
		away = ink
	}
	s.hover = mix(accent, away, 0.14)
	s.edge = against(accent, shapeContrast, surface, ground, s.soft)
	s.text = against(accent, textContrast, surface, ground, s.soft)
	return s
}

func (s shades) properties() string {
	return fmt.Sprintf("--accent:%s;--on-accent:%s;--accent-hover:%s;--accent-edge:%s;--accent-text:%s;--accent-soft:%s",
		s.fill, s.onFill, s.hover, s.edge, s.text, s.soft)
}

// accentStylesheet is the part of the style that depends on the operator. Its
// name tells the colour, so any replica can serve it, before and after a change.
func accentStylesheet(accent colour) asset {
	css := fmt.Sprintf(":root{%s}\n@media (prefers-color-scheme:dark){:root{%s}}\n",
		shadesOn(accent, lightSurface, lightGround).properties(),
		shadesOn(accent, darkSurface, darkGround).properties())
	return newAsset("brand-"+accent.String()[1:], "css", "text/css; charset=utf-8", []byte(css))
}

// accentIcon is the mark, a key that is also an L, in the operator's colour.
func accentIcon(accent colour) asset {
	svg := strings.NewReplacer("{fill}", accent.String(), "{on}", textOn(accent).String()).Replace(markSVG)
	return newAsset("mark-"+accent.String()[1:], "svg", "image/svg+xml", []byte(svg))
}

var accentName = regexp.MustCompile(`^(brand|mark)-([0-9a-f]{6})-`)

// accentAsset makes the asset of that name again, if it is one of ours.
func accentAsset(name string) (asset, bool) {
	m := accentName.FindStringSubmatch(name)
	if m == nil {
		return asset{}, false
	}
	accent, err := parseAccent("#" + m[2])
	if err != nil {
		return asset{}, false
	}
	made := accentStylesheet(accent)
	if m[1] == "mark" {
		made = accentIcon(accent)
	}
	return made, made.name == name
}
