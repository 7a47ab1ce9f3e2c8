package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/storage/kv"
	"latchkey/storage/store"
)

func TestJobsRunOnTheirTimerWhateverBefallsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var good, bad, worse atomic.Int32
		stop := startJobs(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), []job{
			{"good", time.Minute, func(context.Context, time.Time) error { good.Add(1); return nil }},
			{"bad", time.Hour, func(context.Context, time.Time) error { bad.Add(1); return errors.New("bad luck") }},
			{"worse", time.Hour, func(context.Context, time.Time) error { worse.Add(1); panic("worse luck") }},
		})
		time.Sleep(3*time.Hour + time.Second)
		synctest.Wait()
		stop()
		if good.Load() != 180 || bad.Load() != 3 || worse.Load() != 3 {
			t.Errorf("ran %d, %d and %d times", good.Load(), bad.Load(), worse.Load())
		}
		if text := log.String(); strings.Count(text, "bad luck") != 3 || strings.Count(text, "worse luck") != 3 {
			t.Errorf("%s", text)
		}
	})
}

func TestStoppingJobsWaitsForTheOneThatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var finished atomic.Bool
		stop := startJobs(t.Context(), slog.Default(), []job{{"slow", time.Second, func(ctx context.Context, _ time.Time) error {
			<-ctx.Done()
			time.Sleep(time.Minute) // the clean-up
			finished.Store(true)
			return nil
		}}})
		time.Sleep(2 * time.Second)
		stop()
		if !finished.Load() {
			t.Error("stopped while a job was running")
		}
	})
}

func TestBackupsByScheduleAreAJob(t *testing.T) {
	h := testHouse(t)
	h.config.BackupDirectory = filepath.Join(t.TempDir(), "kept")
	h.config.BackupEvery, h.config.BackupKeep = "1h", "2"
	h.schedule = h.newSchedule()
	for hour := range 5 {
		for _, j := range h.jobs() {
			if j.name != "backup" {
				continue
			}
			if err := j.run(t.Context(), time.Date(2026, 1, 2, hour, 0, 0, 0, time.UTC)); err != nil {
				t.Error(err)
			}
		}
	}
	kept, _ := filepath.Glob(filepath.Join(h.config.BackupDirectory, "*"))
	name := filepath.Join(h.config.BackupDirectory, fileName(h.config.Issuer))
	if want := []string{name + "-20260102T030000Z.db", name + "-20260102T040000Z.db"}; !slices.Equal(kept, want) {
		t.Errorf("kept %v, want %v", kept, want)
	}
}

func TestSweepingIsAJob(t *testing.T) {
	h := testHouse(t)
	for _, j := range h.jobs() {
		if err := j.run(t.Context(), time.Now()); err != nil {
			t.Errorf("%s: %v", j.name, err)
		}
	}
}

// A full disk stops the engine, and the log then shall say that and nothing else.
func TestOnceStorageHasStoppedEachJobFailsForThatReason(t *testing.T) {
	h := testHouse(t)
	jobs := h.jobs()
	if err := h.engine.Close(); err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		if err := j.run(t.Context(), time.Now()); err != nil && !errors.Is(err, kv.ErrClosed) {
			t.Errorf("%s: %v", j.name, err)
		}
	}
}

func TestAStartLongAfterTheLastOneReplacesNoKeyAndIsTold(t *testing.T) {
	const week = 7 * 24 * time.Hour
	h := testHouse(t)
	now := time.Now()
	before, err := store.Open(t.Context(), h.engine, store.Options{Now: func() time.Time { return now.Add(-week) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.NewSweeper(uptimes()).Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	again, err := openHouse(t.Context(), h.config, serveWait)
	if err != nil {
		t.Fatal(err)
	}
	defer again.close()
	if s := again.status(t.Context()); s.LastServed == nil || now.Sub(*s.LastServed) < week {
		t.Errorf("the status says %v", s.LastServed)
	}
	keys := again.ring.Epoch()
	for _, j := range again.jobs() {
		if err := j.run(t.Context(), now.Add(400*24*time.Hour)); err != nil {
			t.Errorf("%s: %v", j.name, err)
		}
	}
	if again.ring.Epoch() != keys {
		t.Error("keys were replaced")
	}
}
