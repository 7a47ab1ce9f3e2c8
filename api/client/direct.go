package client

import (
	"bytes"
	"io"
	"net/http"
)

// direct is a round tripper that calls a handler in the same process.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	w := &memo{header: http.Header{}}
	d.handler.ServeHTTP(w, r)
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// memo keeps what a handler writes.
type memo struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (m *memo) Header() http.Header { return m.header }

func (m *memo) WriteHeader(status int) {
	if m.status == 0 {
		m.status = status
	}
}

func (m *memo) Write(b []byte) (int, error) {
	m.WriteHeader(http.StatusOK)
	return m.body.Write(b)
}
