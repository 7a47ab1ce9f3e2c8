package textutil

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Days is a duration that may also be given in days, as people count here.
type Days time.Duration

func (d *Days) String() string {
	if v := time.Duration(*d); v%(24*time.Hour) == 0 {
		return strconv.Itoa(int(v/(24*time.Hour))) + "d"
	}
	text := time.Duration(*d).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func (d *Days) Set(s string) error {
	if n, ok := strings.CutSuffix(s, "d"); ok {
		count, err := strconv.ParseUint(n, 10, 16)
		if err != nil {
			return fmt.Errorf("must be like 7d or 12h, not %q", s)
		}
		*d = Days(time.Duration(count) * 24 * time.Hour)
		return nil
	}
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 {
		return fmt.Errorf("must be like 7d or 12h, not %q", s)
	}
	*d = Days(v)
	return nil
}

func (d *Days) Type() string { return "duration" }
