package edge

import (
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
	// Form is the most bytes of a form (16 KiB). Forms are read and held in memory
	// before it is known who sends them.
	Form int64
	// Body is the most bytes of any other request body (64 KiB). A handler that reads
	// one must know its caller first: what it reads is not counted as held.
	Body int64
	// Bodies are exceptions to Body. A key that ends in a slash stands for
	// all paths under it, any other for that path; the longest key decides. A
	// form may be smaller by it, never larger.
	Bodies map[string]int64
	// Held is the most bytes that all requests under way may hold (32 MiB), and
	// HeldByConnection those of one connection (2 MiB): 4 KiB each, the headers, and
	// of a form what has arrived. One network fills half at most (see [limit.Shares]).
	Held, HeldByConnection int64
}

func (l Limits) withDefaults() Limits {
	if l.Header == 0 {
		l.Header = 32 << 10
	}
	if l.Params == 0 {
		l.Params = 200
	}
	if l.Form == 0 {
		l.Form = 16 << 10
	}
	if l.Body == 0 {
		l.Body = 64 << 10
	}
	if l.Held == 0 {
		l.Held = 32 << 20
	}
	if l.HeldByConnection == 0 {
		l.HeldByConnection = 2 << 20
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
	tooLarge = Problem{Status: http.StatusRequestEntityTooLarge,
		Message: "The request is larger than this page accepts."}
	tooMany     = Problem{Status: http.StatusBadRequest, Message: "The request has too many parameters."}
	interrupted = Problem{Status: http.StatusBadRequest, Message: "The request broke off before its end."}
)

var errBusy = errors.New("no room for more of the body")

// guarded sets the base headers and refuses what is insecure or too large
// before any handler sees it.
func (e *Edge) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.setBaseHeaders(w.Header(), RequestID(r.Context()))
		h := e.hold(r)
		defer h.giveBack()
		if p := e.check(w, r, h); p != nil {
			Fail(r.Context(), "", errors.New(p.Message))
			e.fail(w, r, *p)
			return
		}
		if to := cleaned(r.URL); to != "" {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusPermanentRedirect)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (e *Edge) check(w http.ResponseWriter, r *http.Request, h *held) *Problem {
	if !h.take(exchangeSize + headerSize(r)) {
		closeAfter(w, r)
		return &busy
	}
	if e.insecure(r) {
		return &insecureProblem
	}
	r.URL.RawQuery = encodeSemicolons(r.URL.RawQuery)
	if params(r.URL.RawQuery) > e.opts.Limits.Params {
		return &tooMany
	}
	limit, form := e.opts.Limits.body(r.URL.Path), IsForm(r)
	if form {
		limit = min(limit, e.opts.Limits.Form)
	}
	if r.ContentLength > limit {
		closeAfter(w, r)
		return &tooLarge
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	// net/http's own writer, since MaxBytesReader tells it to close the
	// connection when the limit is passed.
	r.Body = http.MaxBytesReader(w.(*writer).ResponseWriter, r.Body, limit)
	if form {
		return e.readForm(w, r, h)
	}
	return nil
}

// closeAfter ends the connection after the answer, rather than read the whole body to
// reuse it. HTTP/2 resets the stream alone, and other requests go on.
func closeAfter(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close")
	}
}

// readForm reads a form's body at once, so that every handler and library
// behind it answers an oversized one alike. Other bodies stay streams: reading
// past the limit gives a [http.MaxBytesError].
func (e *Edge) readForm(w http.ResponseWriter, r *http.Request, h *held) *Problem {
	body, err := io.ReadAll(heldReader{r.Body, h})
	if errors.Is(err, errBusy) {
		closeAfter(w, r)
		return &busy
	}
	if tooBig := new(http.MaxBytesError); errors.As(err, &tooBig) {
		return &tooLarge
	}
	if err != nil {
		return &interrupted
	}
	if params(string(body)) > e.opts.Limits.Params {
		return &tooMany
	}
	r.Body = io.NopCloser(strings.NewReader(encodeSemicolons(string(body))))
	return nil
}

// encodeSemicolons makes data of the semicolons in a query or form, which they are (WHATWG
// URL Standard section 5.1). Go's parser refuses the whole for one of them.
func encodeSemicolons(s string) string { return strings.ReplaceAll(s, ";", "%3B") }

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
