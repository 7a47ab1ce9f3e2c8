package op

import (
	"context"
	"net/http"
	"net/url"

	zop "github.com/zitadel/oidc/v3/pkg/op"

	"latchkey/storage/apps"
	"latchkey/storage/store"
)

// call is one request on its way through the framework: what was settled before
// it, and how it was refused within.
type call struct {
	request *http.Request
	client  *apps.Client // authenticated; nil where none is needed
	// resource is who asks instead of a client: at introspection only.
	resource *apps.Resource
	sent     url.Values // the form as it was sent
	refused  *apiError

	store     *store.Store
	assertion apps.Assertion // by which the client authenticated, until it is used up
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// refuse is how a method of server refuses. It returns no error to the framework,
// which would write a log record of its own; the status follows by callWriter.
func (c *call) refuse(e *apiError) (*zop.Response, error) {
	c.refused = c.settled(e)
	return zop.NewResponse(c.refused.body()), nil
}

// callWriter gives an answer of the framework the status and the header of the
// refusal that it carries.
type callWriter struct {
	http.ResponseWriter
	call *call
}

func (w *callWriter) WriteHeader(status int) {
	if e := w.call.refused; e != nil {
		status = e.headers(w.call.request, w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

// checked stands for the credentials of a caller who was authenticated before: the
// framework looks for some before it asks who was.
var checked = func() http.Header {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth("checked", "checked")
	return r.Header
}()

// pass hands a checked request to the framework, which sees nothing of it but the
// path it routes by and the parameters it is to decode: no header that was sent, no
// query, no path in another spelling (its router prefers URL.RawPath).
func pass(framework http.Handler, w http.ResponseWriter, r *http.Request, path string, form url.Values, c *call) {
	c.request = r
	clean := r.WithContext(context.WithValue(r.Context(), callKey{}, c))
	clean.URL, clean.Header = &url.URL{Path: path}, http.Header{}
	if c.client != nil || c.resource != nil {
		clean.Header = checked
	}
	clean.Form, clean.PostForm, clean.Body = form, form, http.NoBody
	framework.ServeHTTP(&callWriter{ResponseWriter: w, call: c}, clean)
}
