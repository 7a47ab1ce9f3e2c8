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
	"latchkey/storage/backup"
	"latchkey/storage/table"
	"latchkey/usecase"
)

// files stands in for the data as a whole.
type files struct {
	check  func(context.Context) ([]table.Fault, error)
	backup func(context.Context, string) (backup.Copy, error)
}

func (f files) Check(ctx context.Context) ([]table.Fault, error) {
	if f.check == nil {
		return nil, nil
	}
	return f.check(ctx)
}

func (f files) Backup(ctx context.Context, path string) (backup.Copy, error) {
	if f.backup == nil {
		return backup.Copy{Path: path}, nil
	}
	return f.backup(ctx, path)
}

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
		o.Files = files{backup: func(_ context.Context, path string) (backup.Copy, error) {
			paths = append(paths, path)
			switch path {
			case "/taken":
				return backup.Copy{}, fmt.Errorf("/taken %w", fs.ErrExist)
			case "/full":
				return backup.Copy{}, errors.New("no space left")
			}
			return backup.Copy{Path: path, Bytes: 7}, nil
		}}
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
		o.Files = files{check: func(context.Context) ([]table.Fault, error) {
			return []table.Fault{{Table: "users", Key: []byte{0x10, 0xab}, What: "odd"}}, nil
		}}
	})
	faults := must[[]wire.Fault](t)(h.Check(t.Context()))
	if len(faults) != 1 || faults[0] != (wire.Fault{Table: "users", Key: "10ab", What: "odd"}) {
		t.Errorf("%+v", faults)
	}
}

func TestWhatReadsAllTheDataBesideAnotherIsBusy(t *testing.T) {
	h := newHouse(t, func(o *api.Options) {
		o.Files = files{check: func(context.Context) ([]table.Fault, error) { return nil, usecase.ErrReading }}
	})
	if _, err := h.Check(t.Context()); !errors.Is(err, wire.ErrBusy) || err.Error() != usecase.ErrReading.Error() {
		t.Errorf("%v", err)
	}
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
		o.Files = files{backup: func(ctx context.Context, _ string) (backup.Copy, error) {
			select {
			case <-time.After(time.Hour):
				return backup.Copy{Bytes: 7}, nil
			case <-ctx.Done():
				return backup.Copy{}, ctx.Err()
			}
		}}
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
