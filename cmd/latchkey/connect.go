package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"latchkey/storage/api"
	"latchkey/storage/kv"
)

// How a verb waits for the data: a process that holds the file is a server about
// to listen, or another verb about to finish.
const (
	openWait = 200 * time.Millisecond
	dialWait = 5 * time.Second
	dialStep = 50 * time.Millisecond
)

// connection is a verb's way to the data. Close it.
type connection struct {
	*api.Caller
	house *house // nil: over the socket
}

func (c *connection) close() error {
	c.Close()
	if c.house == nil {
		return nil
	}
	return c.house.close()
}

// connect reaches the data: over the socket if a server runs, else in process.
// Data that does not exist is made only if make is set, so that a mistyped
// directory is noticed.
func (t *terminal) connect(ctx context.Context, create bool) (*connection, error) {
	c, err := t.config()
	if err != nil {
		return nil, err
	}
	if !create && missing(c.DataDir) {
		return nil, fmt.Errorf("there is no data in %s (data_dir from %s): run latchkey serve first, or name the right directory", c.DataDir, c.source("data_dir"))
	}
	deadline, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	for {
		if caller, err := api.Dial(ctx, c.DataDir); err == nil {
			return &connection{Caller: caller}, nil
		}
		h, err := openHouse(ctx, c, openWait)
		if err == nil {
			return &connection{Caller: api.InProcess(api.Handler(h.apiOptions())), house: h}, nil
		}
		if !errors.Is(err, kv.ErrLocked) {
			return nil, err
		}
		select {
		case <-deadline.Done():
			return nil, fmt.Errorf("%w, which does not answer: wait until it has finished, or stop it", err)
		case <-time.After(dialStep):
		}
	}
}

func missing(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, dataFile))
	return errors.Is(err, fs.ErrNotExist)
}

// with runs do over a connection and closes it.
func (t *terminal) with(ctx context.Context, create bool, do func(*connection) error) error {
	c, err := t.connect(ctx, create)
	if err != nil {
		return err
	}
	return errors.Join(do(c), c.close())
}
