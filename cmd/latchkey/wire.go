package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"latchkey/api"
	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/login/account"
	"latchkey/login/page"
	"latchkey/login/signin"
	"latchkey/op"
	"latchkey/storage"
	"latchkey/storage/people"

	"github.com/gorilla/mux"
)

// This file is where the rooms meet: everything that one is handed of another
// is handed over here.

// The paths that one-time links lead to. Their token is in the query, which is
// never logged.
var linkPaths = map[people.LinkKind]string{
	people.LinkSetUp:    "/setup",
	people.LinkRecovery: "/recover",
}

func (h *house) linkURL(kind people.LinkKind, token string) string {
	return h.config.Issuer + linkPaths[kind] + "?" + url.Values{"token": {token}}.Encode()
}

// publicHandler is everything served on the address that browsers and apps use,
// with the edge it is behind.
func (h *house) publicHandler(ctx context.Context, log *slog.Logger) (*edge.Edge, http.Handler, error) {
	renderer, err := page.New(page.Options{Brand: h.branding.brand, RequestID: edge.RequestID, Program: h.program})
	if err != nil {
		return nil, nil, err
	}
	pages := signin.Pages{Renderer: renderer}
	sessions := signin.Sessions{Cookies: op.Cookies{Secure: h.config.secure()}, Keys: h.ring}
	provider, err := op.New(ctx, op.Options{Issuer: h.config.Issuer, Store: h.store, Keys: h.ring, Hasher: h.hasher,
		Pages: pages, Sessions: sessions, Fetch: h.config.fetcher()})
	if err != nil {
		return nil, nil, err
	}
	var observer edge.Observer // nil, and not a nil *metrics
	if h.metrics != nil {
		observer = h.metrics
	}
	var tracer edge.Tracer // likewise
	if h.traces != nil {
		tracer = h.traces
	}
	e := edge.New(edge.Options{
		Log: log, Observer: observer, Tracer: tracer, Secure: h.config.secure(), Plain: []string{pathHealth, pathReady}, Proxies: h.config.proxies(),
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
func (h *house) routes(router *mux.Router, provider *op.Provider, sessions signin.Sessions, renderer *page.Renderer) {
	h.healthRoutes(router)
	h.securityRoute(router)
	provider.Routes(router)
	if h.config.AdminAPI == switchOn {
		api.Mount(router, h.networkOptions(provider))
	}
	people := &signin.Handler{Provider: provider, Store: h.store, Hasher: h.hasher, Sessions: sessions, Renderer: renderer}
	people.Routes(router)
	own := &account.Handler{Store: h.store, Hasher: h.hasher, Sessions: sessions, Browsers: provider, Renderer: renderer, Cookies: sessions.Cookies}
	own.Routes(router)
}

// apiBody bounds a request to the administration API in bytes: imports are long.
const apiBody = 1 << 20

// apiOptions is what the API is made of.
func (h *house) apiOptions() api.Options {
	return api.Options{
		Store:         h.store,
		CheckPassword: h.checkPassword,
		CheckAccent:   page.CheckAccent,
		HashPassword: func(ctx context.Context, binding []byte, password string) ([]byte, error) {
			sealed, err := h.hasher.Hash(ctx, binding, password)
			if errors.Is(err, keys.ErrBusy) {
				err = wire.ErrBusy
			}
			return sealed, err
		},
		ImportPassword:  h.importPassword,
		ImportSecret:    h.importSecret,
		NewSecret:       keys.NewClientSecret,
		HashSecret:      h.ring.HashClientSecret,
		IsSecret:        h.ring.VerifyClientSecret,
		GuessableSecret: keys.GuessableSecret,
		CheckJWKS: func(set []byte, alg string) error {
			_, err := keys.ParseClientKeys(set, alg)
			return err
		},
		// No client secret holds a zero byte.
		Fingerprint: func(request []byte) []byte { return h.ring.HashClientSecret("request\x00" + string(request)) },
		IsFingerprint: func(fingerprint, request []byte) bool {
			return h.ring.VerifyClientSecret(fingerprint, "request\x00"+string(request))
		},
		NewLink: keys.NewOneTime,
		LinkURL: h.linkURL,
		Keys:    keyRoom{ring: h.ring, now: time.Now},
		Actor: func(ctx context.Context) storage.Actor {
			by := storage.Operator
			by.RequestID = edge.RequestID(ctx)
			return by
		},
		Edits:   &h.edits,
		Report:  func(ctx context.Context, err error) { edge.Fail(ctx, "server_error", err) },
		Version: versionOf().Version,
	}
}

// localOptions are for those who own the data: on the socket and in process. They
// may name files, as they may write them.
func (h *house) localOptions() api.Options {
	o := h.apiOptions()
	o.Status = h.status
	o.Check = h.check
	o.Backup = h.backup
	return o
}

// networkOptions are for whoever brings a token: what names files of this machine, or
// tells of it, is not there.
func (h *house) networkOptions(provider *op.Provider) api.Options {
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
		AuthorizationURL: h.config.Issuer + op.PathAuthorize,
		TokenURL:         h.config.Issuer + op.PathToken,
		Refused:          edge.Fail,
	}
	return o
}

// apiHandler is what is served on the command line's socket. It is made when somebody
// asks for it: to describe the API once more takes a good part of a start.
func (h *house) apiHandler(log *slog.Logger) (*edge.Edge, http.Handler) {
	e := edge.New(edge.Options{Log: log, Limits: edge.Limits{Body: apiBody}})
	handler := sync.OnceValue(func() http.Handler {
		router := e.Router()
		api.Mount(router, h.localOptions())
		return e.Handler(socket.SameUser(router))
	})
	return e, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler().ServeHTTP(w, r) })
}
