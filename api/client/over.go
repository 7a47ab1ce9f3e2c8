package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"latchkey/api/wire"
)

// What a server on the network may lack.
var (
	// ErrNoAPI: nothing of this API is there.
	ErrNoAPI = errors.New("there is no administration API at " + wire.Prefix + ": it is switched off there (admin_api), a proxy keeps it to others, or the server is of quite another version")
	// ErrNoOperation: the server knows others.
	ErrNoOperation = errors.New("the server does not know this operation: it is older than this program, or newer by far")
)

// Over returns a Caller over the network, of the server whose issuer is given.
// client puts an access token of the scope admin into each request, as that of a
// clientcredentials.Config of golang.org/x/oauth2 does. Redirects are not followed,
// whatever client says: the token would go along. Errors are ErrNoAPI and
// ErrNoOperation too, in place of a problem.
func Over(issuer string, client *http.Client) *Caller {
	own := *client
	own.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		return fmt.Errorf("it sends requests on to %q, where no access token of this server belongs: name the issuer itself", r.URL.Host)
	}
	return &Caller{http: &own, base: strings.TrimSuffix(issuer, "/")}
}

// offered tells a record that is not there from an operation that is not: both are
// answered in the same way, by proxies too. nil: it is the record, as far as can be
// known.
func (c *Caller) offered(ctx context.Context, method, path string) error {
	all := c.offer.Load()
	if all == nil {
		var err error
		if all, err = c.fetchOffer(ctx); err != nil {
			return err
		}
		c.offer.Store(all)
	}
	path, _, _ = strings.Cut(wire.Prefix+path, "?")
	for template, methods := range all.Paths {
		if _, ok := methods[strings.ToLower(method)]; ok && fits(template, path) {
			return nil
		}
	}
	return fmt.Errorf("%s: %w", c.base, ErrNoOperation)
}

// offer is what the server's description lists: methods, in lower case, by path.
type offer struct {
	Paths map[string]map[string]json.RawMessage `json:"paths"`
}

func (c *Caller) fetchOffer(ctx context.Context) (*offer, error) {
	none := fmt.Errorf("%s: %w", c.base, ErrNoAPI)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+wire.Prefix+"/openapi.json", nil)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.base, cause(err))
	}
	defer res.Body.Close()
	var all offer
	text, err := read(res)
	if err != nil || res.StatusCode != http.StatusOK || json.Unmarshal(text, &all) != nil || len(all.Paths) == 0 {
		return nil, none
	}
	return &all, nil
}

// fits reports whether a path is one of a template such as /users/{sub}.
func fits(template, path string) bool {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i, w := range want {
		if !strings.HasPrefix(w, "{") && w != have[i] {
			return false
		}
	}
	return true
}
