package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/api"
	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/table"
)

func TestABackupIsMadeOnlyWhereItsCallerOwnsTheData(t *testing.T) {
	h := newHouse(t, nil)
	if _, err := h.Backup(t.Context(), "/b"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("without the option: %v", err)
	}
	if _, err := h.Check(t.Context()); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("without the option: %v", err)
	}
	var paths []string
	h = newHouse(t, func(o *api.Options) {
		o.Backup = func(_ context.Context, path string) (wire.Backup, error) {
			paths = append(paths, path)
			switch path {
			case "/taken":
				return wire.Backup{}, fmt.Errorf("/taken %w", fs.ErrExist)
			case "/full":
				return wire.Backup{}, errors.New("no space left")
			}
			return wire.Backup{Path: path, Bytes: 7}, nil
		}
	})
	if b := must[wire.Backup](t)(h.Backup(t.Context(), "/a/../b")); b.Path != "/b" || b.Bytes != 7 {
		t.Errorf("%+v", b)
	}
	for path, want := range map[string]int{"b": 422, "": 422, "../b": 422, "/taken": 409, "/full": 500} {
		_, err := h.Backup(t.Context(), path)
		if p := (*wire.Problem)(nil); !errors.As(err, &p) || p.Status != want {
			t.Errorf("%q: %v, want %d", path, err, want)
		}
	}
	if len(paths) != 3 {
		t.Errorf("asked for %v", paths)
	}
}

func TestACheckTellsTheFaults(t *testing.T) {
	h := newHouse(t, func(o *api.Options) {
		o.Check = func(context.Context) ([]table.Fault, error) {
			return []table.Fault{{Table: "users", Key: []byte{0x10, 0xab}, What: "odd"}}, nil
		}
	})
	faults := must[[]wire.Fault](t)(h.Check(t.Context()))
	if len(faults) != 1 || faults[0] != (wire.Fault{Table: "users", Key: "10ab", What: "odd"}) {
		t.Errorf("%+v", faults)
	}
}

func TestWhatReadsAllTheDataRunsOnceAtATime(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	h := newHouse(t, func(o *api.Options) {
		o.Check = func(context.Context) ([]table.Fault, error) { close(entered); <-leave; return nil, nil }
		o.Backup = func(context.Context, string) (wire.Backup, error) { return wire.Backup{}, nil }
	})
	ended := make(chan error)
	go func() { _, err := h.Check(context.Background()); ended <- err }()
	<-entered
	if _, err := h.Backup(t.Context(), "/b"); !errors.Is(err, wire.ErrBusy) {
		t.Errorf("beside a check: %v", err)
	}
	close(leave)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	must[wire.Backup](t)(h.Backup(t.Context(), "/b"))
}

// onePipe is a listener whose only connection is one end of a pipe.
type onePipe struct{ conns chan net.Conn }

func (l onePipe) Addr() net.Addr { return &net.UnixAddr{} }

func (l onePipe) Close() error { return nil }

func (l onePipe) Accept() (net.Conn, error) {
	if c, ok := <-l.conns; ok {
		return c, nil
	}
	return nil, os.ErrClosed
}

func TestABackupMayTakeLongerThanOtherRequests(t *testing.T) {
	// The request's context ends when the server thinks the caller is gone.
	h := newHouse(t, func(o *api.Options) {
		o.Backup = func(ctx context.Context, _ string) (wire.Backup, error) {
			select {
			case <-time.After(time.Hour):
				return wire.Backup{Bytes: 7}, nil
			case <-ctx.Done():
				return wire.Backup{}, ctx.Err()
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		l := onePipe{make(chan net.Conn, 1)}
		l.conns <- there
		s := &http.Server{Handler: h.plain, ReadTimeout: time.Second, WriteTimeout: time.Minute}
		go s.Serve(l)
		body := `{"path":"/b"}`
		go fmt.Fprintf(here, "POST %s/backups HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", wire.Prefix, len(body), body)
		res, err := http.ReadResponse(bufio.NewReader(here), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != 201 {
			t.Errorf("answered %s", res.Status)
		}
		res.Body.Close()
		here.Close()
		close(l.conns)
		s.Close()
	})
}
