package cli

import (
	"context"
	"fmt"
	"time"

	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/storage/apps"

	"github.com/spf13/cobra"
)

func clientEdit(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "edit CLIENT_ID", Short: "Change an app", Args: takes("CLIENT_ID"),
		Example: "  latchkey client edit calendar --redirect-uri https://a.example/cb \\\n      --redirect-uri https://b.example/cb\n  latchkey client edit calendar --state suspended\n  latchkey client edit calendar --clear tos-uri",
		Long:    "Change an app. What no flag names stays as it is; a list is replaced as a whole; --clear empties a field."}
	addMetadataFlags(c)
	clear := addClear(c, "allowed-group", clearableMetadata())
	state := c.Flags().String("state", "", "approved, suspended, rejected, submitted or draft")
	c.Flags().Bool("first-party", false, "it is the platform's own")
	c.RunE = func(c *cobra.Command, args []string) error {
		fields := metadataFields(c.Flags())
		emptied, err := checkCleared(c, *clear)
		if err != nil {
			return err
		}
		clearMetadata(fields, emptied)
		own := c.Flags().Lookup("first-party")
		if len(fields) == 0 && *state == "" && !own.Changed {
			return usagef("nothing to change: see %s --help", c.CommandPath())
		}
		return t.onClient(func(ctx context.Context, conn *connection, id string) error {
			change := clientChange{fields: fields, state: apps.ClientState(*state)}
			if own.Changed {
				is := own.Value.String() == "true"
				change.firstParty = &is
			}
			v, err := change.apply(ctx, conn, id)
			if err != nil {
				return err
			}
			return t.showClient("Changed "+v.ClientName+".", v)
		})(c, args)
	}
	return c
}

// clientChange is what to change of a client: whatever is not zero.
type clientChange struct {
	fields     client.Fields
	firstParty *bool
	state      apps.ClientState
}

// apply changes the state last: it may be what the change was made for. A client
// becomes first-party before its metadata needs it, and stops being so after.
func (c clientChange) apply(ctx context.Context, conn *connection, id string) (v wire.Client, err error) {
	own := func(is bool) {
		if err == nil && c.firstParty != nil && *c.firstParty == is {
			v, err = conn.SetFirstParty(ctx, id, is)
		}
	}
	own(true)
	if err == nil && len(c.fields) > 0 {
		v, err = conn.ChangeClient(ctx, id, c.fields)
	}
	own(false)
	if err == nil && c.state != "" {
		v, err = conn.SetClientState(ctx, id, c.state)
	}
	return v, err
}

func clientRotateSecret(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "rotate-secret CLIENT_ID", Short: "Give an app a new secret", Args: takes("CLIENT_ID")}
	overlap := addOverlap(c)
	c.RunE = t.onClient(func(ctx context.Context, conn *connection, id string) error {
		v, err := conn.RotateSecret(ctx, id, time.Duration(*overlap))
		if err != nil {
			return err
		}
		return t.showClient(rotated(v.ClientName, len(v.Secrets), overlap), v)
	})
	return c
}

func clientDelete(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "delete CLIENT_ID", Short: "Delete an app for good", Args: takes("CLIENT_ID")}
	sure := c.Flags().Bool("yes", false, "do not ask")
	c.RunE = func(c *cobra.Command, args []string) error {
		var app wire.Client
		look := t.onClient(func(ctx context.Context, conn *connection, id string) (err error) {
			app, err = conn.GetClient(ctx, id)
			return err
		})
		if err := look(c, args); err != nil {
			return err
		}
		// With the data closed: nobody else should wait for the answer.
		question := fmt.Sprintf("Delete %s (%s) for good? It stops working for everybody at once.", app.ClientName,
			app.ClientID)
		if err := t.confirm(c.Context(), *sure, question); err != nil {
			return err
		}
		remove := t.onClient(func(ctx context.Context, conn *connection,
			id string) error {
			return conn.DeleteClient(ctx, id)
		})
		if err := remove(c, args); err != nil || t.json {
			return t.answer(map[string]string{"deleted": app.ClientID}, err)
		}
		t.say("%s is deleted.", app.ClientName)
		return nil
	}
	return c
}
