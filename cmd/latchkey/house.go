package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/login/page"
	"latchkey/storage/backup"
	"latchkey/storage/bolt"
	"latchkey/storage/kv"
	"latchkey/storage/store"
	"latchkey/usecase"
)

// The files in the data directory.
const (
	dataFile   = "latchkey.db"
	masterFile = "master.key"
)

var errNoMaster = errors.New("without it this data cannot be read: restore it from a backup, or set master_key or master_key_file")

// house is the data, opened: what every room is built on.
type house struct {
	config     *Config
	engine     *bolt.Engine
	store      *store.Store
	masterKey  keys.Master
	ring       *keys.Ring
	hasher     *keys.Hasher
	branding   *branding
	tryKeys    backup.Keys
	schedule   *backup.Schedule // nil: none is configured
	metrics    *metrics         // nil: nobody asks for them
	traces     *traces          // nil: no collector is configured, or nothing is served
	program    string           // how the operator runs this program, for pages; "": latchkey
	probe      string           // what doctor proves itself with: see arrival.go
	behind     time.Time        // see wroteLater; zero: the clock may be right
	former     string           // the issuer until lately, once this is served; "": the same
	operations *usecase.Operations
	files      *usecase.Files
}

// openHouse opens the data, making it if there is none. It waits that long for
// another process to let go of it; the error is then a *kv.LockedError.
func openHouse(ctx context.Context, c *Config, wait time.Duration) (*house, error) {
	return openTraced(ctx, c, wait, nil)
}

// openTraced is openHouse for a house whose requests are traced; nil: they are not.
func openTraced(ctx context.Context, c *Config, wait time.Duration, tr *traces) (_ *house, err error) {
	if err := socket.CheckOwner(c.DataDir); err != nil {
		return nil, err
	}
	pins, err := c.pins()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data_dir (%s): the directory cannot be made: %w", c.source("data_dir"), reason(err))
	}
	if err := lostData(c); err != nil {
		return nil, err
	}
	h := &house{config: c, traces: tr, probe: rand.Text(), behind: wroteLater(c, time.Now())}
	h.engine, err = bolt.Open(c.dataPath(), bolt.Options{Timeout: wait})
	if errors.Is(err, kv.ErrDamaged) {
		err = tellDamage(c.dataPath(), err)
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	if h.store, err = store.Open(ctx, h.traces.engine(h.engine), store.Options{Pin: pins, Issuer: c.Issuer}); err != nil {
		return nil, err
	}
	master, err := h.master(ctx)
	if err != nil {
		return nil, err
	}
	h.masterKey, h.tryKeys = master, tries(master)
	if h.ring, err = keys.Open(ctx, keys.Options{Store: h.store.Keys, Master: master, Policy: h.keyPolicy, Span: h.traces.spans()}); err != nil {
		return nil, err
	}
	h.schedule = h.newSchedule()
	if c.MetricsListen != "" {
		h.metrics = newMetrics(h)
	}
	h.hasher = keys.NewHasher(keys.HasherOptions{Ring: h.ring, Span: h.traces.spans(), Address: edge.ClientAddr})
	h.branding = &branding{settings: h.store.Settings}
	h.operations = &usecase.Operations{Store: h.store, Keys: h.ring, Hasher: h.hasher, Issuer: c.Issuer, CheckAccent: page.CheckAccent}
	h.files = &usecase.Files{Engine: h.engine, Store: h.store, Keys: h.tryKeys}
	return h, nil
}

// dataPath is the data file.
func (c *Config) dataPath() string { return filepath.Join(c.DataDir, dataFile) }

// tellDamage says of data that cannot be opened what check says of them.
func tellDamage(path string, err error) error {
	if told := (*backup.Damaged)(nil); errors.As(backup.ExaminePages(path), &told) {
		err = told
	}
	return fmt.Errorf("%w\nwhat to do is in docs/backup.md", err)
}

// lostData returns an error if there was a data file that is gone. To begin anew then
// would make other keys, and a link for whoever becomes the first administrator.
func lostData(c *Config) error {
	const anew = "to begin a new provider, without these accounts and apps,"
	data, key := c.dataPath(), filepath.Join(c.DataDir, masterFile)
	_, err := os.Stat(key) // before the data: a first start makes these first
	keyed := err == nil && c.MasterKey == "" && c.MasterKeyFile == ""
	aside := fmt.Sprintf("mv %s %s.old", key, key)
	info, err := os.Stat(data)
	switch {
	case errors.Is(err, fs.ErrNotExist) && keyed:
		return fmt.Errorf("%s is missing, but its master key %s is there: restore a backup by “latchkey restore FILE”; "+
			"or, %s put the key away: %s", data, key, anew, aside)
	case err == nil && info.Size() == 0:
		if put := fmt.Sprintf("mv %s %s.old", data, data); keyed {
			aside = put + " && " + aside
		} else {
			aside = put
		}
		return fmt.Errorf("%s is empty: restore a backup by “latchkey restore --force FILE”; or, %s put it away: %s", data, anew, aside)
	}
	return nil
}

func (h *house) close() error { return h.engine.Close() }

// master finds the master key: as configured, or in the file beside the data,
// which is made together with the data and never again.
func (h *house) master(ctx context.Context) (keys.Master, error) {
	if h.config.MasterKey != "" || h.config.MasterKeyFile != "" {
		return h.config.master()
	}
	path := filepath.Join(h.config.DataDir, masterFile)
	set, err := h.store.Keys.Load(ctx)
	if err != nil {
		return keys.Master{}, err
	}
	if err := finishReseal(path, set); err != nil {
		return keys.Master{}, err
	}
	master, err := h.config.master()
	if !errors.Is(err, fs.ErrNotExist) {
		return master, err
	}
	if set.Epoch > 0 {
		return keys.Master{}, fmt.Errorf("%s is missing, and %w", path, errNoMaster)
	}
	return keys.CreateMaster(path)
}

// master reads the master key, and makes none. The error is fs.ErrNotExist if its
// file is not there.
func (c *Config) master() (keys.Master, error) {
	switch {
	case c.MasterKey != "":
		return keys.ParseMaster(c.MasterKey)
	case c.MasterKeyFile != "":
		return keys.LoadNamedMaster(c.MasterKeyFile)
	}
	return keys.LoadMaster(filepath.Join(c.DataDir, masterFile))
}
