package edge

import (
	"log"
	"log/slog"
	"net/http"
	"time"
)

// Server returns an http.Server around h with limits on how long a caller may
// take, so that slow ones cannot hold connections for ever, and on what a connection
// may hold. Without its ConnContext only all requests together are limited.
func (e *Edge) Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // a sign-in may wait in the hashing queue
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    e.opts.Limits.Header,
		ConnContext:       withConnection,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          100, // RFC 9113 section 6.5.2 recommends no fewer
			MaxReceiveBufferPerConnection: 64 << 10,
			MaxReceiveBufferPerStream:     16 << 10,
			MaxReadFrameSize:              16 << 10,
		},
		ErrorLog: log.New(complaints{e.opts.Log}, "", 0),
	}
}

// complaints takes net/http's own messages (failed TLS handshakes and the like)
// into the structured log.
type complaints struct{ to *slog.Logger }

func (c complaints) Write(line []byte) (int, error) {
	c.to.Warn("http server", slog.String("cause", clip(scrub(string(line)), maxCause)))
	return len(line), nil
}
