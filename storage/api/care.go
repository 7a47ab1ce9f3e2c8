package api

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"path/filepath"
	"time"

	"latchkey/storage"
	"latchkey/storage/table"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"
)

// Backup is a copy of the data that was written and read again.
type Backup struct {
	Path    string    `json:"path"`
	Bytes   int64     `json:"bytes"`
	TakenAt time.Time `json:"taken_at"`
	Faults  []Fault   `json:"faults" doc:"What was wrong with the data already"`
}

// Findings is what a check found: nothing, if all is well.
type Findings struct {
	Faults []Fault `json:"faults"`
}

// Fault is something that is wrong with the stored data.
type Fault struct {
	Table string `json:"table" doc:"The noun it concerns, or file"`
	Key   string `json:"key,omitempty" doc:"Of the record, in hexadecimal"`
	What  string `json:"what"`
}

// FaultsOf are the store's faults as they are read; never nil.
func FaultsOf(list []table.Fault) []Fault {
	faults := make([]Fault, len(list))
	for i, f := range list {
		faults[i] = Fault{Table: f.Table, Key: hex.EncodeToString(f.Key), What: f.What}
	}
	return faults
}

func (r *routes) care() {
	if r.Check != nil {
		unhurried(r, "check", http.MethodGet, "/check", "Read everything and say what is wrong", 200,
			func(ctx context.Context, _ *struct{}) (*out[Findings], error) {
				faults, err := r.Check(ctx)
				return &out[Findings]{Findings{Faults: FaultsOf(faults)}}, err
			})
	}
	if r.Backup != nil {
		unhurried(r, "create-backup", http.MethodPost, "/backups", "Write a backup to a new file on the server's disk", 201, r.createBackup)
	}
}

func (r *routes) createBackup(ctx context.Context, in *struct {
	Body struct {
		Path string `json:"path" doc:"Absolute; nothing may be there yet"`
	}
}) (*out[Backup], error) {
	if !filepath.IsAbs(in.Body.Path) {
		return nil, &storage.Invalid{Field: "path", Reason: "must be absolute"}
	}
	b, err := r.Backup(ctx, filepath.Clean(in.Body.Path))
	if errors.Is(err, fs.ErrExist) {
		return nil, huma.Error409Conflict(err.Error())
	}
	return &out[Backup]{b}, err
}

// unhurried registers an operation that reads all the data, which may take longer
// than the server grants a request. One runs at a time: two are twice as slow.
func unhurried[I, O any](r *routes, id, method, path, summary string, status int, fn func(context.Context, *I) (*O, error)) {
	op := huma.Operation{
		OperationID: id, Method: method, Path: Prefix + path, Summary: summary, DefaultStatus: status,
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
		if !r.reading.TryLock() {
			return nil, huma.Error503ServiceUnavailable("a backup or check is under way: try again when it has finished")
		}
		defer r.reading.Unlock()
		answer, err := fn(ctx, in)
		if problem := huma.StatusError(nil); err != nil && !errors.As(err, &problem) {
			return nil, r.problem(ctx, err)
		}
		return answer, err
	})
}

// Check reads everything that is stored and returns what is wrong.
func (c *Caller) Check(ctx context.Context) ([]Fault, error) {
	f, err := call[Findings](ctx, c, http.MethodGet, "/check", nil)
	return f.Faults, err
}

// Backup has the server write a backup to an absolute path.
func (c *Caller) Backup(ctx context.Context, path string) (Backup, error) {
	return call[Backup](ctx, c, http.MethodPost, "/backups", Fields{"path": path})
}
