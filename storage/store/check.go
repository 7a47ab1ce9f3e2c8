package store

import (
	"bytes"
	"context"

	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// Check reads everything: each record decodes and is found by all its index
// entries, each entry leads to a record that has it, each grant has a state and
// each state a grant, and no key belongs to nothing. It changes nothing, and pages,
// so that it may run beside traffic.
func (s *Store) Check(ctx context.Context) ([]table.Fault, error) {
	floors := s.Floors
	var all []table.Fault
	for _, part := range floors.checks() {
		faults, err := part.Run(ctx)
		for _, f := range faults {
			f.Table = part.Name
			all = append(all, f)
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// parts are what Check consists of, over no data: they tell which tables there are.
func parts() []table.Part { return tablesOnly().checks() }

// TableOf names the table that a key belongs to, by its records or an index; ""
// if there is none.
func TableOf(key []byte) string {
	for _, part := range parts() {
		if len(key) > 0 && bytes.IndexByte(part.Spaces, key[0]) >= 0 {
			return part.Name
		}
	}
	return ""
}

func (f *Floors) checkMeta(ctx context.Context) ([]table.Fault, error) {
	return table.Walk(ctx, f.DB, []byte{table.SpaceMeta}, func(_ kv.Reader, p kv.Pair) (string, error) {
		if len(p.Key) > 1 {
			return "the key belongs to nothing", nil
		}
		if _, err := readSchema(p.Value); err != nil {
			return err.Error(), nil
		}
		return "", nil
	})
}

// checkStray finds the first key of each space that no table has.
func checkStray(ctx context.Context, f *Floors, known []byte) ([]table.Fault, error) {
	return table.View(ctx, f.DB, func(r kv.Reader) ([]table.Fault, error) {
		var faults []table.Fault
		for space := range 256 {
			if bytes.IndexByte(known, byte(space)) >= 0 {
				continue
			}
			pairs, err := r.Scan(kv.Range{Prefix: []byte{byte(space)}, Limit: 1})
			if err != nil {
				return nil, err
			}
			for _, p := range pairs {
				faults = append(faults, table.Fault{Key: bytes.Clone(p.Key), What: "the key belongs to no table"})
			}
		}
		return faults, nil
	})
}
