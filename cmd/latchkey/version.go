package main

import (
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
)

// version is set when a release is built (-ldflags "-X main.version=1.2.3").
var version = ""

type versionAnswer struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
}

func versionOf() versionAnswer {
	v := versionAnswer{Version: version}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Go = info.GoVersion
		if v.Version == "" {
			v.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Revision = s.Value
			}
		}
	}
	if v.Version == "" || v.Version == "(devel)" {
		v.Version = "development"
	}
	return v
}

// builtAt is when the code was committed, the zero time if that is not known.
func builtAt() time.Time {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.time" {
				at, _ := time.Parse(time.RFC3339, s.Value)
				return at
			}
		}
	}
	return time.Time{}
}

func versionCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "version", Short: "Say which Latchkey this is", Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			v := versionOf()
			if t.json {
				return t.writeJSON(v)
			}
			t.say("latchkey %s (%s)", v.Version, v.Go)
			return nil
		},
	}
	addJSON(t, c)
	return c
}
