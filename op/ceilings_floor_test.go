package op

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"

	"latchkey/keys"
	"latchkey/storage/kv"

	"github.com/gorilla/mux"
)

// benchFloor does what requests cannot do without.
type benchFloor struct {
	engine kv.Engine
	log    *slog.Logger
	rsa    *rsa.PrivateKey
	ecdsa  *ecdsa.PrivateKey
	keys   atomic.Uint64
}

func newBenchFloor(h *house) *benchFloor {
	f := &benchFloor{engine: h.engine, log: slog.New(slog.NewJSONHandler(h.log, nil)),
		rsa: must(rsa.GenerateKey(rand.Reader, 2048)), ecdsa: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
	for range 1000 {
		must(0, f.write(2))
	}
	return f
}

// owed is what a request owes.
type owed struct {
	reads  int // of records
	writes int // in one commit: a grant's state, and with 2 its facts too
	alg    string
	body   int // bytes of the answer
}

// benchFloors are by the path that BenchmarkCeilings asks. Reads: client, settings,
// grant, its state, user, consent, session, whichever a request rests on, once.
var benchFloors = map[string]owed{
	"plain":              {reads: 1, body: 1900}, // whether it is still what was prepared
	"userinfo":           {reads: 7, body: 200},
	"introspection":      {reads: 7, body: 300},
	"client-credentials": {reads: 2, body: 250},
	"refresh-RS256":      {reads: 7, writes: 1, alg: keys.RS256, body: 1200},
	"refresh-ES256":      {reads: 7, writes: 1, alg: keys.ES256, body: 1000},
	"authorize":          {reads: 5, writes: 2, body: 0},
	"code-RS256":         {reads: 7, writes: 1, alg: keys.RS256, body: 1100},
	"code-ES256":         {reads: 7, writes: 1, alg: keys.ES256, body: 900},
}

func (f *benchFloor) routes() http.Handler {
	router := mux.NewRouter()
	for name, o := range benchFloors {
		router.HandleFunc("/floor/"+name, f.around(o, f.plain(o)))
	}
	router.HandleFunc("/floor/used", func(w http.ResponseWriter, _ *http.Request) {
		var u syscall.Rusage
		must(0, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
		fmt.Fprint(w, u.Utime.Nano()+u.Stime.Nano())
	})
	return router
}

// benchHeader is the header that the answers of the provider have, all but the type.
var benchHeader = map[string]string{"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store",
	"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Pragma": "no-cache",
	"Referrer-Policy":        "same-origin",
	"X-Content-Type-Options": "nosniff", "X-Request-Id": "abcdefghijklmnop"}

// around does what every request owes: a header and a log record.
func (f *benchFloor) around(o owed, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for key, value := range benchHeader {
			w.Header().Set(key, value)
		}
		next(w, r)
		f.log.Info("request", "method", r.Method, "route", r.URL.Path, "path", r.URL.Path, "status", 200, "bytes",
			o.body,
			"ms", 0.123, "remote", "192.0.2.7", "request_id", "abcdefghijklmnop", "client_id", webID, "sub",
			"0190a4c8-0000-7000-8000-000000000000")
	}
}

// plain reads the form, pays and answers.
func (f *benchFloor) plain(o owed) http.HandlerFunc {
	body := []byte(strings.Repeat("x", o.body))
	return func(w http.ResponseWriter, r *http.Request) {
		must(0, r.ParseForm())
		must(0, f.pay(o))
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}
}

func (f *benchFloor) pay(o owed) error {
	if o.reads > 0 {
		if err := f.read(o.reads); err != nil {
			return err
		}
	}
	if o.writes > 0 {
		if err := f.write(o.writes); err != nil {
			return err
		}
	}
	sum := sha256.Sum256([]byte("header.payload"))
	var err error
	switch o.alg {
	case keys.RS256:
		_, err = rsa.SignPKCS1v15(nil, f.rsa, crypto.SHA256, sum[:])
	case keys.ES256:
		_, err = ecdsa.SignASN1(rand.Reader, f.ecdsa, sum[:])
	}
	return err
}

func (f *benchFloor) read(n int) error {
	newest := f.keys.Load()
	return f.engine.View(context.Background(), func(r kv.Reader) error {
		for i := range n {
			if _, _, err := r.Get(benchKey(newest - uint64(i*100))); err != nil {
				return err
			}
		}
		return nil
	})
}

// write writes as grants are written: facts under time-ordered keys, and beside them the
// state, which is written again.
func (f *benchFloor) write(n int) error {
	newest := f.keys.Load()
	if n == 2 {
		newest = f.keys.Add(1)
	}
	facts, state := make([]byte, 300), make([]byte, 30)
	return f.engine.Update(context.Background(), func(tx kv.Txn) error {
		if n == 2 {
			if err := tx.Put(benchKey(newest), facts); err != nil {
				return err
			}
		}
		return tx.Put(binary.BigEndian.AppendUint64([]byte{0xff}, newest), state)
	})
}

func benchKey(i uint64) []byte { return binary.BigEndian.AppendUint64([]byte{0xfe}, i) }
