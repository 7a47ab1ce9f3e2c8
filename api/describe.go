package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"latchkey/api/wire"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gorilla/mux"
)

const description = `Administration of Latchkey: what its command line does, for programs.

Refusals are problems (RFC 9457): detail says in a sentence what is wrong, errors which field. ` +
	`Additions to this version are made without notice: ignore members that you do not know.

A query parameter that is unknown, empty or sent twice is refused (422): what is not to be said is left out.

A create that is sent with an Idempotency-Key makes one record however often it is sent within 24 hours. ` +
	`The answer to a repetition is the record as it is by then, with Idempotent-Replayed: true and without a client_secret, which is shown once.`

const paging = `A page holds limit records at most. If it has next, there may be more: send it as after. The order is stable, and records that are added or deleted meanwhile disturb no page.`

const upserting = `What the body names is set, what it does not name stays as it is; doing it again changes nothing. ` +
	`Roles and disabled are left alone unless named. A password_hash is taken for users without a password only.`

// problemsOf lists what may be wrong with a call besides what handle's caller adds.
func problemsOf(method, path string) []int {
	all := []int{http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
	if strings.Contains(path, "{") {
		all = append(all, http.StatusNotFound)
	}
	switch method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		all = append(all, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusConflict,
			http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	case http.MethodDelete:
		all = append(all, http.StatusConflict)
	}
	return all
}

func problems(more ...int) func(*huma.Operation) {
	return func(op *huma.Operation) { op.Errors = append(op.Errors, more...) }
}

// large is for bodies of up to a megabyte, which take a while over a network.
func large(op *huma.Operation) { op.BodyReadTimeout = 30 * time.Second }

func explained(text string) func(*huma.Operation) {
	return func(op *huma.Operation) { op.Description = text }
}

// documents serves the description, to anybody. The framework would too, but makes it
// at the first request without minding a second one.
func (r *routes) documents(router *mux.Router) {
	api := r.huma.OpenAPI()
	for form, text := range map[string]func() ([]byte, error){
		"json": func() ([]byte, error) { return json.Marshal(api) },
		"yaml": api.YAML,
	} {
		once := sync.OnceValues(text)
		router.HandleFunc(wire.Prefix+"/openapi."+form, func(w http.ResponseWriter, req *http.Request) {
			body, err := once()
			if err != nil {
				r.Report(req.Context(), err)
				wire.WriteProblem(w, http.StatusInternalServerError, ourSide)
				return
			}
			w.Header().Set("Content-Type", "application/openapi+"+form)
			_, _ = w.Write(body) // the caller is gone: nobody to tell
		}).Methods(http.MethodGet, http.MethodHead)
	}
}

// describe adds to the description what types do not say.
func (r *routes) describe() {
	api := r.huma.OpenAPI()
	upsert := api.Paths[wire.Prefix+"/users"].Put
	changed := *upsert.Responses["200"]
	changed.Description = "Created"
	upsert.Responses["201"] = &changed
	// What the lines of imports are: they are validated one by one.
	api.Components.Schemas.Schema(reflect.TypeFor[wire.ClientEntry](), true, "ClientEntry")
}
