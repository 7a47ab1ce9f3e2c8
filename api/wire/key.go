package wire

import (
	"time"

	"latchkey/storage/policy"
)

// KeyList is every key, without anything secret.
type KeyList struct {
	SigningKeys []Key `json:"signing_keys"`
	DataKeys    []Key `json:"data_keys"`
}

// Key is what can be told of a key.
type Key struct {
	ID          string          `json:"id" doc:"Of a signing key: the kid"`
	Algorithm   string          `json:"alg,omitempty" minLength:"1" doc:"Of a signing key"`
	Purpose     string          `json:"purpose,omitempty" doc:"Of a data key"`
	State       policy.KeyState `json:"state"`
	Enabled     bool            `json:"enabled" doc:"Of a signing key: whether signing_algorithms lets it be published and used"`
	CreatedAt   time.Time       `json:"created_at"`
	ActivatedAt *time.Time      `json:"activated_at,omitempty"`
	RetiredAt   *time.Time      `json:"retired_at,omitempty"`
	Then        string          `json:"then,omitempty" doc:"What happens next: signs, replaced, removed; empty: nothing by itself"`
	ThenAt      *time.Time      `json:"then_at,omitempty"`
}

// Rotation is what a rotation does for one algorithm.
type Rotation struct {
	Algorithm string    `json:"alg"`
	From      string    `json:"from" doc:"The kid that is replaced"`
	To        string    `json:"to" doc:"The kid that replaces it, published by now"`
	At        time.Time `json:"at" doc:"When it signs: past, or still to come"`
	Until     time.Time `json:"until" doc:"When the one replaced is removed"`
	Done      bool      `json:"done" doc:"Whether it signs already"`
}

// Rotations is what a rotation does.
type Rotations struct {
	Rotations []Rotation `json:"rotations"`
}
