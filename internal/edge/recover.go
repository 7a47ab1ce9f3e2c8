package edge

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

var internalError = Problem{
	Status:  http.StatusInternalServerError,
	Message: "Something went wrong here. Try again; if it stays, tell the operator the request id.",
}

// recovered turns a panic into a 500 answer. Only when the headers have left
// already is the connection cut, because the caller must not take half an
// answer for a whole one.
func (e *Edge) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := w.(*writer)
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			x := of(r.Context())
			x.set(func() { x.panicked, x.stack = fmt.Sprint(v), string(debug.Stack()) })
			if out.status != 0 {
				panic(http.ErrAbortHandler)
			}
			e.apologise(out, r)
		}()
		next.ServeHTTP(w, r)
	})
}

// apologise answers 500. The headers the handler had set (a cookie, a length)
// belong to an answer that will not be given. A renderer that panics too is
// replaced by plain text.
func (e *Edge) apologise(out *writer, r *http.Request) {
	defer func() {
		if recover() == nil {
			return
		}
		if out.status != 0 {
			panic(http.ErrAbortHandler)
		}
		e.resetHeader(out, r)
		plainText(out, r, internalError)
	}()
	e.resetHeader(out, r)
	e.fail(out, r, internalError)
}
