package storage

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/storage/kv"

	"pgregory.net/rapid"
)

// recordTypes are the types of the records of all tables.
func recordTypes() (all []reflect.Type) {
	for _, part := range parts() {
		if part.record != nil {
			all = append(all, part.record)
		}
	}
	return append(all, reflect.TypeFor[meta]())
}

// An integer that once meant one field must never mean another: old files hold it.
// Adding lines to the golden file is fine; changing or deleting one is not, save
// that a field which is gone leaves its line as a comment in the type.
func TestIntegersOfRecordsAreNeverReused(t *testing.T) {
	var out strings.Builder
	seen := make(map[reflect.Type]bool)
	queue := recordTypes()
	for len(queue) > 0 {
		typ := queue[0]
		queue = queue[1:]
		if seen[typ] {
			continue
		}
		seen[typ] = true
		queue = append(queue, describeRecord(t, &out, typ)...)
	}
	golden(t, "records.golden", []byte(out.String()))
}

// describeRecord writes the fields of a record and returns the records it holds.
func describeRecord(t *testing.T, out *strings.Builder, typ reflect.Type) (held []reflect.Type) {
	t.Helper()
	used := make(map[string]string)
	fmt.Fprintf(out, "%s\n", typ.Name())
	for i := range typ.NumField() {
		f := typ.Field(i)
		tag := f.Tag.Get("cbor")
		if tag == "-" {
			continue
		}
		parts := strings.Split(tag, ",")
		if len(parts) < 2 || parts[1] != "keyasint" {
			t.Errorf("%s.%s has no integer: %q", typ, f.Name, tag)
		}
		if other := used[parts[0]]; other != "" {
			t.Errorf("%s.%s has the integer of %s", typ, f.Name, other)
		}
		used[parts[0]] = f.Name
		fmt.Fprintf(out, "\t%s %s %s\n", parts[0], f.Name, f.Type)
		inner := f.Type
		for inner.Kind() == reflect.Slice || inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && strings.HasPrefix(inner.PkgPath(), "latchkey/") {
			held = append(held, inner)
		}
	}
	return held
}

func TestSpacesOfTheFileAreNeverReused(t *testing.T) {
	var out strings.Builder
	var all []byte
	for _, c := range parts() {
		if len(c.spaces) > 0 {
			fmt.Fprintf(&out, "%s % x\n", c.name, c.spaces)
		}
		all = append(all, c.spaces...)
	}
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("two tables share a space: % x", all)
	}
	golden(t, "spaces.golden", []byte(out.String()))
}

// filled is a value with every field set, by reflection.
func filled(typ reflect.Type, n *int64) reflect.Value {
	*n++
	v := reflect.New(typ).Elem()
	switch {
	case typ == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(1_700_000_000+*n, 0).UTC()))
	case typ.Kind() == reflect.Struct:
		for i := range typ.NumField() {
			if typ.Field(i).Tag.Get("cbor") != "-" {
				v.Field(i).Set(filled(typ.Field(i).Type, n))
			}
		}
	case typ.Kind() == reflect.Slice:
		v.Set(reflect.Append(v, filled(typ.Elem(), n), filled(typ.Elem(), n)))
	case typ.Kind() == reflect.Array:
		for i := range typ.Len() {
			v.Index(i).Set(filled(typ.Elem(), n))
		}
	case typ.Kind() == reflect.Pointer:
		v.Set(filled(typ.Elem(), n).Addr())
	case typ.Kind() == reflect.String:
		v.SetString(fmt.Sprint("text ", *n))
	case typ.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(*n)
	case v.CanUint():
		v.SetUint(uint64(*n % 200))
	default:
		panic("a record holds a " + typ.String())
	}
	return v
}

// decodeAny decodes a record of a table by the table's own rules.
func decodeAny(typ reflect.Type, k key, raw []byte) (any, error) {
	for _, part := range parts() {
		if part.record == typ {
			return part.decode(k, raw)
		}
	}
	return nil, errors.New("no table has records of the type " + typ.Name())
}

func TestRecordsComeBackWholeAndWithTimesInUTC(t *testing.T) {
	was := time.Local
	time.Local = time.FixedZone("elsewhere", 7*3600)
	defer func() { time.Local = was }()
	for _, typ := range recordTypes() {
		if typ == reflect.TypeFor[meta]() {
			continue
		}
		var n int64
		want := filled(typ, &n).Addr().Interface()
		raw, err := encode(want)
		if err != nil {
			t.Fatal(err)
		}
		if state, ok := want.(*GrantState); ok {
			state.Grant = ID{7}
		}
		got, err := decodeAny(typ, key{}.id(ID{7}), raw)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v\ngot  %+v\nwant %+v", err, got, want)
		}
		again, err := encode(got)
		if err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%s is written otherwise the second time, %v", typ.Name(), err)
		}
	}
}

func TestRecordsOfBeforeAFieldWasAddedReadWithItsDefault(t *testing.T) {
	for _, typ := range recordTypes() {
		if typ == reflect.TypeFor[meta]() {
			continue
		}
		got, err := decodeAny(typ, make(key, 16), []byte{recordUnsummed, 0xa0}) // an empty map
		if err != nil {
			t.Errorf("%s: %v", typ.Name(), err)
			continue
		}
		want := reflect.New(typ).Interface()
		if s, ok := want.(*Settings); ok {
			*s = DefaultSettings()
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", typ.Name(), got, want)
		}
	}
}

