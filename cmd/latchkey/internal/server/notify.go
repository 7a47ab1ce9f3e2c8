package server

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/storage/kv"

	"github.com/coreos/go-systemd/v22/daemon"
)

// announceReady tells the service manager that started this process, if one waits to
// hear it (sd_notify(3)), that requests are answered from now on. A first start makes
// keys, and one after a crash reads the whole data file: either may take a while.
// Whoever is not told gives up by itself and says so.
func announceReady(log *slog.Logger, s *servers, issuer string) {
	announce(log, daemon.SdNotifyReady+"\nSTATUS=Listens on "+s.public.Addr().String()+" for "+issuer)
}

func announceStopping(log *slog.Logger) {
	announce(log, daemon.SdNotifyStopping+"\nSTATUS=Finishes the requests under way")
}

func announce(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("the service manager cannot be told how this is", "cause", err.Error())
	}
}

// jobsAndWatchdog are the jobs and, if the service manager asks to be told again and
// again that this process can do its work (sd_watchdog_enabled(3)), the one that does.
func (h *Server) jobsAndWatchdog(log *slog.Logger) []job {
	most, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the service manager asks for signs of life that are not understood", "cause", err.Error())
	}
	if most <= 0 {
		return h.Jobs()
	}
	return append(h.Jobs(), job{"watchdog", most / 2, h.signOfLife})
}

// signOfLife tells the service manager that this process can do its work. Once it cannot,
// for which only a restart helps, it says why instead, and is then restarted.
func (h *Server) signOfLife(ctx context.Context, _ time.Time) error {
	state, err := daemon.SdNotifyWatchdog, h.works(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		state = "STATUS=Storage has stopped, and a restart is due: " + textutil.Printable(err.Error())
	}
	_, failed := daemon.SdNotify(false, state)
	return errors.Join(err, failed)
}

// works reports whether this process can do its work: nil, or why it must be restarted.
func (h *Server) works(ctx context.Context) error {
	return h.Engine.View(ctx, func(kv.Reader) error { return nil })
}
