package cli

import (
	"time"

	"latchkey/cmd/latchkey/internal/textutil"

	"github.com/spf13/cobra"
)

// addOverlap gives a verb that makes a new secret the flag for how long earlier ones
// stay valid.
func addOverlap(c *cobra.Command) *textutil.Days {
	overlap := textutil.Days(7 * 24 * time.Hour)
	c.Flags().Var(&overlap, "overlap", "`time` that earlier secrets stay valid; 0d ends them at once")
	return &overlap
}

// rotated says what a new secret means for those that are there besides.
func rotated(name string, secrets int, overlap *textutil.Days) string {
	if secrets > 1 {
		return "A new secret for " + name + "; earlier ones stay valid for " + overlap.String() + "."
	}
	return "A new secret for " + name + "; earlier ones no longer work."
}
