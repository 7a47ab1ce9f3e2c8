package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// traceCollector takes spans by OTLP over HTTP and keeps them.
type traceCollector struct {
	*httptest.Server
	t *testing.T

	mu   sync.Mutex
	sent []*otlp.ResourceSpans
}

func newTraceCollector(t *testing.T) *traceCollector {
	t.Helper()
	c := &traceCollector{t: t}
	c.Server = httptest.NewServer(http.HandlerFunc(c.take))
	t.Cleanup(c.Close)
	return c
}

func (c *traceCollector) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		c.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	var request collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &request); err != nil {
		c.t.Errorf("these are not spans: %v", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, request.ResourceSpans...)
}

// text is everything that was sent, for a search.
func (c *traceCollector) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out strings.Builder
	for _, of := range c.sent {
		out.WriteString(prototext.Format(of))
	}
	return out.String()
}

// trees draws each trace in a line, root first, what it holds behind it in brackets
// and in the order of time.
func (c *traceCollector) trees() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var roots []*otlp.Span
	within := map[string][]*otlp.Span{}
	for _, of := range c.sent {
		for _, scope := range of.ScopeSpans {
			for _, span := range scope.Spans {
				if len(span.ParentSpanId) == 0 {
					roots = append(roots, span)
				} else {
					within[string(span.ParentSpanId)] = append(within[string(span.ParentSpanId)], span)
				}
			}
		}
	}
	var lines []string
	for _, root := range roots {
		lines = append(lines, draw(root, within))
	}
	return lines
}

func draw(span *otlp.Span, within map[string][]*otlp.Span) string {
	parts := within[string(span.SpanId)]
	if len(parts) == 0 {
		return span.Name
	}
	slices.SortStableFunc(parts, func(a, b *otlp.Span) int { return int(a.StartTimeUnixNano) - int(b.StartTimeUnixNano) })
	names := make([]string, len(parts))
	for i, part := range parts {
		names[i] = draw(part, within)
	}
	return span.Name + " (" + strings.Join(names, ", ") + ")"
}

// attributes of the first span of that name, as text.
func (c *traceCollector) attributes(name string) map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range c.sent {
		for _, scope := range of.ScopeSpans {
			for _, span := range scope.Spans {
				if span.Name == name {
					return texts(span.Attributes)
				}
			}
		}
	}
	c.t.Errorf("no span is called %q", name)
	return nil
}

func texts(list []*common.KeyValue) map[string]string {
	out := map[string]string{}
	for _, kv := range list {
		switch v := kv.Value.Value.(type) {
		case *common.AnyValue_StringValue:
			out[kv.Key] = v.StringValue
		default:
			out[kv.Key] = fmt.Sprint(kv.Value.GetIntValue())
		}
	}
	return out
}
