package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"latchkey/api/client"
	"latchkey/api/wire"

	"github.com/spf13/cobra"
)

func userAdd(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "add", Short: "Add a user", Args: takes(),
		Example: "  latchkey user add --username ada --email ada@example.org --email-verified \\\n      --name \"Ada\" --password-stdin <password.txt"}
	addAccountFlags(c)
	piped := c.Flags().Bool("password-stdin", false, "read the password from standard input")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if file, _ := c.Flags().GetString("claims-json"); *piped && file == "-" {
			return usagef("standard input can hold the password or the claims, not both")
		}
		fields, err := t.accountFields(c.Flags())
		if err != nil {
			return err
		}
		if fields["username"] == nil {
			return usagef("--username is missing: see %s --help", c.CommandPath())
		}
		n, err := newUser(fields)
		if err != nil {
			return err
		}
		if *piped {
			if n.Password, err = t.readPassword(c.Context(), true); err != nil {
				return err
			}
		}
		return t.with(c.Context(), true, func(conn *connection) error {
			u, err := conn.CreateUser(c.Context(), n)
			if err != nil {
				return err
			}
			return t.showUser("Added "+u.Username+".", u)
		})
	}
	return c
}

// newUser gives fields their types.
func newUser(fields client.Fields) (n wire.NewUser, err error) {
	text, err := json.Marshal(fields)
	if err != nil {
		return n, err
	}
	err = json.Unmarshal(text, &n)
	if odd := new(json.UnmarshalTypeError); errors.As(err, &odd) {
		return n, fmt.Errorf("%s must not be a %s", odd.Field, odd.Value)
	}
	return n, err
}

func userEdit(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "edit USER", Short: "Change a user", Args: takes("USER"),
		Example: "  latchkey user edit ada --email ada@example.org --group staff\n  latchkey user edit ada --admin=false",
		Long:    "Change a user. What no flag names stays as it is; --clear empties a field."}
	addAccountFlags(c)
	patreon := c.Flags().String("patreon", "",
		"`file` with the Patreon membership as a JSON object; - is standard input")
	join := c.Flags().StringArray("group", nil, "group to join; may be repeated")
	clear := addClear(c, "nickname", clearableClaims())
	leave := c.Flags().StringArray("remove-group", nil, "group to leave; may be repeated")
	c.RunE = func(c *cobra.Command, args []string) error {
		fields, err := t.accountFields(c.Flags())
		if err != nil {
			return err
		}
		emptied, err := checkCleared(c, *clear)
		if err != nil {
			return err
		}
		for _, cf := range append(accountFlags, claimFlags...) {
			if slices.Contains(emptied, cf.flag) {
				fields.Put(cf.claim, "")
			}
		}
		var membership *wire.Membership
		if *patreon != "" {
			membership = &wire.Membership{}
			if err := t.readJSON(*patreon, membership); err != nil {
				return err
			}
		}
		if len(fields) == 0 && membership == nil && len(*join)+len(*leave) == 0 {
			return usagef("nothing to change: see %s --help", c.CommandPath())
		}
		return t.onUser(func(ctx context.Context, conn *connection, u wire.User) error {
			u, err := changeUser(ctx, conn, u, fields, membership)
			if err == nil && len(*join)+len(*leave) > 0 {
				u, err = changeGroups(ctx, conn, u, *join, *leave)
			}
			if err != nil {
				return err
			}
			return t.showUser("Changed "+u.Username+".", u)
		})(c, args)
	}
	return c
}

func changeUser(ctx context.Context, conn *connection, u wire.User, fields client.Fields,
	membership *wire.Membership) (_ wire.User, err error) {
	if len(fields) > 0 {
		if u, err = conn.ChangeUser(ctx, u.Sub, fields); err != nil {
			return u, err
		}
	}
	if membership != nil {
		return conn.SetPatreon(ctx, u.Sub, *membership)
	}
	return u, nil
}

func userSetPassword(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "set-password USER", Short: "Set a user's password and end their sessions",
		Args: takes("USER")}
	piped := c.Flags().Bool("password-stdin", false, "read the password from standard input instead of asking")
	c.RunE = func(c *cobra.Command, args []string) error {
		// Before the data is opened: nobody else should wait for the typing.
		password, err := t.readPassword(c.Context(), *piped)
		if err != nil {
			return err
		}
		return t.onUser(func(ctx context.Context, conn *connection, u wire.User) error {
			u, err := conn.SetPassword(ctx, u.Sub, password)
			if err != nil || t.json {
				return t.answer(u, err)
			}
			t.say("The password of %s is set; sessions and app connections ended.", u.Username)
			return nil
		})(c, args)
	}
	return c
}
