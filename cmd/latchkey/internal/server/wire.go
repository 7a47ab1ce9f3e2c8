package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"latchkey/api"
	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/data"
	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/cmd/latchkey/internal/telemetry"
	"latchkey/cmd/latchkey/internal/version"
	"latchkey/internal/edge"
	"latchkey/login/account"
	"latchkey/login/page"
	"latchkey/login/signin"
	"latchkey/op"
	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/backup"
	"latchkey/usecase"

	"github.com/gorilla/mux"
)

// This file is where the rooms meet: everything that one is handed of another
// is handed over here.

// Server serves the data that is opened: to the world, to the command line, or to one
// verb in process.
type Server struct {
	*data.Opened
	branding   *branding
	schedule   *backup.Schedule   // nil: none is configured
	metrics    *telemetry.Metrics // nil: nobody asks for them
	program    string             // how the operator runs this program, for pages; "": latchkey
	probe      string             // what doctor proves itself with: see arrival.go
	former     string             // the issuer until lately, once this is served; "": the same
	operations *usecase.Operations
	files      *usecase.Files
}

// Open opens the data for one verb or one server. It waits that long for another
// process to let go of it, as data.Open does.
func Open(ctx context.Context, c *config.Config, wait time.Duration) (*Server, error) {
	return openTraced(ctx, c, wait, nil)
}

// openTraced is Open for a server whose requests are traced; nil: they are not.
func openTraced(ctx context.Context, c *config.Config, wait time.Duration, tr *telemetry.Traces) (*Server, error) {
	o, err := data.Open(ctx, c, wait, tr)
	if err != nil {
		return nil, err
	}
	h := &Server{Opened: o, branding: &branding{settings: o.Store.Settings}, probe: rand.Text()}
	h.operations = &usecase.Operations{
		Store: o.Store, Keys: o.Ring, Hasher: o.Hasher, Issuer: c.Issuer, CheckAccent: page.CheckAccent,
	}
	h.files = &usecase.Files{Engine: o.Engine, Store: o.Store, Keys: o.TryKeys}
	h.schedule = h.newSchedule()
	if c.MetricsListen != "" {
		h.metrics = telemetry.NewMetrics(h.measured())
	}
	return h, nil
}

// measured is what metrics read when they are asked for.
func (h *Server) measured() telemetry.Sources {
	m := telemetry.Sources{Commits: h.Engine.Commits, Fault: h.Engine.Err, File: data.Path(h.Config)}
	if h.schedule != nil {
		m.LastBackup = h.schedule.Last
	}
	return m
}

// publicHandler is everything served on the address that browsers and apps use,
// with the edge it is behind.
func (h *Server) publicHandler(ctx context.Context, log *slog.Logger) (*edge.Edge, http.Handler, error) {
	renderer, err := page.New(page.Options{Brand: h.branding.brand, RequestID: edge.RequestID, Program: h.program})
	if err != nil {
		return nil, nil, err
	}
	pages := signin.Pages{Renderer: renderer}
	sessions := signin.Sessions{Cookies: frontchannel.Cookies{Secure: h.Config.Secure()}, Keys: h.Ring}
	provider, err := op.New(ctx, op.Options{Issuer: h.Config.Issuer, Store: h.Store, Keys: h.Ring, Hasher: h.Hasher,
		Pages: pages, Sessions: sessions, Fetch: newFetcher(h.Config)})
	if err != nil {
		return nil, nil, err
	}
	var observer edge.Observer // nil, and not a nil *metrics
	if h.metrics != nil {
		observer = h.metrics
	}
	var tracer edge.Tracer // likewise
	if h.Traces != nil {
		tracer = h.Traces
	}
	e := edge.New(edge.Options{
		Log: log, Observer: observer, Tracer: tracer, Secure: h.Config.Secure(),
		Plain: []string{PathHealth, PathReady}, Proxies: TrustedProxies(h.Config),
		Limits: edge.Limits{Bodies: map[string]int64{wire.Prefix + "/": apiBody}},
		Fail: func(w http.ResponseWriter, r *http.Request, p edge.Problem) {
			if !provider.FailAPI(w, r, p.Status, p.Message) && !api.Fail(w, r, p.Status, p.Message) {
				pages.Fail(w, r, p)
			}
		},
	})
	router := e.Router()
	h.routes(router, provider, sessions, renderer)
	return e, e.Handler(router), nil
}

// routes puts the rooms' routes on the router. The first match wins.
func (h *Server) routes(router *mux.Router, provider *op.Provider, sessions signin.Sessions, renderer *page.Renderer) {
	h.healthRoutes(router)
	h.securityRoute(router)
	provider.Routes(router)
	if h.Config.AdminAPI == config.SwitchOn {
		api.Mount(router, h.networkOptions(provider))
	}
	people := &signin.Handler{Provider: provider, Store: h.Store, Operations: h.operations, Sessions: sessions,
		Renderer: renderer}
	people.Routes(router)
	own := &account.Handler{Store: h.Store, Operations: h.operations, Sessions: sessions, Browsers: provider,
		Renderer: renderer, Cookies: sessions.Cookies}
	own.Routes(router)
}

// apiBody bounds a request to the administration API in bytes: imports are long.
const apiBody = 1 << 20

// apiOptions is what the API is made of.
func (h *Server) apiOptions() api.Options {
	return api.Options{
		Operations: h.operations,
		Actor: func(ctx context.Context) storage.Actor {
			by := storage.Operator
			by.RequestID = edge.RequestID(ctx)
			return by
		},
		Report:  func(ctx context.Context, err error) { edge.Fail(ctx, "server_error", err) },
		Version: version.Current().Version,
	}
}

// LocalOptions are for those who own the data: on the socket and in process. They
// may name files, as they may write them.
func (h *Server) LocalOptions() api.Options {
	o := h.apiOptions()
	o.Status = h.status
	o.Files = h.files
	return o
}

// networkOptions are for whoever brings a token: what names files of this machine, or
// tells of it, is not there.
func (h *Server) networkOptions(provider *op.Provider) api.Options {
	o := h.apiOptions()
	o.Version = "1" // the API's: strangers are not told which build this is
	o.Authorization = &api.Authorization{
		Judge: func(ctx context.Context, token string) (storage.Actor, error) {
			by, err := provider.Administer(ctx, token)
			switch {
			case errors.Is(err, op.ErrInvalidToken):
				err = fmt.Errorf("%w: %w", api.ErrInvalidToken, err)
			case errors.Is(err, op.ErrInsufficientScope):
				err = fmt.Errorf("%w: %w", api.ErrInsufficientScope, err)
			}
			return by, err
		},
		AuthorizationURL: h.Config.Issuer + oauth.PathAuthorize,
		TokenURL:         h.Config.Issuer + oauth.PathToken,
		Refused:          edge.Fail,
	}
	return o
}

// apiHandler is what is served on the command line's socket. It is made when somebody
// asks for it: to describe the API once more takes a good part of a start.
func (h *Server) apiHandler(log *slog.Logger) (*edge.Edge, http.Handler) {
	e := edge.New(edge.Options{Log: log, Limits: edge.Limits{Body: apiBody}})
	handler := sync.OnceValue(func() http.Handler {
		router := e.Router()
		api.Mount(router, h.LocalOptions())
		return e.Handler(socket.SameUser(router))
	})
	return e, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler().ServeHTTP(w, r) })
}
