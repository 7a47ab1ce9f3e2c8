package kvtest

import "latchkey/storage/kv"

// poison is what values hold after their closure: no text, no UUID, no version
// byte of a record.
const poison = 0xDB

// poisoning hands out copies and spoils them when the closure is over.
type poisoning struct {
	kv.Reader
	given    [][]byte
	finished bool
}

func (p *poisoning) Get(key []byte) ([]byte, bool, error) {
	if p.finished {
		return nil, false, kv.ErrFinished
	}
	value, ok, err := p.Reader.Get(key)
	if !ok || err != nil {
		return nil, ok, err
	}
	return p.give(value), true, nil
}

func (p *poisoning) Scan(r kv.Range) ([]kv.Pair, error) {
	if p.finished {
		return nil, kv.ErrFinished
	}
	page, err := p.Reader.Scan(r)
	given := make([]kv.Pair, len(page))
	for i, pair := range page {
		given[i] = kv.Pair{Key: p.give(pair.Key), Value: p.give(pair.Value)}
	}
	return given, err
}

func (p *poisoning) give(b []byte) []byte {
	b = clone(b)
	p.given = append(p.given, b)
	return b
}

func (p *poisoning) finish() {
	p.finished = true
	for _, b := range p.given {
		for i := range b {
			b[i] = poison
		}
	}
}

type poisoningTxn struct {
	poisoning
	txn kv.Txn
}

func (p *poisoningTxn) Put(key, value []byte) error {
	if p.finished {
		return kv.ErrFinished
	}
	return p.txn.Put(key, value)
}

func (p *poisoningTxn) Delete(key []byte) error {
	if p.finished {
		return kv.ErrFinished
	}
	return p.txn.Delete(key)
}
