package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"syscall"
	"time"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/telemetry"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/cmd/latchkey/internal/version"
	"latchkey/storage"
)

const (
	ServeWait = 500 * time.Millisecond // for another process to let go of the data
	drainMost = 20 * time.Second       // for requests under way at a stop
)

// ServeOptions are what a server has of whoever starts it.
type ServeOptions struct {
	Log     io.Writer
	Program string                           // how the operator runs this program
	Say     func(format string, args ...any) // tells a person, on standard output
}

// Serve runs until ctx ends or something it cannot go on without fails.
func Serve(ctx context.Context, c *config.Config, o ServeOptions) (err error) {
	log := telemetry.NewLog(o.Log, c)
	slog.SetDefault(telemetry.ForLibraries(log))
	for _, name := range c.Unknown {
		log.Warn("this variable means nothing to Latchkey", "name", name)
	}
	tr, err := telemetry.NewTraces(ctx, c, log)
	if err != nil {
		return err
	}
	defer tr.Install(log, c)() // last of all, so that nothing is missing
	h, err := openTraced(ctx, c, ServeWait, tr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	h.program = o.Program

	if !h.Behind.IsZero() {
		log.Warn("the clock says a time before the data was last written: set it, for tokens, links and sessions go by it", "last_written", h.Behind.UTC().Format(time.RFC3339))
	}
	if last, until := h.Store.LastKnown(); !last.IsZero() {
		log.Warn("the clock says a time long after this data was last served: if it is wrong, set it now; until then and for a day nothing that has expired is deleted, and no key is replaced",
			"last_served", last.Format(time.RFC3339), "paused_until", until.Format(time.RFC3339))
	}
	s, err := h.listen(ctx, log)
	if err != nil {
		return err
	}
	if err := h.noteIssuer(ctx, log); err != nil {
		return errors.Join(err, s.close())
	}
	o.Say("Latchkey %s listens on %s for %s.", version.Current().Version, s.public.Addr(), c.Issuer)
	if err := h.offerSetUp(ctx, o.Say); err != nil {
		if ctx.Err() != nil {
			err = nil // stopped before it began: a stop like any other
		}
		return errors.Join(err, s.close())
	}
	if h.Engine.Unclean() {
		log.Warn("the last stop was not a clean one; what was acknowledged is there, but see why it stopped",
			"data_dir", c.DataDir)
	}
	log.Info("serving", "issuer", c.Issuer, "listen", s.public.Addr().String(), "data_dir", c.DataDir, "version",
		version.Current().Version)
	stopJobs := startJobs(ctx, log, h.jobsAndWatchdog(log))
	defer stopJobs() // before the data is closed
	announceReady(log, s, c.Issuer)
	err = s.run(ctx, func() {
		log.Info("stopping; requests under way are finished first")
		announceStopping(log)
	})
	log.Info("stopped")
	return err
}

// noteIssuer warns of another issuer than before. To move is legal, and a mistake in the
// configuration looks the same.
func (h *Server) noteIssuer(ctx context.Context, log *slog.Logger) (err error) {
	if h.former, err = h.Store.Serve(ctx); err == nil && h.former != "" {
		log.Warn("this data was served under another issuer: apps that are configured for that one will refuse the tokens of this one", "issuer", h.Config.Issuer, "former_issuer", h.former)
	}
	return err
}

// offerSetUp prints, while nobody administers this provider, the one-time link
// that makes the first administrator: on standard output only, for a log is
// kept and read by others.
func (h *Server) offerSetUp(ctx context.Context, say func(format string, args ...any)) error {
	done, err := h.Store.Users.HasAdmin(ctx)
	if err != nil || done {
		return err
	}
	link, err := h.operations.SetUpLink(ctx, storage.Operator)
	switch {
	case errors.Is(err, storage.ErrSetUp):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return err
	}
	say("\nNobody administers it yet. Open this link to become the first administrator:\n\n  %s\n\n"+
		"It works once, until %s. “%s setup-link” prints another.\n", link.URL, textutil.Clock(link.Expires), h.program)
	return nil
}

// listenTo opens the address that a setting gives.
func listenTo(c *config.Config, key, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s (%s): another process listens on %s already: stop it or choose another address",
			key, c.Source(key), address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s (%s): this user may not listen on %s: choose a port above 1023, let a proxy listen there, or give Latchkey the capability CAP_NET_BIND_SERVICE", key, c.Source(key), address)
	case err != nil:
		return nil, fmt.Errorf("%s (%s): %w", key, c.Source(key), err)
	}
	return l, nil
}
