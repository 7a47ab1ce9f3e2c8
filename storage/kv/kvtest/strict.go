package kvtest

import (
	"context"

	"latchkey/storage/kv"
)

// Strict returns an engine that makes broken rules show. It runs each closure
// twice, the first time with its writes thrown away, so that a closure with
// effects of its own has them twice. It overwrites all values and keys that a
// closure read as soon as the closure returns, so that using them later reads
// nonsense. And it refuses every nested call, those an engine lets pass too.
//
// Everything else is the engine's own.
func Strict(e kv.Engine) kv.Engine { return &strict{Engine: e} }

type strict struct {
	kv.Engine
	nesting kv.Nesting
}

func (s *strict) View(ctx context.Context, fn func(kv.Reader) error) error {
	if err := s.begin(); err != nil {
		return err
	}
	return s.Engine.View(ctx, func(r kv.Reader) error {
		leave, err := s.nesting.Enter()
		if err != nil {
			return err
		}
		defer leave()
		once := func() error {
			p := &poisoning{Reader: r}
			defer p.finish()
			return fn(p)
		}
		once()
		return once()
	})
}

func (s *strict) Update(ctx context.Context, fn func(kv.Txn) error) error {
	if err := s.begin(); err != nil {
		return err
	}
	return s.Engine.Update(ctx, func(tx kv.Txn) error {
		// Entered here as well: the closure may run on a goroutine of the engine.
		leave, err := s.nesting.Enter()
		if err != nil {
			return err
		}
		defer leave()
		once := func(tx kv.Txn) error {
			p := &poisoningTxn{poisoning{Reader: tx}, tx}
			defer p.finish()
			return fn(p)
		}
		once(&rehearsal{Txn: tx, buffer: kv.NewBuffer()})
		return once(tx)
	})
}

// begin refuses a call from within a closure.
func (s *strict) begin() error {
	leave, err := s.nesting.Enter()
	if err == nil {
		leave()
	}
	return err
}

// rehearsal reads through to a transaction and keeps the writes to itself.
type rehearsal struct {
	kv.Txn
	buffer *kv.Buffer
}

func (h *rehearsal) Put(key, value []byte) error { return h.buffer.Put(key, value) }
func (h *rehearsal) Delete(key []byte) error     { return h.buffer.Delete(key) }

func (h *rehearsal) Get(key []byte) ([]byte, bool, error) {
	if value, ok, buffered := h.buffer.Get(key); buffered {
		return value, ok, nil
	}
	return h.Txn.Get(key)
}

func (h *rehearsal) Scan(r kv.Range) ([]kv.Pair, error) {
	var page []kv.Pair
	var err error
	stored, more := r, true
	next := func() (key, value []byte) {
		if len(page) == 0 && more {
			stored.Limit = kv.MaxPage
			page, err = h.Txn.Scan(stored)
			more = len(page) == stored.Limit
		}
		if len(page) == 0 {
			return nil, nil
		}
		key, value = page[0].Key, page[0].Value
		stored.After, page = key, page[1:]
		return key, value
	}
	merged, scanErr := h.buffer.Scan(r, next)
	if err != nil {
		return nil, err
	}
	return merged, scanErr
}
