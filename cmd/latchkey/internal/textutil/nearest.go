package textutil

import (
	"fmt"
	"strings"
)

// Hint is format with the candidate that was likely meant by name, or "" if none is near:
// a word that has little in common with what was written helps nobody.
func Hint(format, name string, candidates []string) string {
	if near := nearest(name, candidates); near != "" {
		return fmt.Sprintf(format, near)
	}
	return ""
}

// nearest returns the candidate that takes the fewest single-letter edits to
// reach from name. A candidate's last part counts too: "certificate_file" is
// near "tls.certificate_file". It returns "" if a quarter of the letters and one more do
// not suffice, unless a candidate is name and more words.
func nearest(name string, candidates []string) string {
	best, fewest := "", -1
	for _, c := range candidates {
		n := min(edits(name, c), 1+edits(name, c[strings.LastIndexByte(c, '.')+1:]))
		if fewest < 0 || n < fewest {
			best, fewest = c, n
		}
	}
	if fewest > 1+len(name)/4 {
		return longer(name, candidates)
	}
	return best
}

// longer returns the first candidate that is name and more words, as key_rotation_seconds
// is of key_rotation, or "".
func longer(name string, candidates []string) string {
	for _, c := range candidates {
		if name != "" && strings.HasPrefix(c, name+"_") {
			return c
		}
	}
	return ""
}

// edits is the Levenshtein distance of two short ASCII words.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
