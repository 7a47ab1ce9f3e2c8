package edge

import "net/http"

// writer counts what leaves and knows whether the headers have left.
// [http.ResponseController] reaches the connection's own writer by Unwrap.
type writer struct {
	http.ResponseWriter
	status int // 0 until the headers have left
	bytes  int64
}

func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) WriteHeader(status int) {
	// First, because it panics on an impossible status: then nothing has left.
	w.ResponseWriter.WriteHeader(status)
	// Informational answers (1xx) leave the real one still to come, except
	// 101, after which no other follows.
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
}

func (w *writer) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.bytes += int64(n)
	return n, err
}

// Flush serves handlers that look for [http.Flusher].
func (w *writer) Flush() {
	if http.NewResponseController(w.ResponseWriter).Flush() == nil && w.status == 0 {
		w.status = http.StatusOK
	}
}

// answered returns the status the caller sees; a handler that wrote nothing
// answered 200.
func (w *writer) answered() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
