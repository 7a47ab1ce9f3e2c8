package remote

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"latchkey/storage/apps"
)

const (
	scopeAll  = apps.ScopeAdmin
	scopeRead = apps.ScopeAdminRead
	// spare is how long before its end a token is replaced: a request takes a while.
	spare = 2 * time.Minute
)

// session is a round tripper that puts an access token into each request, and gets one
// when it has none that lasts.
type session struct {
	base        *http.Transport
	issuer      string
	endpoint    string // for tokens
	credentials Credentials
	patience    time.Duration // with an answer that is not of the API
	now         func() time.Time

	mu   sync.Mutex
	have token
}

// token is what the token endpoint answers (RFC 6749 sections 5.1 and 5.2).
type token struct {
	Access  string `json:"access_token"`
	Life    int64  `json:"expires_in"` // seconds
	Code    string `json:"error"`
	Text    string `json:"error_description"`
	scope   string
	expires time.Time
}

func (s *session) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close() // also if it is never sent
	}
	if origin := r.URL.Scheme + "://" + r.URL.Host; origin != s.issuer {
		return nil, fmt.Errorf("%q is not the server that the token is for", origin)
	}
	access, err := s.token(r.Context())
	if err != nil {
		return nil, err
	}
	var sent atomic.Bool
	watched := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	with := r.Clone(watched)
	with.Header.Set("Authorization", "Bearer "+access)
	res, err := s.base.RoundTrip(with)
	if err == nil {
		return res, nil
	}
	err = plainly(err)
	if r.Method != http.MethodGet && sent.Load() {
		err = fmt.Errorf("%w; whether it was done is not known, so look before doing it again", err)
	}
	return nil, err
}

// CloseIdleConnections is for http.Client.
func (s *session) CloseIdleConnections() { s.base.CloseIdleConnections() }

func (s *session) readsOnly() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.have.scope == scopeRead
}

// token returns one that will last for a request.
func (s *session) token(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.have.Access != "" && s.now().Add(spare).Before(s.have.expires) {
		return s.have.Access, nil
	}
	// What a client may have is found out by asking: it costs one that may only look a
	// refused request.
	t, err := s.ask(ctx, scopeAll)
	if err == nil && t.Code == "invalid_scope" {
		t, err = s.ask(ctx, scopeRead)
	}
	if err == nil {
		err = s.fault(t)
	}
	if err != nil {
		return "", err
	}
	s.have = t
	return t.Access, nil
}

// ask sends a request of RFC 6749 section 4.4.2. An answer that is none of the token
// endpoint's is an error.
func (s *session) ask(ctx context.Context, scope string) (t token, err error) {
	form, header := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}, http.Header{}
	began := s.now()
	if err := s.credentials.sign(header, form, s.issuer, began); err != nil {
		return t, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return t, err
	}
	r.Header = header
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body, err := s.fetch(r)
	if err != nil {
		return t, err
	}
	// Not the decoder's error, which might quote a token.
	if json.Unmarshal(body, &t) != nil || (t.Code == "") != (status == http.StatusOK) || t.Code == "" &&
		t.Access == "" {
		return t, fmt.Errorf("its token endpoint answers %d, not as a Latchkey does: is a proxy in the way?", status)
	}
	t.scope, t.expires = scope, began.Add(time.Duration(t.Life)*time.Second)
	return t, nil
}

// fault is why there is no token, and what to do about it.
func (s *session) fault(t token) error {
	id := s.credentials.ClientID
	switch t.Code {
	case "":
		return nil
	case "invalid_client":
		return fmt.Errorf("the credentials of %s are refused, be it that they are wrong or that the client is suspended: the server says %q", id, t.Text)
	case "unauthorized_client":
		return fmt.Errorf("the client %s may not act for itself: there, run latchkey client edit %s --grant-type client_credentials", id, id)
	case "invalid_scope":
		return fmt.Errorf("the client %s may not administer: there, run latchkey client edit %s --first-party --scope %s (or %s, to look only)", id, id, scopeAll, scopeRead)
	}
	return fmt.Errorf("there is no token for %s: the server says %q (%s)", id, t.Text, t.Code)
}
