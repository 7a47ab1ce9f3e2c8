package server

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
		stop := startJobs(t.Context(), slog.Default(),
			[]job{{"slow", time.Second, func(ctx context.Context, _ time.Time) error {
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
	h := testServer(t)
	h.Config.BackupDirectory = filepath.Join(t.TempDir(), "kept")
	h.Config.BackupEvery, h.Config.BackupKeep = "1h", "2"
	h.schedule = h.newSchedule()
	for hour := range 5 {
		for _, j := range h.Jobs() {
			if j.Name != "backup" {
				continue
			}
			if err := j.Run(t.Context(), time.Date(2026, 1, 2, hour, 0, 0, 0, time.UTC)); err != nil {
				t.Error(err)
			}
		}
	}
	kept, _ := filepath.Glob(filepath.Join(h.Config.BackupDirectory, "*"))
	name := filepath.Join(h.Config.BackupDirectory, fileName(h.Config.Issuer))
	if want := []string{name + "-20260102T030000Z.db", name + "-20260102T040000Z.db"}; !slices.Equal(kept, want) {
		t.Errorf("kept %v, want %v", kept, want)
	}
}

func TestSweepingIsAJob(t *testing.T) {
	h := testServer(t)
	for _, j := range h.Jobs() {
		if err := j.Run(t.Context(), time.Now()); err != nil {
			t.Errorf("%s: %v", j.Name, err)
		}
	}
}

// A full disk stops the engine, and the log then shall say that and nothing else.
func TestOnceStorageHasStoppedEachJobFailsForThatReason(t *testing.T) {
	h := testServer(t)
	jobs := h.Jobs()
	if err := h.Engine.Close(); err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		if err := j.Run(t.Context(), time.Now()); err != nil && !errors.Is(err, kv.ErrClosed) {
			t.Errorf("%s: %v", j.Name, err)
		}
	}
}

func TestAStartLongAfterTheLastOneReplacesNoKeyAndIsTold(t *testing.T) {
	const week = 7 * 24 * time.Hour
	h := testServer(t)
	now := time.Now()
	before, err := store.Open(t.Context(), h.Engine, store.Options{Now: func() time.Time { return now.Add(-week) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.NewSweeper(uptimes()).Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), h.Config, ServeWait)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if s := again.status(t.Context()); s.LastServed == nil || now.Sub(*s.LastServed) < week {
		t.Errorf("the status says %v", s.LastServed)
	}
	keys := again.Ring.Epoch()
	for _, j := range again.Jobs() {
		if err := j.Run(t.Context(), now.Add(400*24*time.Hour)); err != nil {
			t.Errorf("%s: %v", j.Name, err)
		}
	}
	if again.Ring.Epoch() != keys {
		t.Error("keys were replaced")
	}
}
