package edge

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits bound what a request may carry. Zero fields get the defaults.
type Limits struct {
	// Header is the most bytes of request line and headers (32 KiB).
	Header int
	// Params is the most parameters in a query, and in a form (200).
	Params int
	// Body is the most bytes of a request body (64 KiB).
	Body int64
	// Bodies are exceptions to Body. A key that ends in a slash stands for
	// all paths under it, any other for that path; the longest key decides. A
	// form may be smaller by it, never larger: forms are held in memory, whoever
	// sends them.
	Bodies map[string]int64
}

func (l Limits) withDefaults() Limits {
	if l.Header == 0 {
		l.Header = 32 << 10
	}
	if l.Params == 0 {
		l.Params = 200
	}
	if l.Body == 0 {
		l.Body = 64 << 10
	}
	return l
}

func (l Limits) body(path string) int64 {
	limit, longest := l.Body, -1
	for key, n := range l.Bodies {
		match := key == path || strings.HasSuffix(key, "/") && strings.HasPrefix(path, key)
		if match && len(key) > longest {
			limit, longest = n, len(key)
		}
	}
	return limit
}

var (
	tooLarge    = Problem{http.StatusRequestEntityTooLarge, "The request is larger than this page accepts."}
	tooMany     = Problem{http.StatusBadRequest, "The request has too many parameters."}
	interrupted = Problem{http.StatusBadRequest, "The request broke off before its end."}
)

// guarded sets the base headers and refuses what is insecure or too large
// before any handler sees it.
func (e *Edge) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.setBaseHeaders(w.Header(), RequestID(r.Context()))
		if p := e.check(w, r); p != nil {
			Fail(r.Context(), "", errors.New(p.Message))
			e.fail(w, r, *p)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (e *Edge) check(w http.ResponseWriter, r *http.Request) *Problem {
	if e.insecure(r) {
		return &insecureProblem
	}
	if params(r.URL.RawQuery) > e.opts.Limits.Params {
		return &tooMany
	}
	limit, form := e.opts.Limits.body(r.URL.Path), IsForm(r)
	if form {
		limit = min(limit, e.opts.Limits.Body)
	}
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close") // rather than read it all to reuse the connection
		return &tooLarge
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	// net/http's own writer, since MaxBytesReader tells it to close the
	// connection when the limit is passed.
	r.Body = http.MaxBytesReader(w.(*writer).ResponseWriter, r.Body, limit)
	if form {
		return e.readForm(r)
	}
	return nil
}

// readForm reads a form's body at once, so that every handler and library
// behind it answers an oversized one alike. Other bodies stay streams: reading
// past the limit gives a [http.MaxBytesError].
func (e *Edge) readForm(r *http.Request) *Problem {
	body, err := io.ReadAll(r.Body)
	if tooBig := new(http.MaxBytesError); errors.As(err, &tooBig) {
		return &tooLarge
	}
	if err != nil {
		return &interrupted
	}
	if params(string(body)) > e.opts.Limits.Params {
		return &tooMany
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

const formType = "application/x-www-form-urlencoded"

// IsForm reports whether the body of a request is a form, as its Content-Type says.
func IsForm(r *http.Request) bool {
	kind := r.Header.Get("Content-Type")
	if kind != formType { // most send exactly that
		kind, _, _ = mime.ParseMediaType(kind)
	}
	return kind == formType
}

// ValidUTF8 reports whether all names and values of a form are UTF-8.
func ValidUTF8(form url.Values) bool {
	for name, values := range form {
		if !utf8.ValidString(name) || slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
			return false
		}
	}
	return true
}

func params(encoded string) int { return strings.Count(encoded, "&") + 1 }
