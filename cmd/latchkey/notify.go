package main

import (
	"log/slog"

	"github.com/coreos/go-systemd/v22/daemon"
)

// announceReady tells the service manager that started this process, if one waits to
// hear it (sd_notify(3)), that requests are answered from now on. A first start makes
// keys, and one after a crash reads the whole data file: either may take a while.
// Whoever is not told gives up by itself and says so.
func announceReady(log *slog.Logger, s *servers, issuer string) {
	status := "STATUS=Listens on " + s.public.Addr().String() + " for " + issuer
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady+"\n"+status); err != nil {
		log.Warn("the service manager cannot be told that this is ready", "cause", err.Error())
	}
}
