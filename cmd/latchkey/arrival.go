package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"os"
	"time"

	"latchkey/api/wire"
	"latchkey/internal/edge"
)

// probeHeader carries the server's own secret back to it. Who has it may run
// commands on the data anyway; others learn nothing of how requests arrive.
const probeHeader = "Latchkey-Probe"

// arrival is how the server saw a request arrive.
type arrival struct {
	Peer    string   `json:"peer"`    // the other end of the connection, with its port
	Address string   `json:"address"` // the caller, as far as trusted proxies say
	Scheme  string   `json:"scheme"`  // as the browser sees it, likewise
	Host    string   `json:"host"`    // likewise
	Headers []string `json:"headers"` // the forwarding headers that were there, believed or not
}

var forwardingHeaders = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"}

func (h *house) status(context.Context) wire.Status {
	s := wire.Status{Version: versionOf().Version, Issuer: h.config.Issuer, PID: os.Getpid(), Probe: h.probe}
	if err := h.engine.Err(); err != nil {
		s.Fault = err.Error()
	}
	s.LastWritten, s.FormerIssuer = known(h.behind), h.former
	if last, until := h.store.LastKnown(); until.After(time.Now()) {
		s.LastServed = known(last)
	}
	return s
}

// tellArrival answers a request that carries the probe.
func (h *house) tellArrival(w http.ResponseWriter, r *http.Request) bool {
	if h.probe == "" || subtle.ConstantTimeCompare([]byte(r.Header.Get(probeHeader)), []byte(h.probe)) != 1 {
		return false
	}
	ctx := r.Context()
	a := arrival{Peer: r.RemoteAddr, Address: edge.ClientAddr(ctx).String(), Scheme: edge.Scheme(ctx), Host: r.Host, Headers: []string{}}
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
