package server

import (
	"latchkey/cmd/latchkey/internal/config"
	"latchkey/internal/edge"
)

// TrustedProxies is trusted_proxies and trusted_proxy_header as the edge takes them.
func TrustedProxies(c *config.Config) edge.Proxies {
	p := edge.Proxies{Standard: c.TrustedProxyHeader == config.HeaderStandard}
	for _, text := range c.TrustedProxies {
		if prefix, err := edge.ParsePrefix(text); err == nil { // checked by Validate
			p.Trusted = append(p.Trusted, prefix)
		}
	}
	return p
}
