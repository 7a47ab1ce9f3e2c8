package telemetry

import (
	"net/http"
	"os"
	"strconv"
	"time"

	"latchkey/cmd/latchkey/internal/version"
	"latchkey/internal/edge"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const PathMetrics = "/metrics"

// Metrics is what is measured, for Prometheus. It is an edge.Observer. Each label
// has as many values as the program has words for: nothing that was sent becomes
// one.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	events   map[string]*prometheus.CounterVec // by what happened
	Swept    prometheus.Counter
	failures *prometheus.CounterVec
}

var _ edge.Observer = (*Metrics)(nil)

// durations are the upper bounds of request times in seconds: from an answer out of
// memory to a sign-in that waits for its turn to hash.
var durations = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Sources are what is read when metrics are asked for.
type Sources struct {
	Commits    func() uint64
	Fault      func() error // not nil once storage has stopped
	File       string
	LastBackup func() time.Time // nil: no backups are scheduled
}

// NewMetrics measures what is told to it, and reads from its sources.
func NewMetrics(from Sources) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counters("latchkey_http_requests_total", "Requests on the public address.", "route", "method",
			"status"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "latchkey_http_request_duration_seconds",
			Help: "How long requests on the public address took.", Buckets: durations}, []string{"route", "method"}),
		events: map[string]*prometheus.CounterVec{
			"sign_in": counters("latchkey_sign_ins_total", "Attempts to sign in by password.", "result"),
			"token": counters("latchkey_tokens_issued_total", "Answers of the token endpoint with tokens.",
				"grant_type"),
		},
		Swept: prometheus.NewCounter(prometheus.CounterOpts{Name: "latchkey_swept_records_total",
			Help: "Records deleted because they were over."}),
		failures: counters("latchkey_job_failures_total", "Failures of what runs on a timer.", "job"),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.Swept, m.failures,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, vec := range m.events {
		m.registry.MustRegister(vec)
	}
	m.read(from)
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// read adds what is read when it is asked for.
func (m *Metrics) read(from Sources) {
	gauge := func(name, help string, read func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
	}
	v := version.Current()
	built := prometheus.Labels{"version": v.Version, "go_version": v.Go}
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "latchkey_build_info",
			Help: "1, with the version as labels.", ConstLabels: built},
			func() float64 { return 1 }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "latchkey_storage_commits_total",
			Help: "Commits that reached the disk."},
			func() float64 { return float64(from.Commits()) }),
	)
	gauge("latchkey_storage_up", "1 while the storage works, 0 once it has stopped.", func() float64 {
		if from.Fault() != nil {
			return 0
		}
		return 1
	})
	gauge("latchkey_storage_file_bytes", "Size of the data file.", func() float64 {
		info, err := os.Stat(from.File)
		if err != nil {
			return 0
		}
		return float64(info.Size())
	})
	if from.LastBackup != nil {
		gauge("latchkey_last_backup_timestamp_seconds",
			"When the newest backup by schedule was taken, in seconds since 1970; 0: none is known.", func() float64 {
				if last := from.LastBackup(); !last.IsZero() {
					return float64(last.Unix())
				}
				return 0
			})
	}
}

// Request implements edge.Observer.
func (m *Metrics) Request(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route, method).Observe(took.Seconds())
}

// Event implements edge.Observer.
func (m *Metrics) Event(what, result string) {
	if vec := m.events[what]; vec != nil {
		vec.WithLabelValues(result).Inc()
	}
}

// JobFailures counts the failures of a job: from then on it is 0 and not absent.
func (m *Metrics) JobFailures(job string) prometheus.Counter { return m.failures.WithLabelValues(job) }

// Handler is everything served on the address of its own.
func (m *Metrics) Handler(e *edge.Edge) http.Handler {
	router := e.Router()
	all := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	router.HandleFunc(PathMetrics, func(w http.ResponseWriter, r *http.Request) {
		edge.Quiet(r.Context())
		all.ServeHTTP(w, r)
	}).Methods(http.MethodGet, http.MethodHead)
	return e.Handler(router)
}
