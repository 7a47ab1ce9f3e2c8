package wire

import (
	"time"
)

// Group is a group of users.
type Group struct {
	ID          string    `json:"id" doc:"Never changes"`
	Name        string    `json:"name" doc:"What apps see in the groups claim"`
	Description string    `json:"description,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// Groups is a page of groups, oldest first. Next goes on from here; empty at the end.
type Groups struct {
	Groups []Group `json:"groups"`
	Next   string  `json:"next,omitempty"`
}
