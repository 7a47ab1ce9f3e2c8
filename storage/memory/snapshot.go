package memory

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"latchkey/storage/kv"
)

// Snapshot implements kv.Engine. The file is this package's own, for Load: each
// pair as two byte strings, each behind its length as a varint.
func (e *Engine) Snapshot(ctx context.Context, path string) error {
	if err := errors.Join(ctx.Err(), e.Err()); err != nil {
		return err
	}
	state := e.state.Load()
	return kv.NewFile(ctx, path, func(out io.Writer) error {
		w := bufio.NewWriter(out)
		var length []byte
		all := newWalk(state, kv.Range{})
		for p := all.next(); p != nil; p = all.next() {
			for _, field := range [][]byte{p.key, p.value} {
				length = binary.AppendUvarint(length[:0], uint64(len(field)))
				w.Write(length) // Flush returns the first error
				w.Write(field)
			}
		}
		return w.Flush()
	})
}

// Load returns a new engine with what a snapshot holds. For tests: this engine keeps
// nothing beyond its process.
func Load(path string, o Options) (*Engine, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var state *tree
	for len(data) > 0 {
		p := new(pair)
		for _, field := range []*[]byte{&p.key, &p.value} {
			length, size := binary.Uvarint(data)
			if size <= 0 || length > uint64(len(data)-size) {
				return nil, fmt.Errorf("load %s: the snapshot is cut short or damaged", path)
			}
			end := size + int(length)
			*field, data = data[size:end:end], data[end:]
		}
		state = state.put(p)
	}
	e := New(o)
	e.state.Store(state)
	return e, nil
}
