package data

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/keys"
	"latchkey/storage/backup"
	"latchkey/storage/store"
)

// tries returns the function that tries a master key on stored data.
func tries(master keys.Master) backup.Keys {
	return func(ctx context.Context, s *store.Store) error { return keys.Check(ctx, s.Keys, master) }
}

// PresentKeys is tries for verbs that make no master key: it must be there already.
func PresentKeys(c *config.Config) (backup.Keys, error) {
	master, err := readMaster(c)
	if errors.Is(err, fs.ErrNotExist) && c.MasterKeyFile == "" {
		return nil, fmt.Errorf("%s is missing, and without the master key nothing can be read: put it there, or set master_key or master_key_file", filepath.Join(c.DataDir, KeyFile))
	}
	if err != nil {
		return nil, err
	}
	return tries(master), nil
}
