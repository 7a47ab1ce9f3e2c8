package try

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
)

// provider is what the sample reads of the discovery document (OpenID Connect
// Discovery section 3).
type provider struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Userinfo      string   `json:"userinfo_endpoint"`
	JWKS          string   `json:"jwks_uri"`
	EndSession    string   `json:"end_session_endpoint"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	Grants        []string `json:"grant_types_supported"`
	Scopes        []string `json:"scopes_supported"`
}

// refreshes reports whether there are refresh tokens to be had.
func (p provider) refreshes() bool {
	return slices.Contains(p.Grants, "refresh_token") && slices.Contains(p.Scopes, "offline_access")
}

// answerMost is the most bytes read of an answer.
const answerMost = 1 << 20

func (a *App) send(r *http.Request) (status int, body []byte, err error) {
	r.Header.Set("Accept", "application/json")
	res, err := a.HTTP.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(io.LimitReader(res.Body, answerMost))
	return res.StatusCode, body, err
}

// fetch reads a JSON document.
func (a *App) fetch(ctx context.Context, address string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	status, body, err := a.send(r)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%s answered %d", address, status)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s answered no JSON: %w", address, err)
	}
	return nil
}
