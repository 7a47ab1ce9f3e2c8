// Package telemetry owns what is told of a running server: its log, its metrics for
// Prometheus and its traces for OpenTelemetry. It is handed what it reads.
package telemetry
