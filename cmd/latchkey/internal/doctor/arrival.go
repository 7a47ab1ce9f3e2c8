package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"latchkey/cmd/latchkey/internal/server"
)

// forgedAddress is what the probe claims to come from: documentation's own.
const forgedAddress = "203.0.113.99"

// arrives compares how a request arrived with how it was sent.
func (d *doctor) arrives(ctx context.Context, probe string) Finding {
	const check = "proxy headers"
	var seen server.Arrival
	got, err := d.get(ctx, server.PathHealth,
		http.Header{server.ProbeHeader: {probe}, "X-Forwarded-For": {forgedAddress},
			"Forwarded": {"for=" + forgedAddress}})
	if err != nil {
		return unreachable(check, err)
	}
	if got.status != http.StatusOK || json.Unmarshal(got.body, &seen) != nil {
		return Fail(check, "see that the issuer's address leads to this server",
			"the server that answers there is not the one on this data")
	}
	return d.judge(check, seen)
}

func (d *doctor) judge(check string, seen server.Arrival) Finding {
	peer, _ := netip.ParseAddrPort(seen.Peer)
	from := peer.Addr().Unmap().WithZone("")
	trusted := slices.ContainsFunc(server.TrustedProxies(d.config).Trusted,
		func(p netip.Prefix) bool { return p.Contains(from) })
	issuer, err := url.Parse(d.config.Issuer)
	switch {
	case err != nil:
		return Fail(check, "correct it", "the issuer is no address")
	case seen.Address == forgedAddress:
		return Fail(check, "let the proxy set the forwarding headers, not pass them on",
			"callers can claim any address by a header, and are believed")
	case seen.Scheme != issuer.Scheme && !trusted:
		return Fail(check, fmt.Sprintf("add %s to trusted_proxies if it is your proxy", from),
			"requests arrive by %s from %s, which is not trusted, and the issuer is %s", seen.Scheme, from,
			issuer.Scheme)
	case seen.Scheme != issuer.Scheme:
		return Fail(check, d.headerAdvice("X-Forwarded-Proto"),
			"requests arrive by %s, and the issuer is %s; the proxy at %s sends %s", seen.Scheme, issuer.Scheme,
			from, listed(seen.Headers))
	case trusted && !slices.Contains(seen.Headers, d.callerHeader()):
		return warn(check, d.headerAdvice("X-Forwarded-For"),
			"every caller seems to be the proxy at %s, which sends %s", from, listed(seen.Headers))
	case !trusted && slices.ContainsFunc(seen.Headers,
		func(name string) bool { return name == "X-Forwarded-Proto" || name == "X-Forwarded-Host" }):
		// The probe sends neither.
		return warn(check, fmt.Sprintf("add %s to trusted_proxies if it is your proxy", from),
			"requests arrive by a proxy at %s, which is not trusted: every caller seems to be it", from)
	case !strings.EqualFold(seen.Host, issuer.Host):
		return warn(check, d.headerAdvice("X-Forwarded-Host"),
			"requests arrive for %s, and the issuer is at %s: forms from old browsers are refused", seen.Host,
			issuer.Host)
	case trusted:
		return ok(check, "the proxy at %s says truly who calls, and how; it must also take answers with 16 KB of headers (nginx: proxy_buffer_size)", from)
	}
	return ok(check, "requests arrive by %s without a proxy", seen.Scheme)
}

// callerHeader is the header in which the proxy names the caller.
func (d *doctor) callerHeader() string {
	if server.TrustedProxies(d.config).Standard {
		return "Forwarded"
	}
	return "X-Forwarded-For"
}

func (d *doctor) headerAdvice(name string) string {
	if server.TrustedProxies(d.config).Standard {
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
