package cli

import (
	"context"
	"errors"

	"latchkey/cmd/latchkey/internal/server"

	"github.com/spf13/cobra"
)

func serveCommand(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Run the provider", Args: takes(),
		Long: "Run the provider. Without any configuration it serves http://localhost:8080 and keeps its data in ./latchkey-data.",
		RunE: func(c *cobra.Command, _ []string) error {
			conf, err := t.config()
			if err != nil {
				return err
			}
			err = server.Serve(c.Context(), conf, server.ServeOptions{Log: t.stderr, Program: t.program(), Say: t.say})
			if errors.Is(err, context.Canceled) && c.Context().Err() != nil {
				return nil // told to stop before it had begun
			}
			return err
		},
	}
}
