package keys

import (
	"slices"
	"strings"
)

// This file measures how much of a password is left when what everybody tries first
// is taken away.

// walks are rows and columns of keyboards, and sequences.
var walks = bothWays(
	"abcdefghijklmnopqrstuvwxyz", "01234567890",
	"qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm", "qazwsxedcrfvtgbyhnujm", "q1w2e3r4t5y6u7i8o9p0", "1q2w3e4r5t6y7u8i9o0p",
	"!@#$%^&*()", "147258369", "123654789",
)

const (
	minWalk = 3 // characters
	minRun  = 3
)

// lookalikes are the letters that a figure or sign stands for.
var lookalikes = map[rune]string{
	'0': "o", '1': "il", '3': "e", '4': "a", '5': "s", '6': "g", '7': "t", '8': "b", '9': "g",
	'@': "a", '$': "s", '!': "il", '+': "t", '€': "e", '|': "il",
}

// freeUnits returns the fewest units the text can be put together from, read
// forwards or backwards, a repetition counting once.
func freeUnits(text []rune, own [][]rune) int {
	text = text[:period(text)]
	backwards := slices.Clone(text)
	slices.Reverse(backwards)
	return min(cover(text, own), cover(backwards, own))
}

// period is the length of the shortest beginning that, repeated, gives the text.
func period(text []rune) int {
	for n := 1; n <= len(text)/2; n++ {
		if slices.Equal(text[n:], text[:len(text)-n]) {
			return n
		}
	}
	return len(text)
}

// cover puts the text together from single characters and predictable pieces, one
// unit each, and returns the fewest.
func cover(text []rune, own [][]rune) int {
	fewest := make([]int, len(text)+1)
	for i := range fewest {
		fewest[i] = i
	}
	for start := range text {
		reach := func(length int) {
			end := start + length
			fewest[end] = min(fewest[end], fewest[start]+1)
		}
		rest := text[start:]
		reach(1)
		for n := minRun; n <= max(runLength(rest), walkLength(rest)); n++ {
			reach(n)
		}
		if isYear(rest) {
			reach(4)
		}
		for _, words := range [][][]rune{stems, own} {
			for _, word := range words {
				if spells(rest, word) {
					reach(len(word))
				}
			}
		}
	}
	return fewest[len(text)]
}

// runLength is how often the first character is repeated at the beginning.
func runLength(text []rune) int {
	n := 1
	for n < len(text) && text[n] == text[0] {
		n++
	}
	return n
}

// walkLength is the length of the longest walk at the beginning.
func walkLength(text []rune) int {
	n := minWalk
	for n <= len(text) && slices.ContainsFunc(walks, func(walk string) bool {
		return strings.Contains(walk, string(text[:n]))
	}) {
		n++
	}
	return n - 1
}

func isYear(text []rune) bool {
	if len(text) < 4 {
		return false
	}
	century := string(text[:2])
	return (century == "19" || century == "20") && isDigit(text[2]) && isDigit(text[3])
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// spells reports whether the text begins with the word, lookalikes allowed.
func spells(text, word []rune) bool {
	if len(text) < len(word) {
		return false
	}
	for i, letter := range word {
		if text[i] != letter && !strings.ContainsRune(lookalikes[text[i]], letter) {
			return false
		}
	}
	return true
}

func bothWays(walks ...string) []string {
	for _, walk := range slices.Clone(walks) {
		backwards := []rune(walk)
		slices.Reverse(backwards)
		walks = append(walks, string(backwards))
	}
	return walks
}
