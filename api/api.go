package api

import (
	"context"
	"net/http"

	"latchkey/api/wire"
	"latchkey/internal/strictjson"
	"latchkey/storage"
	"latchkey/storage/backup"
	"latchkey/storage/table"
	"latchkey/usecase"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"
	"github.com/gorilla/mux"
)

// Options are what the API needs. All fields without a stated default are required.
type Options struct {
	// Operations are what is done. One for all that is mounted over a store.
	Operations *usecase.Operations
	// Files are the data as a whole. Who calls names files of this machine: only where
	// callers own the data, on the socket and in process, may it be set. nil: there are
	// no such calls.
	Files Files
	// Authorization lets callers in by access tokens, and says on whose behalf they
	// act. nil, where callers own the data: on the socket and in process.
	Authorization *Authorization
	// Actor says on whose behalf a call acts where there is no Authorization;
	// default the operator.
	Actor func(context.Context) storage.Actor
	// Report hears of an error that is not the caller's; default nobody.
	Report func(context.Context, error)
	// Status says how the server is; default there is no such call.
	Status func(context.Context) wire.Status
	// Version is Latchkey's, for the description.
	Version string
}

// Files is what is done with the data as a whole: a *usecase.Files does it.
type Files interface {
	// Check reads everything and returns what is wrong. Errors: usecase.ErrReading.
	Check(context.Context) ([]table.Fault, error)
	// Backup writes a copy to a new file. Errors: usecase.ErrReading, fs.ErrExist.
	Backup(ctx context.Context, path string) (backup.Copy, error)
}

// Mount adds the API's routes to a router. From then on the router matches paths as they
// are encoded, since a client's id may hold a slash.
func Mount(router *mux.Router, o Options) {
	router.UseEncodedPath()
	if o.Authorization != nil {
		o.Actor = func(ctx context.Context) storage.Actor { return admittedAs(ctx).by }
	}
	if o.Actor == nil {
		o.Actor = func(context.Context) storage.Actor { return storage.Operator }
	}
	if o.Report == nil {
		o.Report = func(context.Context, error) {}
	}
	config := huma.DefaultConfig("Latchkey administration", o.Version)
	config.OpenAPIPath = "" // see documents
	config.DocsPath = ""    // its page would load scripts from elsewhere
	config.SchemasPath = "" // and no $schema in every answer
	config.CreateHooks = nil
	strict := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: strictjson.Unmarshal}
	config.Formats = map[string]huma.Format{"application/json": strict, "json": strict}
	config.Info.Description = description
	config.Transformers = []huma.Transformer{withoutValues}
	if o.Authorization != nil {
		config.Components.SecuritySchemes = o.Authorization.security()
	}
	r := &routes{Options: o, huma: humamux.New(router, config)}
	r.huma.UseMiddleware(r.authorize, r.checkParameters)
	r.users()
	r.links()
	r.clients()
	r.keys()
	r.groups()
	r.settings()
	r.audit()
	r.resources()
	r.care()
	r.status()
	r.describe()
	r.documents(router)
}

// The names of members are compared exactly when bodies are validated, too. Huma has
// that as a variable of the whole process.
func init() { huma.ValidateStrictCasing = true }

// Handler is the API alone, for use in process.
func Handler(o Options) http.Handler {
	router := mux.NewRouter()
	Mount(router, o)
	return router
}

type routes struct {
	Options
	huma huma.API
}

// out is an answer with a body.
type out[T any] struct{ Body T }

// none is an answer without one.
type none struct{}

// handle registers an operation; whatever error fn returns leaves as a problem.
func handle[I, O any](r *routes, id, method, path, summary string, status int,
	fn func(context.Context, *I) (*O, error), more ...func(*huma.Operation)) {
	op := huma.Operation{
		OperationID: id, Method: method, Path: wire.Prefix + path, Summary: summary, DefaultStatus: status,
		Errors: problemsOf(method, path),
	}
	r.secured(&op)
	for _, add := range more {
		add(&op)
	}
	huma.Register(r.huma, op, func(ctx context.Context, in *I) (*O, error) {
		ctx, err := r.stillIn(ctx, method)
		if err != nil {
			return nil, err
		}
		answer, err := fn(ctx, in)
		if err != nil {
			return nil, r.problem(ctx, err)
		}
		return answer, nil
	})
}
