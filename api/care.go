package api

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"path/filepath"
	"time"

	"latchkey/api/wire"
	"latchkey/storage"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"
)

func (r *routes) care() {
	if r.Files == nil {
		return
	}
	unhurried(r, "check", http.MethodGet, "/check", "Read everything and say what is wrong", 200,
		func(ctx context.Context, _ *struct{}) (*out[wire.Findings], error) {
			faults, err := r.Files.Check(ctx)
			return &out[wire.Findings]{wire.Findings{Faults: wire.FaultsOf(faults)}}, err
		})
	unhurried(r, "create-backup", http.MethodPost, "/backups", "Write a backup to a new file on the server's disk",
		201, r.createBackup)
}

func (r *routes) createBackup(ctx context.Context, in *struct {
	Body struct {
		Path string `json:"path" doc:"Absolute; nothing may be there yet"`
	}
}) (*out[wire.Backup], error) {
	if !filepath.IsAbs(in.Body.Path) {
		return nil, &storage.Invalid{Field: "path", Reason: "must be absolute"}
	}
	c, err := r.Files.Backup(ctx, filepath.Clean(in.Body.Path))
	if errors.Is(err, fs.ErrExist) {
		return nil, huma.Error409Conflict(err.Error())
	}
	if err != nil {
		return nil, err
	}
	b := wire.Backup{Path: c.Path, Bytes: c.Bytes, TakenAt: c.Taken, Faults: wire.FaultsOf(c.Faults)}
	return &out[wire.Backup]{b}, nil
}

// unhurried registers an operation that reads all the data, which may take longer
// than the server grants a request.
func unhurried[I, O any](r *routes, id, method, path, summary string, status int,
	fn func(context.Context, *I) (*O, error)) {
	op := huma.Operation{
		OperationID: id, Method: method, Path: wire.Prefix + path, Summary: summary, DefaultStatus: status,
		Errors: []int{http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
		Middlewares: huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
			_, w := humamux.Unwrap(ctx)
			// In process there is no connection, and no deadline either.
			_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
			next(ctx)
		}},
	}
	r.secured(&op)
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
