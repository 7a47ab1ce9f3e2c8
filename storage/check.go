package storage

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"

	"latchkey/storage/kv"
)

// Fault is something Check found wrong.
type Fault struct {
	Table string
	Key   []byte
	What  string
}

func (f Fault) String() string {
	if len(f.Key) == 0 { // the file, or a table, as a whole
		return f.Table + ": " + f.What
	}
	return fmt.Sprintf("%s %x: %s", f.Table, f.Key, f.What)
}

const checkSlice = 500

// Check reads everything: each record decodes and is found by all its index
// entries, each entry leads to a record that has it, each grant has a state and
// each state a grant, and no key belongs to nothing. It changes nothing, and pages,
// so that it may run beside traffic.
func (s *Store) Check(ctx context.Context) ([]Fault, error) {
	b := s.base
	var all []Fault
	for _, part := range b.checks() {
		faults, err := part.run(ctx)
		for _, f := range faults {
			f.Table = part.name
			all = append(all, f)
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// check is one part of Check, and the spaces whose keys it answers for.
type check struct {
	name   string
	spaces []byte
	run    func(context.Context) ([]Fault, error)
	// Of a table's part: the type of its records, and how one is read.
	record reflect.Type
	decode func(key, []byte) (any, error)
}

func (b *base) checks() []check {
	all := slices.Concat(b.auditChecks(), b.policyChecks(), b.peopleChecks(), b.appsChecks(), b.grantsChecks(),
		[]check{{name: "meta", spaces: []byte{spaceMeta}, run: b.checkMeta}})
	var known []byte
	for _, part := range all {
		known = append(known, part.spaces...)
	}
	return append(all, check{name: "file", run: func(ctx context.Context) ([]Fault, error) {
		return checkStray(ctx, b, known)
	}})
}

func (b *base) auditChecks() []check { return []check{tableCheck(b, &b.audit)} }

func (b *base) policyChecks() []check {
	return []check{
		tableCheck(b, &b.settings), tableCheck(b, &b.keys), tableCheck(b, &b.alive),
		tableCheck(b, &b.requests), tableCheck(b, &b.served),
	}
}

func (b *base) peopleChecks() []check {
	return []check{
		tableCheck(b, &b.users), tableCheck(b, &b.attempts), tableCheck(b, &b.sessions),
		tableCheck(b, &b.memberships), tableCheck(b, &b.links), tableCheck(b, &b.groups),
	}
}

func (b *base) appsChecks() []check {
	return []check{
		tableCheck(b, &b.clients), tableCheck(b, &b.scopes), tableCheck(b, &b.resources),
		tableCheck(b, &b.edition), tableCheck(b, &b.denied), tableCheck(b, &b.assertions),
		{name: b.resources.name, run: b.checkResources}, {name: b.scopes.name, run: b.checkOwners},
	}
}

func (b *base) grantsChecks() []check {
	return []check{
		tableCheck(b, &b.consents), tableCheck(b, &b.grants), tableCheck(b, &b.grantStates), tableCheck(b, &b.offline),
		pairCheck(b, b.grants.name, spaceGrants, spaceGrantStates, "the grant has no state"),
		pairCheck(b, b.grantStates.name, spaceGrantStates, spaceGrants, "the state has no grant"),
	}
}

// parts are what Check consists of, over no data: they tell which tables there are.
func parts() []check { return unopened().checks() }

// TableOf names the table that a key belongs to, by its records or an index; ""
// if there is none.
func TableOf(key []byte) string {
	for _, part := range parts() {
		if len(key) > 0 && bytes.IndexByte(part.spaces, key[0]) >= 0 {
			return part.name
		}
	}
	return ""
}

// pairCheck finds the keys of one space that another lacks.
func pairCheck(b *base, name string, space, other byte, what string) check {
	return check{name: name, run: func(ctx context.Context) ([]Fault, error) {
		return walk(ctx, b, []byte{space}, func(r kv.Reader, p kv.Pair) (string, error) {
			_, ok, err := r.Get(append([]byte{other}, p.Key[1:]...))
			if err != nil || ok {
				return "", err
			}
			return what, nil
		})
	}}
}

func (b *base) checkMeta(ctx context.Context) ([]Fault, error) {
	return walk(ctx, b, []byte{spaceMeta}, func(_ kv.Reader, p kv.Pair) (string, error) {
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
func checkStray(ctx context.Context, b *base, known []byte) ([]Fault, error) {
	return view(ctx, b, func(r kv.Reader) ([]Fault, error) {
		var faults []Fault
		for space := range 256 {
			if bytes.IndexByte(known, byte(space)) >= 0 {
				continue
			}
			pairs, err := r.Scan(kv.Range{Prefix: []byte{byte(space)}, Limit: 1})
			if err != nil {
				return nil, err
			}
			for _, p := range pairs {
				faults = append(faults, Fault{Key: bytes.Clone(p.Key), What: "the key belongs to no table"})
			}
		}
		return faults, nil
	})
}

// walk shows every pair under a prefix to look, a page at a time, each page in a
// snapshot of its own.
func walk(ctx context.Context, b *base, prefix []byte, look func(kv.Reader, kv.Pair) (string, error)) ([]Fault, error) {
	type found struct {
		faults []Fault
		next   []byte
	}
	var all []Fault
	for after := []byte(nil); ; {
		out, err := view(ctx, b, func(r kv.Reader) (found, error) {
			var f found
			pairs, err := r.Scan(kv.Range{Prefix: prefix, After: after, Limit: checkSlice})
			if err != nil {
				return f, err
			}
			for _, p := range pairs {
				what, err := look(r, p)
				if err != nil {
					return f, err
				}
				if what != "" {
					f.faults = append(f.faults, Fault{Key: bytes.Clone(p.Key), What: what})
				}
			}
			f.next = goOn(pairs, checkSlice)
			return f, nil
		})
		if err != nil {
			return all, err
		}
		all = append(all, out.faults...)
		if out.next == nil {
			return all, nil
		}
		after = out.next
	}
}
