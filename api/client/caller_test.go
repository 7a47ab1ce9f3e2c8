package client_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/api/client"
)

func TestAnAnswerWithoutAnEndIsGivenUp(t *testing.T) {
	client.AnswersAtMost(t, 1<<20)
	missing, piece := false, bytes.Repeat([]byte(" "), 1<<16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if missing && !strings.HasSuffix(r.URL.Path, "/openapi.json") {
			http.NotFound(w, r)
			return
		}
		for err := error(nil); err == nil; {
			_, err = w.Write(piece)
		}
	}))
	defer server.Close()
	caller := client.Over(server.URL, server.Client())
	if _, err := caller.FindUser(t.Context(), "ada"); err == nil ||
		!strings.Contains(err.Error(), "the answer is longer than any") {
		t.Errorf("an answer: %v", err)
	}
	missing = true
	if _, err := caller.FindUser(t.Context(), "ada"); !errors.Is(err, client.ErrNoAPI) {
		t.Errorf("the description: %v", err)
	}
}

func TestAnswersThatAreNotOursAreToldApart(t *testing.T) {
	odd := client.InProcess(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html>"))
	}))
	if _, err := odd.FindUser(context.Background(), "x"); err == nil || !strings.Contains(err.Error(), "502") &&
		!strings.Contains(err.Error(), "Bad Gateway") {
		t.Error(err)
	}
	mute := client.InProcess(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_,
			_ = w.Write([]byte("<html>"))
	}))
	if _, err := mute.FindUser(context.Background(), "x"); err == nil || !strings.Contains(err.Error(), "expects") {
		t.Error(err)
	}
}
