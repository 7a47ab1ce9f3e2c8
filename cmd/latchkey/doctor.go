package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// What a check finds.
const (
	isOK   = "ok"
	isWarn = "warn" // it works, and may not for long, or not for everybody
	isFail = "fail"
)

// finding is one line of the doctor's answer.
type finding struct {
	Check string `json:"check"`
	State string `json:"state"`
	Says  string `json:"says"`
	Do    string `json:"do,omitempty"` // what to do about it
}

func ok(check, format string, args ...any) finding {
	return finding{Check: check, State: isOK, Says: fmt.Sprintf(format, args...)}
}

func warn(check, do, format string, args ...any) finding {
	return finding{check, isWarn, fmt.Sprintf(format, args...), do}
}

func fail(check, do, format string, args ...any) finding {
	return finding{check, isFail, fmt.Sprintf(format, args...), do}
}

// doctor looks at one installation. It changes nothing.
type doctor struct {
	config *Config
	now    func() time.Time
	client *http.Client // asks the issuer, as an app would
}

func doctorCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "doctor", Short: "Check all that must be right around the server", Args: takes(),
		Long: "Check configuration, files, clock, disk, certificate, server, and what apps and browsers see of it. " +
			"Each line says ok, warn or fail, and what to do. The exit code is 1 if anything fails.",
		RunE: func(c *cobra.Command, _ []string) error {
			findings := t.examine(c.Context())
			if err := t.showExamination(findings); err != nil {
				return err
			}
			failed := 0
			for _, f := range findings {
				if f.State == isFail {
					failed++
				}
			}
			switch failed {
			case 0:
				return nil
			case 1:
				return errors.New("one check failed")
			}
			return fmt.Errorf("%d checks failed", failed)
		}}
	addJSON(t, c)
	onThisMachine(c)
	return c
}

func (t *terminal) examine(ctx context.Context) []finding {
	c, err := t.config()
	if err != nil {
		return []finding{fail("configuration", "mend it: config.example.yaml explains every setting", "%v", err)}
	}
	return diagnose(ctx, c)
}

// diagnose looks at all that must be right around a server with this configuration.
func diagnose(ctx context.Context, c *Config) []finding {
	d := &doctor{config: c, now: time.Now, client: &http.Client{Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	findings := d.settings()
	findings = append(findings, d.files()...)
	findings = append(findings, d.clock(), d.disk())
	findings = append(findings, d.certificate()...)
	findings = append(findings, d.traces(ctx)...)
	return append(findings, d.server(ctx)...)
}

func (d *doctor) settings() []finding {
	from := d.config.fromFile
	if from == "" {
		from = "no file"
	}
	findings := []finding{ok("configuration", "valid, from %s; the issuer is %s (%s)", from, d.config.Issuer, d.config.source("issuer"))}
	for _, name := range d.config.unknown {
		findings = append(findings, warn("configuration", "remove or correct it", "%s is no setting", name))
	}
	return findings
}

func (t *terminal) showExamination(findings []finding) error {
	if t.json {
		return t.writeJSON(findings)
	}
	list := newTable(t.stdout, "CHECK", "STATE", "FOUND")
	for _, f := range findings {
		list.row(f.Check, f.State, f.Says)
		if f.Do != "" {
			list.row("", "", "→ "+f.Do)
		}
	}
	return list.w.Flush()
}
