package main

import (
	"bytes"
	"unicode/utf8"
)

// Texts from outside are UTF-8, or refused: whatever carries them on, JSON first of all,
// would replace each other byte by the same mark, and make one of two that differ.

// checkArguments refuses arguments that are not UTF-8.
func checkArguments(args []string) error {
	for i, a := range args {
		if !utf8.ValidString(a) {
			return usagef("argument %d is not UTF-8: see the language settings of this terminal (LANG)", i+1)
		}
	}
	return nil
}

// withoutMark drops the byte order mark that some editors and shells begin a file with.
func withoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

// notUTF8 returns the first line that is not UTF-8, if there is one.
func notUTF8(text []byte) (line int, found bool) {
	for l := range bytes.Lines(text) {
		if line++; !utf8.Valid(l) {
			return line, true
		}
	}
	return 0, false
}
