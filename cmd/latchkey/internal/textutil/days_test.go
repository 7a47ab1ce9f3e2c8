package textutil

import (
	"testing"
)

func TestDays(t *testing.T) {
	for text, want := range map[string]string{"7d": "7d", "0d": "0d", "24h": "1d", "90m": "1h30m", "60m": "1h",
		"30m": "30m", "90s": "1m30s", "20s": "20s", "": "", "d": "", "-1h": "", "-1d": "", "soon": ""} {
		var d Days
		err := d.Set(text)
		if (err == nil) != (want != "") || err == nil && d.String() != want {
			t.Errorf("%q: %s, %v", text, d.String(), err)
		}
	}
}
