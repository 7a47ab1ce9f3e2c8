package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"
)

// checkParameters refuses a query parameter, or a header of the operation, that says
// nothing, and a query parameter that is unknown or comes twice. Whoever sends find= from
// a variable that is not set means one record, and would be answered with all; who sends
// If-Match of nothing would overwrite whatever is there.
func (r *routes) checkParameters(ctx huma.Context, next func(huma.Context)) {
	request, _ := humamux.Unwrap(ctx)
	query, err := url.ParseQuery(request.URL.RawQuery)
	var faults []error
	refuse := func(location, message string) {
		faults = append(faults, &huma.ErrorDetail{Location: location, Message: message})
	}
	if err != nil {
		refuse("query", "cannot be read: it must be encoded as a form is")
	}
	known := map[string]bool{}
	for _, p := range ctx.Operation().Parameters {
		if values := request.Header.Values(p.Name); p.In == "header" && len(values) > 0 && isBlank(values) {
			refuse("header."+p.Name, "is empty: leave it out")
		}
		known[p.Name] = known[p.Name] || p.In == "query"
	}
	for name, values := range query {
		switch {
		case !known[name]:
			refuse("query."+name, "is not a parameter of this operation")
		case len(values) > 1:
			refuse("query."+name, "may come once")
		case isBlank(values):
			refuse("query."+name, "is empty: leave it out")
		}
	}
	if len(faults) > 0 {
		_ = huma.WriteErr(r.huma, ctx, http.StatusUnprocessableEntity, "validation failed", faults...)
		return
	}
	next(ctx)
}

// isBlank reports whether one of the values has nothing but spaces.
func isBlank(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return strings.TrimSpace(v) == "" })
}
