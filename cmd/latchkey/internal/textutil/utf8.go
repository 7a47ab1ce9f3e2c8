package textutil

import (
	"bytes"
	"unicode/utf8"
)

// WithoutMark drops the byte order mark that some editors and shells begin a file with.
func WithoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

// NotUTF8 returns the first line that is not UTF-8, if there is one.
func NotUTF8(text []byte) (line int, found bool) {
	for l := range bytes.Lines(text) {
		if line++; !utf8.Valid(l) {
			return line, true
		}
	}
	return 0, false
}
