package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const pathDiscovery = "/.well-known/openid-configuration"

// answerMost is the most bytes read of what is not of the API.
const answerMost = 1 << 20

// discover returns the token endpoint of the issuer, whose name must be the very one
// that was asked for (OpenID Connect Discovery section 4.3): another server's could be
// after the secret.
func (s *session) discover(ctx context.Context) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.issuer+pathDiscovery, nil)
	if err != nil {
		return "", err
	}
	status, body, err := s.fetch(r)
	if err != nil {
		return "", err
	}
	var says struct {
		Issuer        string `json:"issuer"`
		TokenEndpoint string `json:"token_endpoint"`
	}
	switch {
	case status >= 300 && status < 400:
		return "", errors.New("it sends requests on to elsewhere: name the issuer itself")
	case status != http.StatusOK:
		return "", fmt.Errorf("discovery answers %d: is it a Latchkey, and in order?", status)
	case json.Unmarshal(body, &says) != nil || says.Issuer == "":
		return "", errors.New("discovery answers something else: it is no Latchkey")
	case says.Issuer != s.issuer:
		return "", fmt.Errorf("it says that its issuer is %q: name that, letter by letter, if it is the one you mean", says.Issuer)
	case !strings.HasPrefix(says.TokenEndpoint, s.issuer+"/"):
		return "", fmt.Errorf("it has its tokens from elsewhere, %q, which gets no secret: it is no Latchkey",
			says.TokenEndpoint)
	}
	return says.TokenEndpoint, nil
}

// fetch sends a request as it is, and follows no redirect.
func (s *session) fetch(r *http.Request) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.patience)
	defer cancel()
	r = r.WithContext(ctx)
	r.Header.Set("Accept", "application/json")
	res, err := s.base.RoundTrip(r)
	if err != nil {
		return 0, nil, plainly(err)
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(res.Body, answerMost)); err != nil {
		return 0, nil, plainly(err)
	}
	return res.StatusCode, body, nil
}
