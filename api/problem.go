package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"latchkey/api/wire"
	"latchkey/keys"
	"latchkey/storage"
	"latchkey/usecase"

	"github.com/danielgtaylor/huma/v2"
)

// ourSide is all that callers on a network hear of a fault of ours.
const ourSide = "something went wrong on our side"

// problem translates a refusal of the store into an RFC 9457 problem. Any other
// error is reported, and told as well where the operator calls, whose disk may be the
// full one. On a network it is not: the log has it.
func (r *routes) problem(ctx context.Context, err error) error {
	var invalid *storage.Invalid
	var taken *storage.Taken
	var weak *keys.PasswordError
	var told huma.StatusError
	if errors.As(err, &weak) {
		err = &storage.Invalid{Field: "password", Reason: passwordWords(weak.Reason)}
	}
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
	case errors.Is(err, keys.ErrBusy):
		return huma.Error503ServiceUnavailable(wire.ErrBusy.Error())
	case errors.Is(err, usecase.ErrReading):
		return huma.Error503ServiceUnavailable(err.Error())
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
	if r.URL.Path != wire.Prefix && !strings.HasPrefix(r.URL.Path, wire.Prefix+"/") {
		return false
	}
	wire.WriteProblem(w, status, detail)
	return true
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

// passwordWords says what is wrong with a password.
func passwordWords(reason keys.PasswordReason) string {
	switch reason {
	case keys.PasswordShort:
		return fmt.Sprintf("must be at least %d characters long", keys.MinPassword)
	case keys.PasswordLong:
		return fmt.Sprintf("must be at most %d characters long", keys.MaxPassword)
	case keys.PasswordText:
		return "must be text without control characters"
	case keys.PasswordOwn:
		return "must not be made of the user's own names"
	default:
		return "is too easily guessed: it is made of what everybody tries first"
	}
}
