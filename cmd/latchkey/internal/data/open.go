package data

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/cmd/latchkey/internal/telemetry"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/storage/backup"
	"latchkey/storage/bolt"
	"latchkey/storage/kv"
	"latchkey/storage/store"
)

// The files in the data directory.
const (
	File    = "latchkey.db"
	KeyFile = "master.key"
)

var ErrNoMaster = errors.New("without it this data cannot be read: restore it from a backup, or set master_key or master_key_file")

// Engine is what is used of the engine that keeps the data.
type Engine interface {
	kv.Engine
	Commits() uint64 // that reached the disk
	Unclean() bool   // whether the last stop was not a clean one
	backup.Engine
}

// Opened is the data of one installation: its engine, its store and its keys.
type Opened struct {
	Config    *config.Config
	Engine    Engine
	Store     *store.Store
	masterKey keys.Master
	Ring      *keys.Ring
	Hasher    *keys.Hasher
	TryKeys   backup.Keys
	Traces    *telemetry.Traces // nil: no collector is configured, or nothing is served
	Behind    time.Time         // see WroteLater; zero: the clock may be right
}

// Open opens the data, making it if there is none. It waits that long for
// another process to let go of it; the error is then a *kv.LockedError. With traces
// nil, requests are not traced.
func Open(ctx context.Context, c *config.Config, wait time.Duration, tr *telemetry.Traces) (_ *Opened, err error) {
	if err := socket.CheckOwner(c.DataDir); err != nil {
		return nil, err
	}
	pinned, err := pins(c)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data_dir (%s): the directory cannot be made: %w", c.Source("data_dir"),
			textutil.FileReason(err))
	}
	if err := CheckLost(c); err != nil {
		return nil, err
	}
	h := &Opened{Config: c, Traces: tr, Behind: WroteLater(c, time.Now())}
	if h.Engine, err = openEngine(c, wait); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	options := store.Options{Pin: pinned, Issuer: c.Issuer}
	if h.Store, err = store.Open(ctx, h.Traces.Engine(h.Engine), options); err != nil {
		return nil, err
	}
	if h.masterKey, err = h.master(ctx); err != nil {
		return nil, err
	}
	h.TryKeys = tries(h.masterKey)
	h.Ring, err = keys.Open(ctx, keys.Options{
		Store: h.Store.Keys, Master: h.masterKey, Policy: h.keyPolicy, Span: h.Traces.Spans(),
	})
	if err != nil {
		return nil, err
	}
	h.Hasher = keys.NewHasher(keys.HasherOptions{Ring: h.Ring, Span: h.Traces.Spans(), Address: edge.ClientAddr})
	return h, nil
}

// openEngine opens the data file.
func openEngine(c *config.Config, wait time.Duration) (Engine, error) {
	engine, err := bolt.Open(Path(c), bolt.Options{Timeout: wait})
	if errors.Is(err, kv.ErrDamaged) {
		err = tellDamage(Path(c), err)
	}
	if err != nil {
		return nil, err // and no Engine that holds a nil
	}
	return engine, nil
}

// Path is the data file.
func Path(c *config.Config) string { return filepath.Join(c.DataDir, File) }

// tellDamage says of data that cannot be opened what check says of them.
func tellDamage(path string, err error) error {
	if told := (*backup.Damaged)(nil); errors.As(backup.ExaminePages(path), &told) {
		err = told
	}
	return fmt.Errorf("%w\nwhat to do is in docs/backup.md", err)
}

// CheckLost returns an error if there was a data file that is gone. To begin anew then
// would make other keys, and a link for whoever becomes the first administrator.
func CheckLost(c *config.Config) error {
	const anew = "to begin a new provider, without these accounts and apps,"
	data, key := Path(c), filepath.Join(c.DataDir, KeyFile)
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

func (h *Opened) Close() error { return h.Engine.Close() }

// master finds the master key: as configured, or in the file beside the data,
// which is made together with the data and never again.
func (h *Opened) master(ctx context.Context) (keys.Master, error) {
	if h.Config.MasterKey != "" || h.Config.MasterKeyFile != "" {
		return readMaster(h.Config)
	}
	path := filepath.Join(h.Config.DataDir, KeyFile)
	set, err := h.Store.Keys.Load(ctx)
	if err != nil {
		return keys.Master{}, err
	}
	if err := finishReseal(path, set); err != nil {
		return keys.Master{}, err
	}
	master, err := readMaster(h.Config)
	if !errors.Is(err, fs.ErrNotExist) {
		return master, err
	}
	if set.Epoch > 0 {
		return keys.Master{}, fmt.Errorf("%s is missing, and %w", path, ErrNoMaster)
	}
	return keys.CreateMaster(path)
}

// readMaster reads the master key, and makes none. The error is fs.ErrNotExist if its
// file is not there.
func readMaster(c *config.Config) (keys.Master, error) {
	switch {
	case c.MasterKey != "":
		return keys.ParseMaster(c.MasterKey)
	case c.MasterKeyFile != "":
		return keys.LoadNamedMaster(c.MasterKeyFile)
	}
	return keys.LoadMaster(filepath.Join(c.DataDir, KeyFile))
}

// keyPolicy is the settings as keys take them.
func (h *Opened) keyPolicy(ctx context.Context) (keys.Policy, error) {
	set, err := h.Store.Settings.Get(ctx)
	if err != nil {
		return keys.Policy{}, err
	}
	return keys.PolicyOf(set), nil
}
