package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/grants"
	"latchkey/storage/kv"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
	"pgregory.net/rapid"
)

// recordTypes are the types of the records of all tables.
func recordTypes() (all []reflect.Type) {
	for _, part := range store.Parts() {
		if part.Record != nil {
			all = append(all, part.Record)
		}
	}
	return append(all, reflect.TypeFor[store.Meta]())
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
	storetest.Golden(t, "records.golden", []byte(out.String()))
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
	for _, c := range store.Parts() {
		if len(c.Spaces) > 0 {
			fmt.Fprintf(&out, "%s % x\n", c.Name, c.Spaces)
		}
		all = append(all, c.Spaces...)
	}
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("two tables share a space: % x", all)
	}
	storetest.Golden(t, "spaces.golden", []byte(out.String()))
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
func decodeAny(typ reflect.Type, k table.Key, raw []byte) (any, error) {
	for _, part := range store.Parts() {
		if part.Record == typ {
			return part.Decode(k, raw)
		}
	}
	return nil, errors.New("no table has records of the type " + typ.Name())
}

func TestRecordsComeBackWholeAndWithTimesInUTC(t *testing.T) {
	was := time.Local
	time.Local = time.FixedZone("elsewhere", 7*3600)
	defer func() { time.Local = was }()
	for _, typ := range recordTypes() {
		if typ == reflect.TypeFor[store.Meta]() {
			continue
		}
		var n int64
		want := filled(typ, &n).Addr().Interface()
		raw, err := table.Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		if state, ok := want.(*grants.GrantState); ok {
			state.Grant = storage.ID{7}
		}
		got, err := decodeAny(typ, table.Key{}.ID(storage.ID{7}), raw)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v\ngot  %+v\nwant %+v", err, got, want)
		}
		again, err := table.Encode(got)
		if err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%s is written otherwise the second time, %v", typ.Name(), err)
		}
	}
}

