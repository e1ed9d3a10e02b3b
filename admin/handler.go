package admin

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func (s *Server) handler(metrics prometheus.Gatherer) http.Handler {
	if metrics == nil {
		metrics = prometheus.NewRegistry()
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", readOnly(promhttp.HandlerFor(metrics, promhttp.HandlerOpts{
		MaxRequestsInFlight: 4, Timeout: 10 * time.Second, EnableOpenMetrics: true,
	})))
	mux.Handle("/healthz", readOnly(http.HandlerFunc(health)))
	mux.Handle("/readyz", readOnly(http.HandlerFunc(s.ready)))
	mux.Handle("/v1/pipelines", readOnly(http.HandlerFunc(s.pipelines)))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		problem{http.StatusNotFound, "not_found", "there are /metrics, /healthz, /readyz and /v1/pipelines"}.write(w)
	})
	return loopbackOnly(mux)
}

func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			problem{http.StatusMethodNotAllowed, "method", "use GET"}.write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, "application/json", map[string]string{"status": "ok"})
}

// problem is what could not be answered, and how to do better.
type problem struct {
	status       int
	kind, detail string
}

func (p problem) write(w http.ResponseWriter) {
	writeJSON(w, p.status, "application/problem+json", map[string]any{
		"type": "urn:acktor:problem:" + p.kind, "title": http.StatusText(p.status), "status": p.status, "detail": p.detail,
	})
}

func writeJSON(w http.ResponseWriter, status int, contentType string, value any) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client is gone when this fails
}
