package server

import (
	"io"
	"net/http"

	"latchkey/internal/edge"

	"github.com/gorilla/mux"
)

const (
	PathHealth = "/healthz" // the process answers
	PathReady  = "/readyz"  // and can do its work
)

func (h *Server) healthRoutes(router *mux.Router) {
	router.HandleFunc(PathHealth, func(w http.ResponseWriter, r *http.Request) {
		if !h.tellArrival(w, r) {
			tell(w, r, http.StatusOK, "ok")
		}
	}).Methods(http.MethodGet, http.MethodHead)
	router.HandleFunc(PathReady, h.ready).Methods(http.MethodGet, http.MethodHead)
}

// ready is red once the engine has stopped: then a restart is needed, and
// nothing may be read or written before. The reason is for the log.
func (h *Server) ready(w http.ResponseWriter, r *http.Request) {
	if err := h.works(r.Context()); err != nil {
		edge.Fail(r.Context(), "not_ready", err)
		tell(w, r, http.StatusServiceUnavailable, "the storage has stopped: see the log")
		return
	}
	tell(w, r, http.StatusOK, "ok")
}

func tell(w http.ResponseWriter, r *http.Request, status int, text string) {
	edge.Quiet(r.Context())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}
