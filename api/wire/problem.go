package wire

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"latchkey/storage"
)

// ErrBusy says that the call may succeed when it is tried again in a moment: too many
// passwords are being hashed, or all the data is being read.
var ErrBusy = errors.New("busy: try again in a moment")

// WriteProblem answers with a problem, without the framework.
func WriteProblem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(Problem{Status: status, Title: http.StatusText(status), Detail: detail})
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