func TestRecordsOfBeforeAFieldWasAddedReadWithItsDefault(t *testing.T) {
	for _, typ := range recordTypes() {
		if typ == reflect.TypeFor[store.Meta]() {
			continue
		}
		got, err := decodeAny(typ, make(table.Key, 16), []byte{table.RecordUnsummed, 0xa0}) // an empty map
		if err != nil {
			t.Errorf("%s: %v", typ.Name(), err)
			continue
		}
		want := reflect.New(typ).Interface()
		if s, ok := want.(*policy.Settings); ok {
			*s = policy.DefaultSettings()
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
	}{store.Schema, []string{"x"}}
	raw, err := table.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	var m store.Meta
	if err := table.Decode(raw, &m); err != nil || m.Schema != store.Schema {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestRecordsOfAnUnknownVersionAreRefused(t *testing.T) {
	var m store.Meta
	for _, raw := range [][]byte{nil, {}, {table.RecordVersion}, {table.RecordVersion + 1, 0, 0, 0, 0, 0xa0},
		{0, 0xa0}, {table.RecordUnsummed}, {table.RecordUnsummed, 0xa0, 0xa0}} {
		if err := table.Decode(raw, &m); !errors.Is(err, table.ErrRecord) {
			t.Errorf("% x: %v", raw, err)
		}
	}
}

func TestARecordInWhichABitHasFlippedIsNotRead(t *testing.T) {
	for _, typ := range recordTypes() {
		var n int64
		raw, err := table.Encode(filled(typ, &n).Interface())
		if err != nil {
			t.Fatal(err)
		}
		for bit := range len(raw) * 8 {
			raw[bit/8] ^= 1 << (bit % 8)
			if err := table.Decode(raw, reflect.New(typ).Interface()); !errors.Is(err, table.ErrRecord) {
				t.Errorf("%s, bit %d: %v", typ.Name(), bit, err)
			}
			raw[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// An older version, which cannot read these records, must say so at its start.
func TestAFileOfBeforeIsNotedAsThisVersionsOnceItIsOpened(t *testing.T) {
	h := storetest.NewHouse(t)
	ada := h.User("ada")
	old := func(v any) []byte {
		raw := storetest.Need(table.RecordEncoder.Marshal(v))(h)
		return append([]byte{table.RecordUnsummed}, raw...)
	}
	stored := storetest.Need(h.Users.Get(h.Ctx, ada.ID))(h)
	h.Ok(h.Engine.Update(h.Ctx, func(tx kv.Txn) error {
		return errors.Join(tx.Put([]byte{table.SpaceMeta}, old(store.Meta{Schema: 1})),
			tx.Put(h.Floors.People.Users.FullKey(table.Key{}.ID(ada.ID)), old(stored)))
	}))
	h = h.Reopened(t)
	if u := storetest.Need(h.Users.Get(h.Ctx, ada.ID))(h); !reflect.DeepEqual(u, stored) {
		t.Errorf("%+v, want %+v", u, stored)
	}
	h.Ok(h.Engine.View(h.Ctx, func(r kv.Reader) error {
		raw, _, err := r.Get([]byte{table.SpaceMeta})
		var m store.Meta
		if err := errors.Join(err, table.Decode(raw, &m)); err != nil || m.Schema != store.Schema {
			t.Errorf("%+v, %v", m, err)
		}
		return nil
	}))
	h.Sound()
}

// Much text comes from requests: a byte that is no UTF-8 must not make a record
// that cannot be read any more, nor come back as another.
func TestWhateverTextARequestHoldsItsRecordIsReadBack(t *testing.T) {
	h := storetest.NewHouse(t)
	f := h.Redeemed()
	n := h.NewGrant(f.User, f.Client, f.Session, apps.ScopeOpenID)
	n.Grant.Nonce = "\xff\xfe\x00"
	n.RequestID = "\xc3"
	g := storetest.Need(h.Grants.Create(h.Ctx, n))(h)
	if out := h.Redeem(g); out.Access == nil || out.Access.Grant.Nonce != n.Grant.Nonce {
		t.Errorf("%+v", out)
	}
	u := storetest.Need(h.Users.Get(h.Ctx, f.User.ID))(h)
	v := storetest.Need(h.Sessions.Start(h.Ctx,
		people.NewSession{User: u.ID, UserEpoch: u.Epoch, UserAgent: strings.Repeat("a", 255) + "é\xff"}))(h)
	live := storetest.Need(h.Sessions.Live(h.Ctx, []storage.ID{v.ID}))(h)
	if len(live) != 1 || live[0].Session.UserAgent != strings.Repeat("a", 255) {
		t.Errorf("%+v", live)
	}
	h.Sound()
}

func TestTimesAreKeptInWholeSeconds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "seconds"),
			rapid.Int64Range(0, 1e9-1).Draw(t, "nanoseconds"))
		raw, err := table.Encode(audit.Event{Time: at})
		if err != nil {
			t.Fatal(err)
		}
		var e audit.Event
		if err := table.Decode(raw, &e); err != nil || !e.Time.Equal(at.Truncate(time.Second)) {
			t.Fatalf("%v comes back as %v, %v", at, e.Time, err)
		}
	})
}

func FuzzDecodeRecord(f *testing.F) {
	var n int64
	for _, typ := range recordTypes() {
		raw, err := table.Encode(filled(typ, &n).Interface())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte{table.RecordUnsummed, 0xa1, 0x01, 0xf6})
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, typ := range recordTypes() {
			if typ == reflect.TypeFor[store.Meta]() {
				continue
			}
			v, err := decodeAny(typ, make(table.Key, 16), raw)
			if err != nil {
				continue
			}
			again, err := table.Encode(v)
			if err != nil {
				t.Fatalf("%s is read but cannot be written: %v", typ.Name(), err)
			}
			same, err := decodeAny(typ, make(table.Key, 16), again)
			if err != nil {
				t.Fatalf("%s is written so that it cannot be read: %v", typ.Name(), err)
			}
			if third, err := table.Encode(same); err != nil || !bytes.Equal(third, again) {
				t.Fatalf("%s: %v\nread  %+v\nagain %+v", typ.Name(), err, v, same)
			}
		}
	})
}
