package doctor

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"latchkey/api"
	"latchkey/api/client"
	"latchkey/cmd/latchkey/internal/data"
	"latchkey/cmd/latchkey/internal/server"
	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/cmd/latchkey/internal/version"
	"latchkey/keys"
	"latchkey/storage/backup"
	"latchkey/storage/kv"
)

// server asks the running server how it is, and whether it is reached as it
// should be. When none runs, the data is opened instead, as serve would.
func (d *doctor) server(ctx context.Context) []Finding {
	caller, err := socket.Dial(ctx, d.config.DataDir)
	if err != nil {
		findings := []Finding{warn("server", "latchkey serve; what apps see can be checked only then",
			"none runs on this data")}
		return append(findings, d.storage(ctx)...)
	}
	defer caller.Close()
	status, err := caller.GetStatus(ctx)
	if err != nil {
		return []Finding{Fail("server", "restart it; if it is of another version, use that one's doctor",
			"it does not say how it is: %v", err)}
	}
	findings := []Finding{ok("server", "version %s runs as process %d", status.Version, status.PID)}
	if mine := version.Current().Version; mine != status.Version {
		findings[0] = warn("server", "restart it to run the version that is installed",
			"version %s runs as process %d, and this is %s", status.Version, status.PID, mine)
	}
	if status.Fault != "" {
		return append(findings, Fail("storage", "do as it says", "%s", status.Fault))
	}
	findings = append(findings, ok("storage", "reads and writes"))
	if status.LastWritten != nil {
		findings = append(findings, warn("clock", setClock,
			"when the server started it said a time before the data was last written (%s)",
			textutil.Clock(*status.LastWritten)))
	}
	if status.LastServed != nil {
		findings = append(findings, longUnserved(*status.LastServed))
	}
	findings = append(findings, d.moved(status.FormerIssuer)...)
	findings = append(findings, d.apps(ctx, caller)...)
	return append(findings, d.reach(ctx, status.Probe)...)
}

// storage opens data that nobody has open.
func (d *doctor) storage(ctx context.Context) []Finding {
	const check = "storage"
	if data.CheckLost(d.config) != nil {
		return nil // files says it
	}
	if data.Missing(d.config.DataDir) {
		return []Finding{warn(check, "latchkey serve makes it", "there is nothing to open yet")}
	}
	if damaged := (*backup.Damaged)(nil); errors.As(backup.ExaminePages(data.Path(d.config)), &damaged) {
		return []Finding{Fail(check, "what to do is in docs/backup.md", "%s",
			strings.ReplaceAll(damaged.Error(), "\n", "; "))}
	}
	former, apps, last := "", []Finding(nil), time.Time{}
	h, err := server.Open(ctx, d.config, data.OpenWait)
	if errors.Is(err, kv.ErrLocked) {
		return []Finding{Fail(check, "wait until that has finished, or stop it", "%v", err)}
	}
	if err == nil {
		last, _ = h.Store.LastKnown()
		former, err = h.Store.FormerIssuer(ctx)
		apps = d.apps(ctx, client.InProcess(api.Handler(h.LocalOptions())))
		err = errors.Join(err, h.Close())
	}
	switch {
	case errors.Is(err, data.ErrNoMaster), errors.Is(err, keys.ErrWrongMaster):
		return []Finding{Fail(check, "put the master key in place: backups are of no use without it either", "%v", err)}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return []Finding{Fail(check, "mend that: the data have not been touched", "%v", err)}
	case err != nil:
		return []Finding{Fail(check, "restore a backup if nothing else helps", "%v", err)}
	}
	findings := []Finding{ok(check, "the data opens with this master key")}
	if !last.IsZero() {
		findings = append(findings, longUnserved(last))
	}
	findings = append(findings, d.moved(former)...)
	return append(findings, apps...)
}

// apps warns of redirect URIs that were registered and do not do what was meant, and of
// secrets that end because they could be guessed.
func (d *doctor) apps(ctx context.Context, caller *client.Caller) (findings []Finding) {
	const check = "apps"
	n := 0
	for c, err := range caller.Clients(ctx) {
		if err != nil {
			return append(findings, warn(check, "latchkey client list says more", "they cannot be listed: %v", err))
		}
		n++
		if warnings := c.RedirectURIWarnings(); len(warnings) > 0 {
			findings = append(findings, warn(check,
				"register another address: latchkey client edit "+c.ClientID+" --redirect-uri ADDRESS",
				"%s (%s): %s", c.ClientName, c.ClientID, strings.Join(warnings, "; ")))
		}
		for _, s := range c.Secrets {
			if s.GuessableUntil != nil && s.ExpiresAt == nil { // it has no new one yet
				findings = append(findings, warn(check, "give it a new one: latchkey client rotate-secret "+c.ClientID,
					"%s (%s): its secret that ends in %s could be guessed, and is not accepted after %s",
					c.ClientName, c.ClientID, s.Last4, textutil.Clock(*s.GuessableUntil)))
			}
		}
	}
	switch {
	case n == 0:
		return []Finding{ok(check, "no apps yet")}
	case len(findings) == 0:
		return []Finding{ok(check, "%s: the redirect URIs are valid", textutil.Number(n, "app"))}
	}
	return findings
}

// longUnserved warns of a clock that may be ahead.
func longUnserved(last time.Time) Finding {
	return warn("clock", "set the clock if it is wrong; if it is right, there is nothing to do",
		"it is long after this data was last served (%s): for a day after the start nothing that has expired is deleted, and no key is replaced", textutil.Clock(last))
}

// moved warns of another issuer than before.
func (d *doctor) moved(former string) []Finding {
	if former == "" {
		return nil
	}
	return []Finding{warn("issuer", "if that was a mistake, set issuer back; else give every app the new one",
		"this data was served as %s; apps that are configured for it will refuse tokens of %s", former,
		d.config.Issuer)}
}
