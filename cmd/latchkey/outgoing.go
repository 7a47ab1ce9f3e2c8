package main

import foreign "latchkey/internal/fetch"

// outgoingFault looks at the exceptions to what is spoken to on behalf of others.
func outgoingFault(texts []string) string {
	if _, err := foreign.ParseAllow(texts); err != nil {
		return err.Error()
	}
	return ""
}

// newFetcher makes what fetches addresses that apps have named. In development, which is
// what an issuer by http is, apps are on this machine too.
func newFetcher(c *Config) *foreign.Client {
	allow, _ := foreign.ParseAllow(c.OutgoingAllow) // checked by Validate
	return foreign.New(foreign.Options{Allow: allow, Loopback: !c.secure()})
}
