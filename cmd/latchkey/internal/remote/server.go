package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"latchkey/api/client"
	"latchkey/api/wire"
)

// Options say which server, and by what right. Fields without a stated default are
// required.
type Options struct {
	// Issuer is the server's, spelled as it spells it: an https origin, or one by http
	// on this machine.
	Issuer      string
	Credentials Credentials
	// CAFile holds the certificates, PEM, that the server's must come from; default
	// those that this machine trusts.
	CAFile string
	// AnswerMost is how long a server may think about an answer; default 70 seconds,
	// which is longer than Latchkey takes.
	AnswerMost time.Duration
	Now        func() time.Time // default time.Now
}

// Server is a Latchkey on another machine, spoken to as a client of it.
type Server struct {
	*client.Caller
	session *session
}

// Open asks the server who it is. Credentials are used by the first call.
func Open(ctx context.Context, o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.AnswerMost == 0 {
		o.AnswerMost = 70 * time.Second
	}
	base, err := newTransport(o)
	if err != nil {
		return nil, err
	}
	s := &session{base: base, issuer: o.Issuer, credentials: o.Credentials, patience: o.AnswerMost, now: o.Now}
	if s.endpoint, err = s.discover(ctx); err != nil {
		base.CloseIdleConnections()
		return nil, fmt.Errorf("%s: %w", o.Issuer, err)
	}
	// An answer is a page, or a report on a batch: minutes are for the slowest of lines.
	httpClient := &http.Client{Transport: s, Timeout: o.AnswerMost + time.Minute}
	return &Server{Caller: client.Over(o.Issuer, httpClient), session: s}, nil
}

// Explain adds to a refusal what this side knows of its cause. The error is still the
// one it was.
func (s *Server) Explain(err error) error {
	p := (*wire.Problem)(nil)
	if !errors.As(err, &p) {
		return err
	}
	id := s.session.credentials.ClientID
	switch {
	case p.Status == http.StatusUnauthorized:
		return fmt.Errorf("%w; the client %s may have been changed just now: run it again", err, id)
	case p.Status == http.StatusForbidden && s.session.readsOnly():
		return fmt.Errorf("%w, and the client %s may only look: its scope is %s", err, id, scopeRead)
	case unknownField(p):
		return fmt.Errorf("%w: the server does not know that field, and may be older than this program", err)
	}
	return err
}

// unknownField reports whether the server refused a member for its name, which this
// program would not have sent to one of its own version.
func unknownField(p *wire.Problem) bool {
	for _, f := range p.Errors {
		if f.Message == "unexpected property" {
			return true
		}
	}
	return false
}
