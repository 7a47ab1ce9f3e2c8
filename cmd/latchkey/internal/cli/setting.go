package cli

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/data"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/storage/policy"

	"github.com/spf13/cobra"
)

// The two settings that a logo is.
const (
	settingLogo     = "branding.logo"
	settingLogoType = "branding.logo_type"
)

func settingCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "setting", Short: "Show and change settings: lifetimes, throttling, branding …",
		Long: "Show and change settings. What is changed is in force at once. What the configuration file or the environment pins is changed there."}
	c.AddCommand(settingList(t), settingSet(t), settingUnset(t))
	addJSON(t, c.Commands()...)
	anywhere(c.Commands()...)
	return c
}

func settingList(t *terminal) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List all settings and where each comes from", Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return t.with(c.Context(), false, func(conn *connection) error {
				all, err := conn.Settings(c.Context())
				if err != nil {
					return err
				}
				return t.showSettings(all)
			})
		}}
}

func settingSet(t *terminal) *cobra.Command {
	return &cobra.Command{Use: "set NAME=VALUE...", Short: "Change settings, all of them or none",
		Long:    "Change settings, all of them or none. Times are in seconds or like 90s, 12h and 7d, lists are separated by commas, and branding.logo is a file.",
		Args:    atLeast("NAME=VALUE"),
		Example: "  latchkey setting set lifetimes.session_idle=14d throttle.failures=5\n  latchkey setting set branding.logo=logo.svg\n  latchkey setting set signing_algorithms=RS256,ES256,EdDSA",
		RunE: func(c *cobra.Command, args []string) error {
			return t.changeSettings(c.Context(), args,
				func(all map[string]wire.Setting, arg string, fields client.Fields) error {
					name, text, ok := strings.Cut(arg, "=")
					if !ok {
						return usagef("%q must be NAME=VALUE", arg)
					}
					if isBlank(text) {
						return usagef("the value of %s is empty: to give it its default again, latchkey setting unset %s", name, name)
					}
					return setField(fields, all[name], name, text)
				})
		}}
}

func settingUnset(t *terminal) *cobra.Command {
	return &cobra.Command{Use: "unset NAME...", Short: "Give settings their defaults again", Args: atLeast("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			return t.changeSettings(c.Context(), args,
				func(_ map[string]wire.Setting, name string, fields client.Fields) error {
					fields[name] = nil
					if name == settingLogo {
						fields[settingLogoType] = nil
					}
					return nil
				})
		}}
}

// changeSettings makes one change of what read understands of the arguments, and
// shows the settings it was about.
func (t *terminal) changeSettings(ctx context.Context, args []string,
	read func(all map[string]wire.Setting, arg string, into client.Fields) error) error {
	return t.with(ctx, true, func(conn *connection) error {
		list, err := conn.Settings(ctx)
		if err != nil {
			return err
		}
		all, fields := map[string]wire.Setting{}, client.Fields{}
		for _, s := range list {
			all[s.Name] = s
		}
		for _, arg := range args {
			if err := read(all, arg, fields); err != nil {
				return err
			}
		}
		for name := range fields {
			if _, known := all[name]; !known {
				return usagef("%q is not a setting%s: see latchkey setting list", name,
					textutil.Hint("; the nearest one is %q", name, settingNames(list)))
			}
		}
		if list, err = conn.ChangeSettings(ctx, fields); err != nil {
			return err
		}
		var changed []wire.Setting
		for _, s := range list {
			if _, named := fields[s.Name]; named {
				changed = append(changed, s)
			}
		}
		return t.showSettings(changed)
	})
}

func settingNames(list []wire.Setting) []string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.Name
	}
	return names
}

// setField reads a value as the setting's default is one: what is not of its kind
// goes on as text, and the answer says what would be right.
func setField(fields client.Fields, s wire.Setting, name, text string) error {
	if name == settingLogo {
		logo, kind, err := data.ReadLogo(text)
		fields[settingLogo], fields[settingLogoType] = logo, kind
		return err
	}
	fields[name] = text
	switch s.Default.(type) {
	case float64:
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			fields[name] = n
		} else if d := textutil.Days(0); s.Unit == unitSeconds && d.Set(text) == nil {
			fields[name] = int64(time.Duration(d) / time.Second)
		} else if s.Unit == unitSeconds {
			return fmt.Errorf("%s must be a number of seconds, or like 90s, 12h or 7d, not %q", name, text)
		}
	case bool:
		if b, err := strconv.ParseBool(text); err == nil {
			fields[name] = b
		}
	case []any:
		fields[name] = textutil.SplitList(text)
	}
	return nil
}

const unitSeconds = "seconds"

// showSettings leaves the logo's type to the logo.
func (t *terminal) showSettings(list []wire.Setting) error {
	if t.json {
		return t.writeJSON(list)
	}
	shown := newTable(t.stdout, "SETTING", "VALUE", "FROM")
	kinds := map[string]string{}
	for _, s := range list {
		kinds[s.Name], _ = s.Value.(string)
	}
	for _, s := range list {
		if s.Name != settingLogoType {
			shown.row(s.Name, settingValue(s, kinds[settingLogoType]), sourceWords[s.Source])
		}
	}
	return shown.w.Flush()
}

var sourceWords = map[policy.SettingSource]string{
	policy.SourceDefault: "the default", policy.SourceStored: "set here", policy.SourceFile: "the configuration",
}

func settingValue(s wire.Setting, logoType string) string {
	switch v := s.Value.(type) {
	case float64:
		n := int64(v)
		if s.Unit == unitSeconds && n >= 60 {
			d := textutil.Days(time.Duration(n) * time.Second)
			return fmt.Sprintf("%d %s (%s)", n, s.Unit, d.String())
		}
		return strings.TrimSpace(fmt.Sprintf("%d %s", n, s.Unit))
	case bool:
		return strconv.FormatBool(v)
	case []any:
		return strings.Trim(fmt.Sprint(v), "[]")
	case string:
		if raw, err := base64.StdEncoding.DecodeString(v); s.Name == settingLogo && err == nil && v != "" {
			return fmt.Sprintf("%d bytes, %s", len(raw), logoType)
		}
		return v
	}
	return ""
}
