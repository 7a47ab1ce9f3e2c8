package doctor

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"latchkey/cmd/latchkey/internal/config"
)

// What a check finds.
const (
	isOK   = "ok"
	isWarn = "warn" // it works, and may not for long, or not for everybody
	IsFail = "fail"
)

// Finding is one line of the doctor's answer.
type Finding struct {
	Check string `json:"check"`
	State string `json:"state"`
	Says  string `json:"says"`
	Do    string `json:"do,omitempty"` // what to do about it
}

func ok(check, format string, args ...any) Finding {
	return Finding{Check: check, State: isOK, Says: fmt.Sprintf(format, args...)}
}

func warn(check, do, format string, args ...any) Finding {
	return Finding{check, isWarn, fmt.Sprintf(format, args...), do}
}

func Fail(check, do, format string, args ...any) Finding {
	return Finding{check, IsFail, fmt.Sprintf(format, args...), do}
}

// doctor looks at one installation. It changes nothing.
type doctor struct {
	config *config.Config
	now    func() time.Time
	client *http.Client // asks the issuer, as an app would
}

// Diagnose looks at all that must be right around a server with this configuration.
func Diagnose(ctx context.Context, c *config.Config) []Finding {
	d := &doctor{config: c, now: time.Now, client: &http.Client{Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	findings := d.settings()
	findings = append(findings, d.files()...)
	findings = append(findings, d.clock(), d.disk())
	findings = append(findings, d.certificate()...)
	findings = append(findings, d.traces(ctx)...)
	return append(findings, d.server(ctx)...)
}

func (d *doctor) settings() []Finding {
	from := d.config.FromFile
	if from == "" {
		from = "no file"
	}
	findings := []Finding{ok("configuration", "valid, from %s; the issuer is %s (%s)", from, d.config.Issuer,
		d.config.Source("issuer"))}
	for _, name := range d.config.Unknown {
		findings = append(findings, warn("configuration", "remove or correct it", "%s is no setting", name))
	}
	return findings
}
