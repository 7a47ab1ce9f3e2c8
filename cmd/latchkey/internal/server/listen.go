package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/internal/edge"
)

// servers are those that run: one for browsers and apps, one on the socket for
// the command line, and perhaps one for measurements.
type servers struct {
	public, socket net.Listener
	web, admin     *http.Server
	measured       net.Listener // nil: none
	metrics        *http.Server
}

// listen opens both listeners. The data file's lock is held, so a socket that is
// there already is a dead server's.
func (h *Server) listen(ctx context.Context, log *slog.Logger) (_ *servers, err error) {
	e, handler, err := h.publicHandler(ctx, log)
	if err != nil {
		return nil, err
	}
	apiEdge, apiHandler := h.apiHandler(log)
	s := &servers{web: e.Server(handler), admin: apiEdge.Server(apiHandler)}
	s.admin.ConnContext = socket.ConnContext
	if s.web.TLSConfig, err = tlsConfig(h.Config, log); err != nil {
		return nil, err
	}
	if s.public, err = listenTo(h.Config, "listen", h.Config.Listen); err != nil {
		return nil, err
	}
	if s.socket, err = socket.Listen(h.Config.DataDir); err != nil {
		return nil, errors.Join(err, s.public.Close())
	}
	if h.metrics == nil {
		return s, nil
	}
	metricsEdge := edge.New(edge.Options{Log: log})
	s.metrics = metricsEdge.Server(h.metrics.Handler(metricsEdge))
	if s.measured, err = listenTo(h.Config, "metrics_listen", h.Config.MetricsListen); err != nil {
		return nil, errors.Join(err, s.close())
	}
	log.Info("measuring", "listen", s.measured.Addr().String())
	return s, nil
}

// run serves until ctx ends, then stops taking requests and finishes those under
// way. If either server fails, both stop.
func (s *servers) run(ctx context.Context, stopping func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, 3)
	serve := func(what string, do func() error) {
		if err := do(); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("%s stopped: %w", what, err)
		}
		cancel()
	}
	go serve("listening on "+s.public.Addr().String(), func() error {
		if s.web.TLSConfig != nil {
			return s.web.ServeTLS(s.public, "", "")
		}
		return s.web.Serve(s.public)
	})
	go serve("listening on the socket", func() error { return s.admin.Serve(s.socket) })
	if s.metrics != nil {
		go serve("listening on "+s.measured.Addr().String(), func() error { return s.metrics.Serve(s.measured) })
	}
	<-ctx.Done()
	stopping()

	drain, giveUp := context.WithTimeout(context.WithoutCancel(ctx), drainMost)
	defer giveUp()
	err := errors.Join(finish(drain, s.web), finish(drain, s.admin))
	if s.metrics != nil {
		err = errors.Join(err, finish(drain, s.metrics))
	}
	select {
	case cause := <-failed:
		err = errors.Join(cause, err)
	default:
	}
	return err
}

// finish waits for the requests under way; what takes too long is cut off.
func finish(ctx context.Context, s *http.Server) error {
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("some requests were cut off: %w", err), s.Close())
	}
	return nil
}

// close gives up listeners that no server has taken over.
func (s *servers) close() error {
	err := errors.Join(s.public.Close(), s.socket.Close())
	if s.measured != nil {
		err = errors.Join(err, s.measured.Close())
	}
	return err
}
