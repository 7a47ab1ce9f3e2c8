package keys

import (
	"fmt"
	"regexp"
	"strconv"
)

// encodedForm is a notation of password hashes and the range of each number in it,
// in the order of the pattern's groups. Hashes are imported, so they are foreign
// input: a cost of zero panics in the libraries, a huge one takes all memory, and an
// empty output equals the output of every password.
type encodedForm struct {
	pattern *regexp.Regexp
	limits  []bound
}

type bound struct {
	name     string
	min, max int
}

const (
	phcSalt   = `[A-Za-z0-9+/]{8,128}`
	phcOutput = `[A-Za-z0-9+/]{22,128}` // at least 128 bits
)

var encodedForms = []encodedForm{
	{
		regexp.MustCompile(`^\$argon2id?\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,3})\$` + phcSalt + `\$` + phcOutput + `$`),
		[]bound{{"memory in KiB", 8, 128 << 10}, {"passes", 1, 16}, {"lanes", 1, 16}},
	},
	{
		regexp.MustCompile(`^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$`),
		[]bound{{"cost", 4, 15}},
	},
	{
		regexp.MustCompile(`^\$(?:scrypt|7)\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$` + phcSalt + `\$` + phcOutput + `$`),
		[]bound{{"ln", 1, 17}, {"r", 1, 8}, {"p", 1, 16}}, // 128·2^17·8 bytes: 128 MiB
	},
	{
		regexp.MustCompile(`^\$pbkdf2(?:-sha(?:224|256|384|512))?\$(\d{1,9})\$[A-Za-z0-9+/.]{8,128}=?=?\$[A-Za-z0-9+/.]{22,128}=?=?$`),
		[]bound{{"rounds", 1, 2_000_000}},
	},
}

// checkEncoded returns ErrHash unless encoded has a known form and bearable costs.
func checkEncoded(encoded string) error {
	for _, form := range encodedForms {
		groups := form.pattern.FindStringSubmatch(encoded)
		if groups == nil {
			continue
		}
		for i, l := range form.limits {
			n, err := strconv.Atoi(groups[i+1])
			if err != nil || n < l.min || n > l.max {
				return fmt.Errorf("%w: %s of %s is not between %d and %d", ErrHash, l.name, groups[i+1], l.min, l.max)
			}
		}
		return nil
	}
	return fmt.Errorf("%w: it is none of argon2i, argon2id, bcrypt, scrypt and PBKDF2 in a usual notation", ErrHash)
}