func TestRecordsOfALaterVersionWithMoreFieldsAreRead(t *testing.T) {
	v := struct {
		Schema uint64   `cbor:"1,keyasint"`
		Later  []string `cbor:"99,keyasint"`
	}{schema, []string{"x"}}
	raw, err := encode(v)
	if err != nil {
		t.Fatal(err)
	}
	var m meta
	if err := decode(raw, &m); err != nil || m.Schema != schema {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestRecordsOfAnUnknownVersionAreRefused(t *testing.T) {
	var m meta
	for _, raw := range [][]byte{nil, {}, {recordVersion}, {recordVersion + 1, 0, 0, 0, 0, 0xa0}, {0, 0xa0}, {recordUnsummed}, {recordUnsummed, 0xa0, 0xa0}} {
		if err := decode(raw, &m); !errors.Is(err, errRecord) {
			t.Errorf("% x: %v", raw, err)
		}
	}
}

func TestARecordInWhichABitHasFlippedIsNotRead(t *testing.T) {
	for _, typ := range recordTypes() {
		var n int64
		raw, err := encode(filled(typ, &n).Interface())
		if err != nil {
			t.Fatal(err)
		}
		for bit := range len(raw) * 8 {
			raw[bit/8] ^= 1 << (bit % 8)
			if err := decode(raw, reflect.New(typ).Interface()); !errors.Is(err, errRecord) {
				t.Errorf("%s, bit %d: %v", typ.Name(), bit, err)
			}
			raw[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// An older version, which cannot read these records, must say so at its start.
func TestAFileOfBeforeIsNotedAsThisVersionsOnceItIsOpened(t *testing.T) {
	h := newHouse(t)
	ada := h.user("ada")
	old := func(v any) []byte {
		raw := need(recordEncoder.Marshal(v))(h)
		return append([]byte{recordUnsummed}, raw...)
	}
	stored := need(h.Users.Get(h.ctx, ada.ID))(h)
	h.ok(h.engine.Update(h.ctx, func(tx kv.Txn) error {
		return errors.Join(tx.Put([]byte{spaceMeta}, old(meta{Schema: 1})), tx.Put(h.base.users.full(key{}.id(ada.ID)), old(stored)))
	}))
	h = h.reopened(t)
	if u := need(h.Users.Get(h.ctx, ada.ID))(h); !reflect.DeepEqual(u, stored) {
		t.Errorf("%+v, want %+v", u, stored)
	}
	h.ok(h.engine.View(h.ctx, func(r kv.Reader) error {
		raw, _, err := r.Get([]byte{spaceMeta})
		var m meta
		if err := errors.Join(err, decode(raw, &m)); err != nil || m.Schema != schema {
			t.Errorf("%+v, %v", m, err)
		}
		return nil
	}))
	h.sound()
}

// Much text comes from requests: a byte that is no UTF-8 must not make a record
// that cannot be read any more, nor come back as another.
func TestWhateverTextARequestHoldsItsRecordIsReadBack(t *testing.T) {
	h := newHouse(t)
	f := h.redeemed()
	n := h.newGrant(f.user, f.client, f.session, ScopeOpenID)
	n.Grant.Nonce = "\xff\xfe\x00"
	n.RequestID = "\xc3"
	g := need(h.Grants.Create(h.ctx, n))(h)
	if out := h.redeem(g); out.Access == nil || out.Access.Grant.Nonce != n.Grant.Nonce {
		t.Errorf("%+v", out)
	}
	u := need(h.Users.Get(h.ctx, f.user.ID))(h)
	v := need(h.Sessions.Start(h.ctx, NewSession{User: u.ID, UserEpoch: u.Epoch, UserAgent: strings.Repeat("a", 255) + "é\xff"}))(h)
	live := need(h.Sessions.Live(h.ctx, []ID{v.ID}))(h)
	if len(live) != 1 || live[0].Session.UserAgent != strings.Repeat("a", 255) {
		t.Errorf("%+v", live)
	}
	h.sound()
}

func TestTimesAreKeptInWholeSeconds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "seconds"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanoseconds"))
		raw, err := encode(Event{Time: at})
		if err != nil {
			t.Fatal(err)
		}
		var e Event
		if err := decode(raw, &e); err != nil || !e.Time.Equal(at.Truncate(time.Second)) {
			t.Fatalf("%v comes back as %v, %v", at, e.Time, err)
		}
	})
}

func FuzzDecodeRecord(f *testing.F) {
	var n int64
	for _, typ := range recordTypes() {
		raw, err := encode(filled(typ, &n).Interface())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte{recordUnsummed, 0xa1, 0x01, 0xf6})
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, typ := range recordTypes() {
			if typ == reflect.TypeFor[meta]() {
				continue
			}
			v, err := decodeAny(typ, make(key, 16), raw)
			if err != nil {
				continue
			}
			again, err := encode(v)
			if err != nil {
				t.Fatalf("%s is read but cannot be written: %v", typ.Name(), err)
			}
			same, err := decodeAny(typ, make(key, 16), again)
			if err != nil {
				t.Fatalf("%s is written so that it cannot be read: %v", typ.Name(), err)
			}
			if third, err := encode(same); err != nil || !bytes.Equal(third, again) {
				t.Fatalf("%s: %v\nread  %+v\nagain %+v", typ.Name(), err, v, same)
			}
		}
	})
}
