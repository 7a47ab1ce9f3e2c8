package cli

import (
	"context"
	"errors"
	"fmt"

	"latchkey/cmd/latchkey/internal/data"
	"latchkey/cmd/latchkey/internal/server"
	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/storage/kv"

	"github.com/spf13/cobra"
)

func keyReseal(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "reseal", Short: "Protect the data by another master key", Args: takes(),
		Long: "Protect the data by another master key. The server must be stopped. Sessions, tokens, passwords and client " +
			"secrets stay good: only what wraps their keys changes. Backups made before still need the old master key.",
	}
	file := c.Flags().String("new-key-file", "",
		"the new key, made if the file does not exist (default: one made in data_dir)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		done, err := t.reseal(c.Context(), *file)
		if err != nil {
			return err
		}
		if t.json {
			return t.writeJSON(done)
		}
		t.say("The data is protected by the master key %s in %s now; %s opens it no more.", done.To, done.File,
			done.From)
		if done.Kept != "" {
			t.say("The old key is kept as %s. Backups made until now need it: delete it together with them.", done.Kept)
		}
		if done.Todo != "" {
			t.say("Before the next start: %s.", done.Todo)
		}
		return nil
	}
	return c
}

// reseal holds the data file's lock throughout, so that nobody else goes on under the
// old key.
func (t *terminal) reseal(ctx context.Context, file string) (done data.Resealed, err error) {
	c, err := t.config()
	if err != nil {
		return done, err
	}
	own := c.MasterKey == "" && c.MasterKeyFile == ""
	if !own && file == "" {
		return done, usagef("the master key is configured, so Latchkey cannot replace it: name the file of the new one with --new-key-file, and configure it afterwards")
	}
	if err := data.CheckPresent(c); err != nil {
		return done, err
	}
	if caller, err := socket.Dial(ctx, c.DataDir); err == nil {
		caller.Close()
		return done, errors.New("the server runs on this data: stop it, run this again, and start it")
	}
	h, err := server.Open(ctx, c, dialWait)
	if errors.Is(err, kv.ErrLocked) {
		return done, fmt.Errorf("%w: stop it, then run this again", err)
	}
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if own {
		return h.ResealOwn(ctx, file)
	}
	return h.ResealNamed(ctx, file)
}
