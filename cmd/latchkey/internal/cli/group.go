package cli

import (
	"context"
	"errors"
	"fmt"

	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/storage"

	"github.com/spf13/cobra"
)

func groupCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "group", Short: "Add, show and change groups of people",
		Long: "Add, show and change groups of people. GROUP is a name or an id. Members: latchkey user edit USER --group GROUP."}
	c.AddCommand(groupAdd(t), groupList(t), groupShow(t), groupEdit(t), groupDelete(t))
	addJSON(t, c.Commands()...)
	anywhere(c.Commands()...)
	return c
}

// findGroup is the group of that name or id, or an error for people.
func findGroup(ctx context.Context, conn *connection, name string) (wire.Group, error) {
	g, err := conn.FindGroup(ctx, name)
	if errors.Is(err, storage.ErrNotFound) {
		return g, fmt.Errorf("there is no group %q", name)
	}
	return g, err
}

// onGroup runs do for the group that the only argument names.
func (t *terminal) onGroup(do func(ctx context.Context, c *connection, g wire.Group) error) func(*cobra.Command,
	[]string) error {
	return func(c *cobra.Command, args []string) error {
		return t.with(c.Context(), false, func(conn *connection) error {
			g, err := findGroup(c.Context(), conn, args[0])
			if err != nil {
				return err
			}
			return do(c.Context(), conn, g)
		})
	}
}

func groupAdd(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "add NAME", Short: "Add a group", Args: takes("NAME")}
	description := c.Flags().String("description", "", "what it is for")
	c.RunE = func(c *cobra.Command, args []string) error {
		return t.with(c.Context(), true, func(conn *connection) error {
			g, err := conn.CreateGroup(c.Context(), args[0], *description)
			if err != nil {
				return err
			}
			return t.showGroup("Added "+g.Name+".", shownGroup{Group: g})
		})
	}
	return c
}

func groupList(t *terminal) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List all groups", Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return t.with(c.Context(), false, func(conn *connection) error {
				groups := []wire.Group{}
				for g, err := range conn.Groups(c.Context()) {
					if err != nil {
						return err
					}
					groups = append(groups, g)
				}
				if t.json {
					return t.writeJSON(groups)
				}
				return t.showGroups(groups)
			})
		}}
}

func (t *terminal) showGroups(groups []wire.Group) error {
	if len(groups) == 0 {
		t.say("No groups yet. Add one with “latchkey group add NAME”.")
		return nil
	}
	list := newTable(t.stdout, "NAME", "DESCRIPTION", "ID")
	for _, g := range groups {
		list.row(g.Name, g.Description, g.ID)
	}
	return list.w.Flush()
}

// shownGroup is a group with its members, where they were asked for.
type shownGroup struct {
	wire.Group
	Members []wire.User `json:"members,omitempty"`
}

func groupShow(t *terminal) *cobra.Command {
	return &cobra.Command{Use: "show GROUP", Short: "Show a group and its members", Args: takes("GROUP"),
		RunE: t.onGroup(func(ctx context.Context, conn *connection, g wire.Group) error {
			v := shownGroup{Group: g}
			for u, err := range conn.Members(ctx, g.ID) {
				if err != nil {
					return err
				}
				v.Members = append(v.Members, u)
			}
			if err := t.showGroup("", v); err != nil || t.json || len(v.Members) > 0 {
				return err
			}
			t.say("\nNo members yet. Add one with “latchkey user edit USER --group %s”.", g.Name)
			return nil
		})}
}

// showGroup answers with a group, under a headline for people.
func (t *terminal) showGroup(headline string, v shownGroup) error {
	if t.json {
		return t.writeJSON(v)
	}
	if headline != "" {
		t.say("%s\n", headline)
	}
	lines := []field{{"name", v.Name}, {"id", v.ID}, {"description", v.Description},
		{"created", textutil.Clock(v.CreatedAt)}, {"updated", textutil.Clock(v.UpdatedAt)}}
	for _, u := range v.Members {
		lines = append(lines, field{"member", u.Username})
	}
	return t.showFields(lines)
}

func groupEdit(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "edit GROUP", Short: "Rename a group, or say what it is for", Args: takes("GROUP"),
		Long: "Rename a group, or say what it is for. Members and the apps open to it stay."}
	c.Flags().String("name", "", "new name")
	c.Flags().String("description", "", "what it is for")
	clear := addClear(c, "description", []string{"description"})
	c.RunE = func(c *cobra.Command, args []string) error {
		fields := client.Fields{}
		emptied, err := checkCleared(c, *clear)
		if err != nil {
			return err
		}
		for _, name := range emptied {
			fields[name] = ""
		}
		for _, name := range []string{"name", "description"} {
			if f := c.Flags().Lookup(name); f.Changed {
				fields[name] = f.Value.String()
			}
		}
		if len(fields) == 0 {
			return usagef("nothing to change: see %s --help", c.CommandPath())
		}
		return t.onGroup(func(ctx context.Context, conn *connection, g wire.Group) error {
			g, err := conn.ChangeGroup(ctx, g.ID, fields)
			if err != nil {
				return err
			}
			return t.showGroup("Changed "+g.Name+".", shownGroup{Group: g})
		})(c, args)
	}
	return c
}

func groupDelete(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "delete GROUP", Short: "Delete a group for good", Args: takes("GROUP")}
	sure := c.Flags().Bool("yes", false, "do not ask")
	c.RunE = t.onGroup(func(ctx context.Context, conn *connection, g wire.Group) error {
		if err := t.confirm(ctx, *sure, fmt.Sprintf("Delete the group %s for good? Its members stay, but lose it at once.", g.Name)); err != nil {
			return err
		}
		err := conn.DeleteGroup(ctx, g.ID)
		if err != nil || t.json {
			return t.answer(map[string]string{"deleted": g.ID}, err)
		}
		t.say("%s is deleted.", g.Name)
		return nil
	})
	return c
}

// changeGroups makes a user leave and join groups. All names are looked up before
// anything changes.
func changeGroups(ctx context.Context, conn *connection, u wire.User, join, leave []string) (wire.User, error) {
	var ids []string
	for _, name := range append(leave, join...) {
		g, err := findGroup(ctx, conn, name)
		if err != nil {
			return u, err
		}
		ids = append(ids, g.ID)
	}
	for i, id := range ids {
		if err := conn.SetMember(ctx, id, u.Sub, i >= len(leave)); err != nil {
			return u, err
		}
	}
	return conn.GetUser(ctx, u.Sub)
}
