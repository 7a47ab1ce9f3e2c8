// Package deploy owns the samples that operators start from: a systemd unit, a
// Containerfile, and configurations of nginx and Caddy, with the tests that run
// them.
//
// It holds files and tests alone, and knows of the product only what an operator
// knows: its binary, its settings and its addresses.
package deploy
