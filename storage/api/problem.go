package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"latchkey/storage"

	"github.com/danielgtaylor/huma/v2"
)

// ErrBusy says that the call may succeed when it is tried again in a moment.
// HashPassword wraps it when too many passwords are being hashed.
var ErrBusy = errors.New("busy: try again in a moment")

// ourSide is all that callers on a network hear of a fault of ours.
const ourSide = "something went wrong on our side"

// problem translates a refusal of the store into an RFC 9457 problem. Any other
// error is reported, and told as well where the operator calls, whose disk may be the
// full one. On a network it is not: the log has it.
func (r *routes) problem(ctx context.Context, err error) error {
	var invalid *storage.Invalid
	var taken *storage.Taken
	var told huma.StatusError
	switch {
	case errors.As(err, &told):
		return told
	case errors.As(err, &invalid):
		return huma.Error422UnprocessableEntity(invalid.Error(),
			&huma.ErrorDetail{Location: "body." + invalid.Field, Message: invalid.Reason})
	case errors.As(err, &taken):
		return huma.Error409Conflict(taken.Error(),
			&huma.ErrorDetail{Location: "body." + taken.Field, Message: "is already taken"})
	case errors.Is(err, storage.ErrNotFound):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, storage.ErrForbidden):
		return huma.Error403Forbidden(err.Error())
	case errors.Is(err, storage.ErrStale), errors.Is(err, storage.ErrSetUp):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, ErrBusy):
		return huma.Error503ServiceUnavailable(ErrBusy.Error())
	}
	r.Report(ctx, err)
	status, detail := fault(err)
	if r.Authorization == nil {
		detail = err.Error()
	}
	return huma.NewError(status, detail)
}

// fault is how a fault of ours is told on a network.
func fault(err error) (status int, detail string) {
	if storage.Stopped(err) {
		return http.StatusServiceUnavailable, "out of order: try again later"
	}
	return http.StatusInternalServerError, ourSide
}

// Fail answers a problem that was found before any operation, as the API does.
// False, and no answer, at any other path.
func Fail(w http.ResponseWriter, r *http.Request, status int, detail string) bool {
	if r.URL.Path != Prefix && !strings.HasPrefix(r.URL.Path, Prefix+"/") {
		return false
	}
	WriteProblem(w, status, detail)
	return true
}

// WriteProblem answers with a problem, without the framework.
func WriteProblem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(Problem{Status: status, Title: http.StatusText(status), Detail: detail})
}

// withoutValues takes the values out of validation errors: the value at fault
// may be a password.
func withoutValues(_ huma.Context, _ string, v any) (any, error) {
	if model, ok := v.(*huma.ErrorModel); ok {
		for _, detail := range model.Errors {
			detail.Value = nil
		}
	}
	return v, nil
}

// A Problem is a refusal as the client sees it: RFC 9457, with what is wrong
// with which field.
type Problem struct {
	Status int            `json:"status"`
	Title  string         `json:"title"`
	Detail string         `json:"detail"`
	Errors []ProblemField `json:"errors,omitempty"`
}

// ProblemField is what is wrong with one field of a request.
type ProblemField struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

// Error is one sentence for a person.
func (p *Problem) Error() string {
	text := p.Detail
	if text == "validation failed" || text == "" {
		text = p.Title
		for i, f := range p.Errors {
			if i == 0 {
				text = ""
			} else {
				text += "; "
			}
			text += f.sentence()
		}
	}
	return text
}

// Is lets callers compare with the store's own errors.
func (p *Problem) Is(target error) bool {
	switch target {
	case storage.ErrNotFound:
		return p.Status == http.StatusNotFound
	case storage.ErrForbidden:
		return p.Status == http.StatusForbidden
	case storage.ErrSetUp, storage.ErrStale:
		return p.Status == http.StatusConflict && p.Detail == target.Error()
	case ErrBusy:
		return p.Status == http.StatusServiceUnavailable
	}
	return false
}

func (f ProblemField) sentence() string {
	location := strings.TrimPrefix(f.Location, "body.")
	if location == "" || location == "body" {
		return f.Message
	}
	return location + ": " + f.Message
}
