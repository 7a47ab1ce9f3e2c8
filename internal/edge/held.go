package edge

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"latchkey/internal/limit"
)

// exchangeSize is what a request takes in bytes beside what was sent: stacks and buffers.
const exchangeSize = 4 << 10

var busy = Problem{Status: http.StatusServiceUnavailable, RetryAfter: 5 * time.Second,
	Message: "More is being sent here at the moment than there is room for. Try again in a few seconds."}

// connection counts what the requests of one connection hold.
type connection struct{ bytes atomic.Int64 }

type connectionKey struct{}

// withConnection is for http.Server.ConnContext.
func withConnection(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, new(connection))
}

// held is the memory that one request holds. Nobody has signed in when it is taken, so
// it is shared by network. It is counted as it arrives: whoever only announces a large
// body holds nothing.
type held struct {
	edge   *Edge
	caller limit.Caller
	conn   *connection // nil: the server does not count by connection
	bytes  int64
}

func (e *Edge) hold(r *http.Request) *held {
	conn, _ := r.Context().Value(connectionKey{}).(*connection)
	return &held{edge: e, caller: limit.Caller{From: limit.Prefixes(ClientAddr(r.Context()))}, conn: conn}
}

// take reports whether there is room for n more.
func (h *held) take(n int64) bool {
	if h.conn != nil && h.conn.bytes.Add(n) > h.edge.opts.Limits.HeldByConnection {
		h.conn.bytes.Add(-n)
		return false
	}
	if !h.edge.held.Take(h.caller, n) {
		if h.conn != nil {
			h.conn.bytes.Add(-n)
		}
		return false
	}
	h.bytes += n
	return true
}

// giveBack ends the request.
func (h *held) giveBack() {
	h.edge.held.Give(h.caller, h.bytes)
	if h.conn != nil {
		h.conn.bytes.Add(-h.bytes)
	}
}

// heldReader counts what is read from a body. It returns errBusy when there is no room.
type heldReader struct {
	io.Reader
	held *held
}

func (b heldReader) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if !b.held.take(int64(n)) {
		return 0, errBusy
	}
	return n, err
}

// headerSize is the bytes of a request's target and headers. HTTP/2 may have sent them
// in far fewer (RFC 7541 section 7.3).
func headerSize(r *http.Request) int64 {
	n := len(r.RequestURI)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v)
		}
	}
	return int64(n)
}
