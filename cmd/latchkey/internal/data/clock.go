package data

import (
	"os"
	"time"

	"latchkey/cmd/latchkey/internal/config"
)

// Leeway is how far clocks may disagree. Apps check the times in ID tokens, and
// most allow a minute or two.
const Leeway = time.Minute

// WroteLater is when the data was last written, if the clock says that this is yet to
// come: it is wrong, or was. Zero: it is not. Ask before opening the data, which
// writes.
func WroteLater(c *config.Config, now time.Time) time.Time {
	if info, err := os.Stat(Path(c)); err == nil && info.ModTime().After(now.Add(Leeway)) {
		return info.ModTime()
	}
	return time.Time{}
}
