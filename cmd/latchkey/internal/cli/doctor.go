package cli

import (
	"context"
	"errors"
	"fmt"

	"latchkey/cmd/latchkey/internal/doctor"

	"github.com/spf13/cobra"
)

func doctorCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "doctor", Short: "Check all that must be right around the server", Args: takes(),
		Long: "Check configuration, files, clock, disk, certificate, server, and what apps and browsers see of it. " +
			"Each line says ok, warn or fail, and what to do. The exit code is 1 if anything fails.",
		RunE: func(c *cobra.Command, _ []string) error {
			findings := t.examine(c.Context())
			if err := t.showExamination(findings); err != nil {
				return err
			}
			failed := 0
			for _, f := range findings {
				if f.State == doctor.IsFail {
					failed++
				}
			}
			switch failed {
			case 0:
				return nil
			case 1:
				return errors.New("one check failed")
			}
			return fmt.Errorf("%d checks failed", failed)
		}}
	addJSON(t, c)
	onThisMachine(c)
	return c
}

func (t *terminal) examine(ctx context.Context) []doctor.Finding {
	c, err := t.config()
	if err != nil {
		return []doctor.Finding{doctor.Fail("configuration", "mend it: config.example.yaml explains every setting",
			"%v", err)}
	}
	return doctor.Diagnose(ctx, c)
}

func (t *terminal) showExamination(findings []doctor.Finding) error {
	if t.json {
		return t.writeJSON(findings)
	}
	list := newTable(t.stdout, "CHECK", "STATE", "FOUND")
	for _, f := range findings {
		list.row(f.Check, f.State, f.Says)
		if f.Do != "" {
			list.row("", "", "→ "+f.Do)
		}
	}
	return list.w.Flush()
}
