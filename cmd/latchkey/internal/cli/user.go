package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/storage"

	"github.com/spf13/cobra"
)

func userCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "Add, show and change people's accounts",
		Long: "Add, show and change people's accounts. USER is a username, an e-mail address or a sub, or else an external id."}
	c.AddCommand(userAdd(t), userList(t), userShow(t), userEdit(t), userSetPassword(t),
		userDisable(t, "disable", true), userDisable(t, "enable", false), userUnlock(t), userDelete(t),
		userRecoveryLink(t), userImport(t))
	addJSON(t, c.Commands()...)
	anywhere(c.Commands()...)
	return c
}

// findUser is the user of that name, or an error for people.
func findUser(ctx context.Context, conn *connection, name string) (wire.User, error) {
	u, err := conn.FindUser(ctx, name)
	if errors.Is(err, storage.ErrNotFound) {
		return u, fmt.Errorf("there is no user %q", name)
	}
	return u, err
}

// onUser runs do for the user that the only argument names.
func (t *terminal) onUser(do func(ctx context.Context, c *connection, u wire.User) error) func(*cobra.Command,
	[]string) error {
	return func(c *cobra.Command, args []string) error {
		ctx := c.Context()
		return t.with(ctx, false, func(conn *connection) error {
			u, err := findUser(ctx, conn, args[0])
			if err != nil {
				return err
			}
			return do(ctx, conn, u)
		})
	}
}

func userList(t *terminal) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List all users", Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return t.with(c.Context(), false, func(conn *connection) error {
				users := []wire.User{}
				for u, err := range conn.Users(c.Context()) {
					if err != nil {
						return err
					}
					users = append(users, u)
				}
				if t.json {
					return t.writeJSON(users)
				}
				return t.showUsers(users)
			})
		}}
}

func (t *terminal) showUsers(users []wire.User) error {
	if len(users) == 0 {
		t.say("No users yet. Add one with “latchkey user add --username NAME”.")
		return nil
	}
	list := newTable(t.stdout, "USERNAME", "NAME", "E-MAIL", "STATE", "SUB")
	for _, u := range users {
		list.row(u.Username, u.Name, u.Email, stateOf(u), u.Sub)
	}
	return list.w.Flush()
}

func stateOf(u wire.User) string {
	words := []string{"active"}
	if u.Disabled {
		words = []string{"disabled"}
	}
	if slices.Contains(u.Roles, storage.RoleAdmin) {
		words = append(words, "administrator")
	}
	return strings.Join(words, ", ")
}

func userShow(t *terminal) *cobra.Command {
	return &cobra.Command{Use: "show USER", Short: "Show a user", Args: takes("USER"),
		RunE: t.onUser(func(ctx context.Context, conn *connection, u wire.User) error {
			u, err := conn.GetUser(ctx, u.Sub) // with membership and groups
			if err != nil {
				return err
			}
			return t.showUser("", u)
		})}
}

// showUser answers with a user, under a headline for people.
func (t *terminal) showUser(headline string, u wire.User) error {
	if t.json {
		return t.writeJSON(u)
	}
	if headline != "" {
		t.say("%s\n", headline)
	}
	password := "none: make a recovery link"
	if u.PasswordChangedAt != nil {
		password = "set " + textutil.Clock(*u.PasswordChangedAt)
	}
	return t.showFields(slices.Concat([]field{
		{"username", u.Username}, {"sub", u.Sub}, {"external_id", u.ExternalID}, {"state", stateOf(u)},
		{"email", u.Email + yes(u.EmailVerified, " (verified)")}, {"password", password},
	}, claimLines(u.Claims), patreonLines(u.Patreon), []field{
		{"guessing", guessingWords(u.Guessing)},
		{"groups", strings.Join(u.Groups, "\n")},
		{"created", textutil.Clock(u.CreatedAt)}, {"updated", textutil.Clock(u.UpdatedAt)},
	}))
}

// guessingWords says what there is of wrong passwords in a row, and how to end the wait.
func guessingWords(g *wire.Guessing) string {
	if g == nil {
		return ""
	}
	text := fmt.Sprintf("%d wrong passwords in a row from unknown browsers, %s to %s", g.Failures,
		textutil.Clock(g.FirstAt), textutil.Clock(g.LastAt))
	if g.WaitsUntil != nil {
		text += "\nunknown browsers wait until " + textutil.Clock(*g.WaitsUntil) + "; “latchkey user unlock” ends that"
	}
	return text
}

