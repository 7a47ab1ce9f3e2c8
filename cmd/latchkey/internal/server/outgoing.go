package server

import (
	"latchkey/cmd/latchkey/internal/config"
	foreign "latchkey/internal/fetch"
)

// newFetcher makes what fetches addresses that apps have named. In development, which is
// what an issuer by http is, apps are on this machine too.
func newFetcher(c *config.Config) *foreign.Client {
	allow, _ := foreign.ParseAllow(c.OutgoingAllow) // checked by Validate
	return foreign.New(foreign.Options{Allow: allow, Loopback: !c.Secure()})
}
