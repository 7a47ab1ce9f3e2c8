package edge

import (
	"context"
	"errors"
	"net/http"
)

// What is recorded of a request that came to nothing because the caller went away. The
// number is nginx's; no caller ever sees it.
const (
	statusGone = 499
	codeGone   = "client_gone"
)

// outcome is the status that the record, the measurements and the trace give. It is the
// one that was answered, unless that says that we failed, and we failed because nobody
// waited any more. A deadline of ours, or something given up while the caller is still
// there, stays the fault that it is.
func (x *exchange) outcome(r *http.Request, out *writer) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	status, left := out.answered(), errors.Is(r.Context().Err(), context.Canceled)
	if status < http.StatusInternalServerError || x.panicked != "" || !left || !errors.Is(x.cause, context.Canceled) {
		return status
	}
	x.code = codeGone
	return statusGone
}
