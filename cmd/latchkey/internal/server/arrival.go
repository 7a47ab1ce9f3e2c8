package server

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"os"
	"time"

	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/version"
	"latchkey/internal/edge"
)

// ProbeHeader carries the server's own secret back to it. Who has it may run
// commands on the data anyway; others learn nothing of how requests arrive.
const ProbeHeader = "Latchkey-Probe"

// Arrival is how the server saw a request arrive.
type Arrival struct {
	Peer    string   `json:"peer"`    // the other end of the connection, with its port
	Address string   `json:"address"` // the caller, as far as trusted proxies say
	Scheme  string   `json:"scheme"`  // as the browser sees it, likewise
	Host    string   `json:"host"`    // likewise
	Headers []string `json:"headers"` // the forwarding headers that were there, believed or not
}

var forwardingHeaders = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"}

func (h *Server) status(context.Context) wire.Status {
	s := wire.Status{Version: version.Current().Version, Issuer: h.Config.Issuer, PID: os.Getpid(), Probe: h.probe}
	if err := h.Engine.Err(); err != nil {
		s.Fault = err.Error()
	}
	s.LastWritten, s.FormerIssuer = known(h.Behind), h.former
	if last, until := h.Store.LastKnown(); until.After(time.Now()) {
		s.LastServed = known(last)
	}
	return s
}

// tellArrival answers a request that carries the probe.
func (h *Server) tellArrival(w http.ResponseWriter, r *http.Request) bool {
	if h.probe == "" || subtle.ConstantTimeCompare([]byte(r.Header.Get(ProbeHeader)), []byte(h.probe)) != 1 {
		return false
	}
	ctx := r.Context()
	a := Arrival{Peer: r.RemoteAddr, Address: edge.ClientAddr(ctx).String(), Scheme: edge.Scheme(ctx), Host: r.Host,
		Headers: []string{}}
	for _, name := range forwardingHeaders {
		if len(r.Header.Values(name)) > 0 {
			a.Headers = append(a.Headers, name)
		}
	}
	text, err := json.Marshal(a)
	if err != nil {
		return false
	}
	tell(w, r, http.StatusOK, string(text))
	return true
}

// known is an instant, or nil if there is none.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
