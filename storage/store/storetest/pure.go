package storetest

import (
	"context"
	"crypto/rand"
	"testing"

	"latchkey/storage/kv"
)

// pure is an engine whose closures may neither look at the clock nor draw randomness:
// they run more than once, and each run must come to the same.
type pure struct {
	kv.Engine
	t      *testing.T
	inside kv.Nesting
}

func (p *pure) View(ctx context.Context, fn func(kv.Reader) error) error {
	return p.Engine.View(ctx, func(r kv.Reader) error {
		leave, err := p.inside.Enter()
		if err != nil {
			return err
		}
		defer leave()
		return fn(r)
	})
}

func (p *pure) Update(ctx context.Context, fn func(kv.Txn) error) error {
	return p.Engine.Update(ctx, func(tx kv.Txn) error {
		leave, err := p.inside.Enter()
		if err != nil {
			return err
		}
		defer leave()
		return fn(tx)
	})
}

// outside reports a call from within a closure.
func (p *pure) outside(what string) {
	leave, err := p.inside.Enter()
	if err != nil {
		p.t.Errorf("a transaction asked for %s", what)
		return
	}
	leave()
}

// Read is the source of ids.
func (p *pure) Read(b []byte) (int, error) {
	p.outside("randomness")
	return rand.Read(b)
}
