// Package config owns what the file and the environment say: where Latchkey listens
// and keeps its data, and any policy that they pin. It reads, checks and explains
// settings. What is built of them is built by who uses it.
package config
