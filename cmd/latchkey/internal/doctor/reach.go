package doctor

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"latchkey/cmd/latchkey/internal/data"
	"latchkey/cmd/latchkey/internal/textutil"
)

// reach asks for discovery at the issuer, as an app on this machine would, and
// then how such a request arrives.
func (d *doctor) reach(ctx context.Context, probe string) []Finding {
	const check = "issuer"
	var says struct{ Issuer string }
	got, err := d.get(ctx, "/.well-known/openid-configuration", nil)
	if err != nil {
		return []Finding{unreachable(check, err)}
	}
	var findings []Finding
	if got.tls != nil && d.config.TLSCertificateFile == "" {
		findings = append(findings, d.lasts("certificate", got.tls.PeerCertificates[0]))
	}
	if there, err := http.ParseTime(got.header.Get("Date")); err == nil && there.Sub(d.now()).Abs() > data.Leeway {
		findings = append(findings, warn("clock", "keep both by NTP", "whoever answers there says it is %s",
			textutil.Clock(there)))
	}
	switch {
	case got.status >= 300 && got.status < 400:
		return append(findings, Fail(check, "let it answer without a redirect, which apps do not follow",
			"%s redirects to %s", d.config.Issuer, got.header.Get("Location")))
	case got.status == http.StatusOK && json.Unmarshal(got.body, &says) == nil && says.Issuer == d.config.Issuer:
		findings = append(findings, ok(check, "discovery answers at %s", d.config.Issuer))
	case says.Issuer != "":
		findings = append(findings, Fail(check, "is it another server's address?",
			"discovery at %s says that the issuer is %s", d.config.Issuer, says.Issuer))
	default:
		findings = append(findings, Fail(check, "see the next line, or the proxy's log",
			"discovery at %s answers %d", d.config.Issuer, got.status))
	}
	return append(findings, d.arrives(ctx, probe))
}

func unreachable(check string, err error) Finding {
	if e := new(tls.CertificateVerificationError); errors.As(err, &e) {
		return Fail(check, "apps will refuse it too: get a certificate for this name, with its chain, that they trust", "%v", e.Err)
	}
	return Fail(check, "check the name in DNS, the proxy and the firewall; not every network reaches its own public address", "it does not answer from here: %v", err)
}

// answerMost is the most bytes read of an answer.
const answerMost = 1 << 20

// answered is an answer, read to its end.
type answered struct {
	status int
	header http.Header
	tls    *tls.ConnectionState
	body   []byte
}

func (d *doctor) get(ctx context.Context, path string, headers http.Header) (got answered, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.config.Issuer+path, nil)
	if err != nil {
		return got, err
	}
	for name, values := range headers {
		r.Header[name] = values
	}
	res, err := d.client.Do(r)
	if at := new(url.Error); errors.As(err, &at) {
		err = at.Err
	}
	if err != nil {
		return got, err
	}
	defer res.Body.Close()
	got = answered{status: res.StatusCode, header: res.Header, tls: res.TLS}
	got.body, err = io.ReadAll(io.LimitReader(res.Body, answerMost))
	return got, err
}
