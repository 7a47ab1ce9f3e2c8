package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/server"
	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/cmd/latchkey/internal/try"
	"latchkey/storage"
	"latchkey/storage/apps"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// How long registering the sample may take, and removing its registration.
const (
	registerMost = 10 * time.Second
	removeMost   = 5 * time.Second
)

func tryCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "try", Short: "Sign in to a sample app that shows every step", Args: takes(),
		Long: "Register a sample app on a loopback port, and serve its pages, which show each message of a login as it happens. " +
			"It needs a running server. At its end (Ctrl-C, or after a while) the registration is removed.",
	}
	onThisMachine(c)
	last := textutil.Days(30 * time.Minute)
	c.Flags().Var(&last, "for", "`time` that it stays")
	c.RunE = func(c *cobra.Command, _ []string) error {
		// A terminal that is closed ends it, too, and not without cleaning up.
		ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGHUP)
		defer stop()
		return t.try(ctx, time.Duration(last))
	}
	return c
}

// try stays for a time that begins once it can be used.
func (t *terminal) try(ctx context.Context, stay time.Duration) (err error) {
	conf, err := t.config()
	if err != nil {
		return err
	}
	if err := socket.CheckOwner(conf.DataDir); err != nil {
		return err
	}
	caller, err := socket.Dial(ctx, conf.DataDir)
	if err != nil {
		return errors.New("no server runs on this data: start it first, with latchkey serve")
	}
	defer caller.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	host := l.Addr().String()
	app, err := try.New(ctx, try.Options{Issuer: conf.Issuer, Host: host,
		HTTP: &http.Client{Timeout: 10 * time.Second}, Now: time.Now})
	if err != nil {
		return fmt.Errorf("the issuer does not answer from here (latchkey doctor may say why): %w", err)
	}
	ends := time.Now().Add(registerMost + stay)
	made, err := register(ctx, caller, app.Registration(), ends)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, forget(ctx, caller, made.ClientID)) }()
	app.Register(made.ClientID, made.ClientSecret)
	t.say("Open http://%s/ in a browser on this machine. Ctrl-C ends it and removes the app.", host)
	t.openBrowser(ctx, "http://"+host+"/")
	ctx, cancel := context.WithTimeout(ctx, stay)
	defer cancel()
	return serveUntil(ctx, l, app.Handler())
}

// register registers the sample until ends. It is not given up when ctx ends: what was sent may
// have been done, and without the answer nobody would know what to remove.
func register(ctx context.Context, caller *client.Caller, as try.Registration, ends time.Time) (wire.Client, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), registerMost)
	defer cancel()
	return caller.CreateClient(ctx, wire.NewClient{ClientID: server.NewSampleID(ends),
		Metadata: wire.Metadata{Metadata: apps.Metadata{ClientName: "Sample app",
			RedirectURIs: as.RedirectURIs, PostLogoutRedirectURIs: as.PostLogoutRedirectURIs,
			GrantTypes: as.GrantTypes}}})
}

// forget removes the sample's registration, also when ctx has ended.
func forget(ctx context.Context, caller *client.Caller, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeMost)
	defer cancel()
	if err := caller.DeleteClient(ctx, id); err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("the sample app is still registered; remove it with latchkey client delete %s: %w", id, err)
	}
	return nil
}

// serveUntil serves until ctx ends.
func serveUntil(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// openBrowser opens address if somebody sits at a terminal with a desktop. If that
// does not work, they have read the address.
func (t *terminal) openBrowser(ctx context.Context, address string) {
	out, ok := t.stdout.(*os.File)
	if !ok || !term.IsTerminal(int(out.Fd())) {
		return
	}
	program := "xdg-open"
	switch {
	case runtime.GOOS == "darwin":
		program = "open"
	case os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "":
		return
	}
	_ = exec.CommandContext(ctx, program, address).Start()
}
