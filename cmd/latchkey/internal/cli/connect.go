package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/api"
	"latchkey/api/client"
	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/data"
	"latchkey/cmd/latchkey/internal/remote"
	"latchkey/cmd/latchkey/internal/server"
	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/storage/kv"
)

// How a verb waits for the data: a process that holds the file is a server about
// to listen, or another verb about to finish.
const (
	dialWait = 5 * time.Second
	dialStep = 50 * time.Millisecond
)

// connection is a verb's way to the data. Close it.
type connection struct {
	*client.Caller
	local  *server.Server // nil: not in process
	remote *remote.Server // nil: on this machine
}

func (c *connection) close() error {
	c.Close()
	if c.local == nil {
		return nil
	}
	return c.local.Close()
}

// connect reaches the data: over the network if another machine's are meant, and
// then this one's are left alone; else over the socket if a server runs, else in
// process. Data that does not exist is made only if make is set, so that a mistyped
// directory is noticed.
func (t *terminal) connect(ctx context.Context, create bool) (*connection, error) {
	if t.elsewhere.server != "" {
		return t.connectElsewhere(ctx)
	}
	c, err := t.config()
	if err != nil {
		return nil, err
	}
	if !create {
		if err := data.CheckPresent(c); err != nil {
			return nil, err
		}
	}
	fresh := data.Missing(c.DataDir)
	conn := &connection{}
	conn.Caller, err = reach(ctx, c, func() (err error) {
		conn.local, err = server.Open(ctx, c, data.OpenWait)
		return err
	})
	if err != nil {
		return nil, err
	}
	if conn.Caller == nil {
		if fresh {
			// Whoever meant the data of a server elsewhere has to hear of it.
			t.note("There was no data in %s (data_dir from %s): a new provider begins there.", c.DataDir,
				c.Source("data_dir"))
		}
		conn.Caller = client.InProcess(api.Handler(conn.local.LocalOptions()))
	}
	return conn, nil
}

// reach returns a caller of the server that runs on the data, or nil once direct,
// which is for when none runs, has succeeded. While another process holds the data
// it tries both in turn.
func reach(ctx context.Context, c *config.Config, direct func() error) (*client.Caller, error) {
	deadline, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	for {
		if caller, err := socket.Dial(ctx, c.DataDir); err == nil {
			return caller, nil
		}
		err := direct()
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

// ownConfig is the configuration of data that this user may touch.
func (t *terminal) ownConfig() (*config.Config, error) {
	c, err := t.config()
	if err != nil {
		return nil, err
	}
	return c, socket.CheckOwner(c.DataDir)
}

// with runs do over a connection and closes it.
func (t *terminal) with(ctx context.Context, create bool, do func(*connection) error) error {
	c, err := t.connect(ctx, create)
	if err != nil {
		return err
	}
	err = do(c)
	if c.remote != nil {
		err = c.remote.Explain(err)
	}
	return errors.Join(err, c.close())
}
