package server

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// job is what runs on a timer: a room's Tick.
type job struct {
	Name  string
	every time.Duration
	tick  func(ctx context.Context, now time.Time) error
}

// Jobs lists them all.
func (h *Server) Jobs() []job {
	sweeper := h.Store.NewSweeper(uptimes())
	all := []job{
		{"sweep", time.Minute, func(ctx context.Context, _ time.Time) error {
			deleted, err := sweeper.Tick(ctx)
			if h.metrics != nil {
				h.metrics.Swept.Add(float64(deleted))
			}
			return err
		}},
		{"alive", time.Minute, func(ctx context.Context, _ time.Time) error { return h.Store.Alive(ctx) }},
		{"keys", time.Minute, func(ctx context.Context, now time.Time) error {
			if sweeper.Paused() { // a clock that jumped must not remove a key
				return h.Ring.Reload(ctx)
			}
			return h.Ring.Tick(ctx, now)
		}},
		{"samples", time.Minute, func(ctx context.Context, now time.Time) error {
			return deleteSamples(ctx, h.Store.Clients, now)
		}},
		{"memory", time.Minute, new(memory).tick},
	}
	if h.schedule != nil {
		all = append(all, job{"backup", time.Minute, h.schedule.Tick})
	}
	if h.metrics != nil {
		for i := range all {
			all[i] = h.counted(all[i])
		}
	}
	return all
}

// startJobs runs each job by itself, so that a slow one holds up no other, and
// returns the function that ends them and waits until none is running.
func startJobs(ctx context.Context, log *slog.Logger, jobs []job) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, j := range jobs {
		running.Go(func() {
			timer := time.NewTicker(j.every)
			defer timer.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case now := <-timer.C:
					if err := j.Run(ctx, now); err != nil && ctx.Err() == nil {
						log.Error("job", "name", j.Name, "cause", err.Error())
					}
				}
			}
		})
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// Run is one tick. A panic is an error of this tick, not the server's end.
func (j job) Run(ctx context.Context, now time.Time) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return j.tick(ctx, now)
}

// counted is a job whose failures are counted.
func (h *Server) counted(j job) job {
	failures := h.metrics.JobFailures(j.Name)
	return job{j.Name, j.every, func(ctx context.Context, now time.Time) error {
		err := j.Run(ctx, now)
		if err != nil && ctx.Err() == nil {
			failures.Inc()
		}
		return err
	}}
}
