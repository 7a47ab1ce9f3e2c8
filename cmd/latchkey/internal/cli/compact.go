package cli

import (
	"context"
	"errors"
	"fmt"

	"latchkey/cmd/latchkey/internal/data"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/storage/backup"
	"latchkey/storage/kv"

	"github.com/spf13/cobra"
)

func compactCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "compact", Short: "Make the data file as small as it can be", Args: takes(),
		Long: "Make the data file as small as it can be: a new one is written, compared, and put in its place. The disk needs room for both. No server may be running.",
		RunE: func(c *cobra.Command, _ []string) error { return t.compact(c.Context()) },
	}
	addJSON(t, c)
	onThisMachine(c)
	return c
}

func (t *terminal) compact(ctx context.Context) error {
	c, err := t.ownConfig()
	if err != nil {
		return err
	}
	if err := data.CheckPresent(c); err != nil {
		return err
	}
	try, err := data.PresentKeys(c)
	if err != nil {
		return err
	}
	path := data.Path(c)
	done, err := backup.Compact(ctx, path, try)
	if errors.Is(err, kv.ErrLocked) {
		return fmt.Errorf("%w: stop it first", err)
	}
	if err != nil {
		return fmt.Errorf("%w\nThe data are as they were", err)
	}
	if t.json {
		return t.writeJSON(map[string]int64{"bytes_before": done.Before, "bytes_after": done.After})
	}
	t.say("%s had %s and has %s now.", path, textutil.Size(done.Before), textutil.Size(done.After))
	return nil
}
