package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// renewal is how long before its end a certificate should have been renewed.
const renewal = 14 * 24 * time.Hour

// certificate checks the one that is configured. What a proxy shows, reach sees.
func (d *doctor) certificate() []finding {
	c := d.config
	if c.TLSCertificateFile == "" {
		return nil
	}
	const check = "certificate"
	pair, err := tls.LoadX509KeyPair(c.TLSCertificateFile, c.TLSKeyFile)
	if err != nil {
		return []finding{fail(check, "correct tls.certificate_file and tls.key_file", "it cannot be used: %v", reason(err))}
	}
	issuer, err := url.Parse(c.Issuer)
	if err == nil {
		err = pair.Leaf.VerifyHostname(issuer.Hostname())
	}
	if err != nil {
		return []finding{fail(check, "get one for the issuer's name", "%v", err)}
	}
	return []finding{d.lasts(check, pair.Leaf)}
}

// lasts is about a certificate's days.
func (d *doctor) lasts(check string, leaf *x509.Certificate) finding {
	const do = "renew it"
	switch now := d.now(); {
	case now.Before(leaf.NotBefore):
		return fail(check, "set the clock, or wait", "it is valid from %s only", clock(leaf.NotBefore))
	case now.After(leaf.NotAfter):
		return fail(check, do, "it ended %s", clock(leaf.NotAfter))
	case now.Add(renewal).After(leaf.NotAfter):
		return warn(check, do, "it ends soon: %s", clock(leaf.NotAfter))
	}
	return ok(check, "valid until %s", clock(leaf.NotAfter))
}

// reach asks for discovery at the issuer, as an app on this machine would, and
// then how such a request arrives.
func (d *doctor) reach(ctx context.Context, probe string) []finding {
	const check = "issuer"
	var says struct{ Issuer string }
	res, body, err := d.get(ctx, "/.well-known/openid-configuration", nil)
	if err != nil {
		return []finding{unreachable(check, err)}
	}
	var findings []finding
	if res.TLS != nil && d.config.TLSCertificateFile == "" {
		findings = append(findings, d.lasts("certificate", res.TLS.PeerCertificates[0]))
	}
	if there, err := http.ParseTime(res.Header.Get("Date")); err == nil && there.Sub(d.now()).Abs() > leeway {
		findings = append(findings, warn("clock", "keep both by NTP", "whoever answers there says it is %s", clock(there)))
	}
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return append(findings, fail(check, "let it answer without a redirect, which apps do not follow", "%s redirects to %s", d.config.Issuer, res.Header.Get("Location")))
	case res.StatusCode == http.StatusOK && json.Unmarshal(body, &says) == nil && says.Issuer == d.config.Issuer:
		findings = append(findings, ok(check, "discovery answers at %s", d.config.Issuer))
	case says.Issuer != "":
		findings = append(findings, fail(check, "is it another server's address?", "discovery at %s says that the issuer is %s", d.config.Issuer, says.Issuer))
	default:
		findings = append(findings, fail(check, "see the next line, or the proxy's log", "discovery at %s answers %s", d.config.Issuer, res.Status))
	}
	return append(findings, d.arrives(ctx, probe))
}

func unreachable(check string, err error) finding {
	if e := new(tls.CertificateVerificationError); errors.As(err, &e) {
		return fail(check, "apps will refuse it too: get a certificate for this name, with its chain, that they trust", "%v", e.Err)
	}
	return fail(check, "check the name in DNS, the proxy and the firewall; not every network reaches its own public address", "it does not answer from here: %v", err)
}

// forgedAddress is what the probe claims to come from: documentation's own.
const forgedAddress = "203.0.113.99"

// arrives compares how a request arrived with how it was sent.
func (d *doctor) arrives(ctx context.Context, probe string) finding {
	const check = "proxy headers"
	var seen arrival
	res, body, err := d.get(ctx, pathHealth, http.Header{probeHeader: {probe}, "X-Forwarded-For": {forgedAddress}, "Forwarded": {"for=" + forgedAddress}})
	if err != nil {
		return unreachable(check, err)
	}
	if res.StatusCode != http.StatusOK || json.Unmarshal(body, &seen) != nil {
		return fail(check, "see that the issuer's address leads to this server", "the server that answers there is not the one on this data")
	}
	return d.judge(check, seen)
}

func (d *doctor) judge(check string, seen arrival) finding {
	peer, _ := netip.ParseAddrPort(seen.Peer)
	from := peer.Addr().Unmap().WithZone("")
	trusted := slices.ContainsFunc(d.config.proxies().Trusted, func(p netip.Prefix) bool { return p.Contains(from) })
	issuer, err := url.Parse(d.config.Issuer)
	switch {
	case err != nil:
		return fail(check, "correct it", "the issuer is no address")
	case seen.Address == forgedAddress:
		return fail(check, "let the proxy set the forwarding headers, not pass them on", "callers can claim any address by a header, and are believed")
	case seen.Scheme != issuer.Scheme && !trusted:
		return fail(check, fmt.Sprintf("add %s to trusted_proxies if it is your proxy", from), "requests arrive by %s from %s, which is not trusted, and the issuer is %s", seen.Scheme, from, issuer.Scheme)
	case seen.Scheme != issuer.Scheme:
		return fail(check, d.headerAdvice("X-Forwarded-Proto"), "requests arrive by %s, and the issuer is %s; the proxy at %s sends %s", seen.Scheme, issuer.Scheme, from, listed(seen.Headers))
	case trusted && !slices.Contains(seen.Headers, d.callerHeader()):
		return warn(check, d.headerAdvice("X-Forwarded-For"), "every caller seems to be the proxy at %s, which sends %s", from, listed(seen.Headers))
	case !strings.EqualFold(seen.Host, issuer.Host):
		return warn(check, d.headerAdvice("X-Forwarded-Host"), "requests arrive for %s, and the issuer is at %s: forms from old browsers are refused", seen.Host, issuer.Host)
	case trusted:
		return ok(check, "the proxy at %s says truly who calls, and how", from)
	}
	return ok(check, "requests arrive by %s without a proxy", seen.Scheme)
}

// callerHeader is the header in which the proxy names the caller.
func (d *doctor) callerHeader() string {
	if d.config.proxies().Standard {
		return "Forwarded"
	}
	return "X-Forwarded-For"
}

func (d *doctor) headerAdvice(name string) string {
	if d.config.proxies().Standard {
		name = "Forwarded (or choose another trusted_proxy_header)"
	}
	return "let the proxy set " + name
}

func listed(names []string) string {
	if len(names) == 0 {
		return "no forwarding headers"
	}
	return strings.Join(names, ", ")
}

// answerMost is the most bytes read of an answer.
const answerMost = 1 << 20

func (d *doctor) get(ctx context.Context, path string, headers http.Header) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.config.Issuer+path, nil)
	if err != nil {
		return nil, nil, err
	}
	for name, values := range headers {
		r.Header[name] = values
	}
	res, err := d.client.Do(r)
	if at := new(url.Error); errors.As(err, &at) {
		err = at.Err
	}
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, answerMost))
	return res, body, err
}