func claimLines(c wire.Claims) []field {
	a := c.Address
	return []field{
		{"name", c.Name}, {"given_name", c.GivenName}, {"family_name", c.FamilyName}, {"middle_name", c.MiddleName},
		{"nickname", c.Nickname}, {"profile", c.Profile}, {"picture", c.Picture}, {"website", c.Website},
		{"gender", c.Gender}, {"birthdate", c.Birthdate}, {"zoneinfo", c.Zoneinfo}, {"locale", c.Locale},
		{"phone_number", c.PhoneNumber + yes(c.PhoneNumberVerified, " (verified)")},
		{"address", a.Formatted}, {"street_address", a.StreetAddress}, {"locality", a.Locality},
		{"region", a.Region}, {"postal_code", a.PostalCode}, {"country", a.Country},
	}
}

func patreonLines(m *wire.Membership) []field {
	if m == nil {
		return nil
	}
	status := m.Status
	if status == "" {
		status = "no membership"
	}
	lines := []field{
		{"patreon", status}, {"  tiers", strings.Join(m.Tiers, ", ")},
		{"  lifetime", fmt.Sprintf("%d cents", m.LifetimeSupportCents)},
		{"  entitled", fmt.Sprintf("%d cents", m.CurrentlyEntitledAmountCents)},
	}
	if m.AsOf != nil {
		lines = append(lines, field{"  as of", textutil.Clock(*m.AsOf)})
	}
	return lines
}

func userDisable(t *terminal, verb string, disabled bool) *cobra.Command {
	short, done := "Let a disabled user sign in again", "%s can sign in again."
	if disabled {
		short, done = "Shut a user out at once, everywhere", "%s is shut out: sessions and app connections ended."
	}
	return &cobra.Command{Use: verb + " USER", Short: short, Args: takes("USER"),
		RunE: t.onUser(func(ctx context.Context, conn *connection, u wire.User) error {
			u, err := conn.DisableUser(ctx, u.Sub, disabled)
			if err != nil || t.json {
				return t.answer(u, err)
			}
			t.say(done, u.Username)
			return nil
		})}
}

func userUnlock(t *terminal) *cobra.Command {
	return &cobra.Command{Use: "unlock USER", Short: "End the wait after wrong passwords", Args: takes("USER"),
		Long: "End the wait after wrong passwords: they are taken back, whoever typed them. Browsers that the account knows do not wait for what others typed.",
		RunE: t.onUser(func(ctx context.Context, conn *connection, u wire.User) error {
			u, err := conn.UnlockUser(ctx, u.Sub)
			if err != nil || t.json {
				return t.answer(u, err)
			}
			t.say("%s can sign in without waiting.", u.Username)
			return nil
		})}
}

// answer writes v as JSON, unless there is an error to return.
func (t *terminal) answer(v any, err error) error {
	if err != nil {
		return err
	}
	return t.writeJSON(v)
}

func userDelete(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "delete USER", Short: "Delete a user for good", Args: takes("USER")}
	sure := c.Flags().Bool("yes", false, "do not ask")
	c.RunE = func(c *cobra.Command, args []string) error {
		ctx := c.Context()
		var who wire.User
		look := t.onUser(func(_ context.Context, _ *connection, u wire.User) error { who = u; return nil })
		if err := look(c, args); err != nil {
			return err
		}
		// With the data closed: nobody else should wait for the answer.
		if err := t.confirm(ctx, *sure, fmt.Sprintf("Delete %s (%s) for good?", who.Username, who.Sub)); err != nil {
			return err
		}
		err := t.with(ctx, false, func(conn *connection) error { return conn.DeleteUser(ctx, who.Sub) })
		if err != nil || t.json {
			return t.answer(map[string]string{"deleted": who.Sub}, err)
		}
		t.say("%s is deleted.", who.Username)
		return nil
	}
	return c
}

func userRecoveryLink(t *terminal) *cobra.Command {
	return &cobra.Command{Use: "recovery-link USER",
		Short: "Print a one-time link by which a user sets a new password", Args: takes("USER"),
		RunE: t.onUser(func(ctx context.Context, conn *connection, u wire.User) error {
			link, err := conn.RecoveryLink(ctx, u.Sub)
			if err != nil {
				return err
			}
			return t.showLink(conn, link, "Give this link to "+u.Username+", who can set a new password with it")
		})}
}
