package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/remote"

	"github.com/spf13/cobra"
)

// elsewhere says which server on another machine a verb is for, and by what right.
type elsewhere struct {
	server, source  string // "": this machine's own
	ca, credentials string
	local           bool           // whatever the environment says
	open            *remote.Server // once it was needed
}

func addElsewhere(t *terminal, root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&t.elsewhere.server, "server", "",
		"administer the Latchkey with this issuer over the network (default: "+config.EnvServer+", else the one on this machine)")
	f.StringVar(&t.elsewhere.credentials, "credentials", "",
		"with --server: `file` of the client to do it as (default: "+config.EnvCredentials+", else "+config.EnvClientID+" and "+config.EnvClientSecret+")")
	f.StringVar(&t.elsewhere.ca, "ca", "",
		"with --server: `file` of the only certificates to trust (default: "+config.EnvCA+", else those this machine trusts)")
	f.BoolVar(&t.elsewhere.local, "local", false,
		"administer the Latchkey on this machine, also while "+config.EnvServer+" names another")
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		if err := refuseEmptyFlags(c); err != nil {
			return err
		}
		return t.settle(c)
	}
}

// Where a verb works. Others, as version, work without any data.
const (
	placeNote    = "place"
	placeAny     = "any"     // it is calls of the API, and so has this machine's server or another's do it
	placeMachine = "machine" // it needs this machine's own files
)

func anywhere(all ...*cobra.Command) { placed(placeAny, all) }

func onThisMachine(all ...*cobra.Command) { placed(placeMachine, all) }

func placed(place string, all []*cobra.Command) {
	for _, c := range all {
		if c.Annotations == nil {
			c.Annotations = map[string]string{}
		}
		c.Annotations[placeNote] = place
	}
}

// settle finds out which server a verb is for, and refuses what would be done to
// another one's data than was meant.
func (t *terminal) settle(c *cobra.Command) error {
	e, place, given := &t.elsewhere, c.Annotations[placeNote], c.Flags().Changed
	if e.source = "--server"; !given("server") && !e.local {
		e.server, e.source = config.Lookup(t.env, config.EnvServer), config.EnvServer
	}
	switch {
	case e.local && given("server"):
		return usagef("--server names another machine's Latchkey, and --local means this one's: leave one out")
	case c.HasSubCommands() || place == "" && !given("server"):
		return nil
	case e.server == "" && (given("ca") || given("credentials")):
		return usagef("--ca and --credentials need --server")
	case e.server == "" && !e.local && place == placeAny && t.bearsCredentials():
		return usagef("the environment has credentials for a server and names none: set %s, or unset %s, %s and %s",
			config.EnvServer, config.EnvCredentials, config.EnvClientID, config.EnvClientSecret)
	case e.server == "":
		return nil
	case place != placeAny && given("server"):
		return usagef("%s is not done over the network: run it on the server's own machine, without --server",
			c.CommandPath())
	case place != placeAny:
		return usagef("%s works on this machine's own data, and %s names a server: unset it, or run this there",
			c.CommandPath(), config.EnvServer)
	case given("config"):
		return usagef("--config is of this machine's own Latchkey, and %s names another: leave one out", e.source)
	}
	if fault := serverFault(e.server); fault != "" {
		return usagef("%s %s", e.source, fault)
	}
	return nil
}

// bearsCredentials reports whether the environment says by what right to administer a
// server on another machine.
func (t *terminal) bearsCredentials() bool {
	return config.Lookup(t.env, config.EnvCredentials) != "" || config.Lookup(t.env, config.EnvClientSecret) != ""
}

// serverFault holds the address of a server to what an issuer must be. It may have a
// password in it, and then is not repeated.
func serverFault(text string) string {
	if strings.Contains(text, "@") {
		return "must hold no user name"
	}
	if fault := config.OriginFault(text); fault != "" {
		return fault
	}
	if u, _ := url.Parse(text); u.Scheme != "https" && !config.IsLocalhost(u.Hostname()) {
		return fmt.Sprintf("must be https unless it is localhost, for what is secret goes there: https://%s would be right", u.Host)
	}
	return ""
}

// connectElsewhere opens the way once, also for a verb that connects twice.
func (t *terminal) connectElsewhere(ctx context.Context) (*connection, error) {
	e := &t.elsewhere
	if e.open == nil {
		credentials, err := t.credentials()
		if err != nil {
			return nil, err
		}
		o := remote.Options{Issuer: e.server, Credentials: credentials, CAFile: e.ca}
		if o.CAFile == "" {
			o.CAFile = config.Lookup(t.env, config.EnvCA)
		}
		if e.open, err = remote.Open(ctx, o); err != nil {
			return nil, err
		}
	}
	return &connection{Caller: e.open.Caller, remote: e.open}, nil
}

// credentials are those of the flag, or of the environment: these are for the server
// that it names, if it names one, and for no other.
func (t *terminal) credentials() (remote.Credentials, error) {
	if file := t.elsewhere.credentials; file != "" {
		return remote.ReadCredentials(file)
	}
	file, id, secret := config.Lookup(t.env, config.EnvCredentials), config.Lookup(t.env, config.EnvClientID),
		config.Lookup(t.env, config.EnvClientSecret)
	switch named := config.Lookup(t.env, config.EnvServer); {
	case named != "" && named != t.elsewhere.server && t.bearsCredentials():
		return remote.Credentials{}, fmt.Errorf("the credentials in the environment are for the server that %s names: name the file of those for %s with --credentials", config.EnvServer, t.elsewhere.server)
	case file != "" && secret != "":
		return remote.Credentials{}, errors.New(config.EnvCredentials + " and " + config.EnvClientSecret + " are both set: unset one")
	case file != "":
		return remote.ReadCredentials(file)
	case id != "" && secret != "":
		return remote.Secret(id, secret), nil
	case id != "" || secret != "":
		return remote.Credentials{}, errors.New(config.EnvClientID + " and " + config.EnvClientSecret + " must both be set")
	}
	return remote.Credentials{}, fmt.Errorf("%s needs the credentials of a client: name their file with --credentials, or set %s and %s", t.elsewhere.server, config.EnvClientID, config.EnvClientSecret)
}
