package textutil

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Printable keeps names that others chose from steering the terminal: control
// characters, escape sequences and changes of writing direction.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '�'
		}
		return r
	}, s)
}

// Clock is an instant as a person reads it here.
func Clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04 MST") }

// Number is a count with its noun.
func Number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Size is a number of bytes as a person reads it.
func Size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d bytes", n)
	}
	v, names := float64(n)/unit, []string{"KiB", "MiB", "GiB", "TiB"}
	for len(names) > 1 && v >= unit {
		v, names = v/unit, names[1:]
	}
	return fmt.Sprintf("%.1f %s", v, names[0])
}
