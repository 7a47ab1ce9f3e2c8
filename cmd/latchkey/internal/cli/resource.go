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

func resourceCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "resource", Short: "Add, show and change APIs that take access tokens",
		Long: "Add, show and change APIs that take access tokens. RESOURCE is an identifier or an id. Which apps may ask for its scopes: latchkey client edit CLIENT_ID --scope '…'."}
	c.AddCommand(resourceAdd(t), resourceList(t), resourceShow(t), resourceEdit(t),
		resourceDisable(t, "disable", true), resourceDisable(t, "enable", false),
		resourceRotateSecret(t), resourceEndSecret(t), resourceDelete(t))
	addJSON(t, c.Commands()...)
	anywhere(c.Commands()...)
	return c
}

// onResource runs do for the resource that the first argument names.
func (t *terminal) onResource(do func(ctx context.Context, c *connection,
	v wire.Resource) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		return t.with(c.Context(), false, func(conn *connection) error {
			v, err := conn.FindResource(c.Context(), args[0])
			if errors.Is(err, storage.ErrNotFound) {
				return fmt.Errorf("there is no resource %q", args[0])
			}
			if err != nil {
				return err
			}
			return do(c.Context(), conn, v)
		})
	}
}

const scopeUsage = "scope that it owns, as NAME=WORDS: the words complete “this app will be able to …”; may be repeated"

// scopesOf reads scopes as they are given to a flag.
func scopesOf(given []string) (all []wire.ResourceScope, err error) {
	for _, text := range given {
		name, words, ok := strings.Cut(text, "=")
		if !ok {
			return nil, usagef("--scope must be NAME=WORDS, like 'orders:read=see your orders', not %q", text)
		}
		all = append(all, wire.ResourceScope{Name: name, Words: words})
	}
	return all, nil
}

// scopeMarks are the flags that say who may ask for which scopes.
type scopeMarks struct{ open, preset, closed *[]string }

func addScopeMarks(c *cobra.Command) scopeMarks {
	return scopeMarks{
		open: c.Flags().StringArray("open-scope", nil,
			"`name` of a scope that any approved app may ask a person for; may be repeated"),
		preset: c.Flags().StringArray("default-scope", nil,
			"`name` of an open scope (see --open-scope) that naming this API alone asks for, too; may be repeated"),
		closed: c.Flags().StringArray("closed-scope", nil,
			"`name` of a scope that only apps registered with it may ask for, as at first; may be repeated"),
	}
}

func (m scopeMarks) none() bool { return len(*m.open)+len(*m.preset)+len(*m.closed) == 0 }

// apply marks scopes. A default stays as open or closed as it is: to open a scope to every
// app is never a side effect.
func (m scopeMarks) apply(all []wire.ResourceScope) error {
	for _, mark := range []struct {
		names []string
		set   func(*wire.ResourceScope)
	}{
		{*m.closed, func(sc *wire.ResourceScope) { sc.Open, sc.Default = false, false }},
		{*m.open, func(sc *wire.ResourceScope) { sc.Open, sc.Default = true, false }},
		{*m.preset, func(sc *wire.ResourceScope) { sc.Default = true }},
	} {
		for _, name := range mark.names {
			i := slices.IndexFunc(all, func(sc wire.ResourceScope) bool { return sc.Name == name })
			if i < 0 {
				return usagef("the API has no scope %q", name)
			}
			mark.set(&all[i])
		}
	}
	return nil
}

func resourceAdd(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "add IDENTIFIER", Short: "Add an API", Args: takes("IDENTIFIER"),
		Long:    "Add an API. IDENTIFIER is a URI without a fragment, usually the API's address: apps name it as resource, tokens as aud. It never changes.",
		Example: "  latchkey resource add https://api.example.org --name Orders \\\n      --scope 'orders:read=see your orders'"}
	name := c.Flags().String("name", "", "name that people know it by")
	given := c.Flags().StringArray("scope", nil, scopeUsage)
	marks := addScopeMarks(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		scopes, err := scopesOf(*given)
		if err != nil {
			return err
		}
		if len(scopes) == 0 {
			return usagef("--scope is missing: an API needs at least one: see %s --help", c.CommandPath())
		}
		if err := marks.apply(scopes); err != nil {
			return err
		}
		return t.with(c.Context(), true, func(conn *connection) error {
			v, err := conn.CreateResource(c.Context(),
				wire.NewResource{Identifier: args[0], Name: *name, Scopes: scopes})
			if err != nil {
				return err
			}
			return t.showResource("Added "+v.Name+".", v)
		})
	}
	return c
}

func resourceList(t *terminal) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List all APIs", Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return t.with(c.Context(), false, func(conn *connection) error {
				all := []wire.Resource{}
				for v, err := range conn.Resources(c.Context()) {
					if err != nil {
						return err
					}
					all = append(all, v)
				}
				if t.json {
					return t.writeJSON(all)
				}
				return t.showResources(all)
			})
		}}
}

func (t *terminal) showResources(all []wire.Resource) error {
	if len(all) == 0 {
		t.say("No APIs yet. Add one with “latchkey resource add IDENTIFIER --name NAME --scope 'NAME=WORDS'”.")
		return nil
	}
	list := newTable(t.stdout, "IDENTIFIER", "NAME", "SCOPES", "STATE", "ID")
	for _, v := range all {
		list.row(v.Identifier, v.Name, strings.Join(scopeNames(v), " "), resourceState(v), v.ID)
	}
	return list.w.Flush()
}

func resourceState(v wire.Resource) string {
	if v.Disabled {
		return "disabled"
	}
	return "in use"
}

func scopeNames(v wire.Resource) (names []string) {
	for _, sc := range v.Scopes {
		names = append(names, sc.Name)
	}
	return names
}

func resourceShow(t *terminal) *cobra.Command {
	return &cobra.Command{Use: "show RESOURCE", Short: "Show an API", Args: takes("RESOURCE"),
		RunE: t.onResource(func(ctx context.Context, conn *connection, v wire.Resource) error {
			v, err := conn.GetResource(ctx, v.ID)
			if err != nil {
				return err
			}
			return t.showResource("", v)
		})}
}

// showResource answers with a resource, under a headline for people. A secret that has
// just been made is in it.
func (t *terminal) showResource(headline string, v wire.Resource) error {
	if t.json {
		return t.writeJSON(v)
	}
	if headline != "" {
		t.say("%s\n", headline)
	}
	lines := []field{{"identifier", v.Identifier}, {"name", v.Name}, {"id", v.ID},
		{"client_secret", v.ClientSecret}, {"state", resourceState(v)}}
	for _, sc := range v.Scopes {
		words := sc.Name + ": " + sc.Words
		if sc.Sensitivity != "low" {
			words += " (sensitivity " + sc.Sensitivity + ")"
		}
		switch {
		case sc.Default:
			words += " (open to every app, and a default)"
		case sc.Open:
			words += " (open to every app)"
		}
		lines = append(lines, field{"scope", words})
	}
	for _, s := range v.Secrets {
		lines = append(lines, field{"secret", secretWords(s.Secret)})
	}
	if v.Clients != nil {
		lines = append(lines, field{"apps", fmt.Sprintf("%d registered for its scopes", *v.Clients)})
	}
	lines = append(lines, field{"created", textutil.Clock(v.CreatedAt)}, field{"updated", textutil.Clock(v.UpdatedAt)})
	if err := t.showFields(lines); err != nil {
		return err
	}
	if v.ClientSecret != "" {
		t.say("\nThe secret is shown this once: keep it now. The API introspects tokens with its id and this secret.")
	}
	return nil
}
