package admin

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// ProcessHeader stands in every answer and names the process of the engine, so that a client who knows which process
// holds a store can tell whether it has reached that one.
const ProcessHeader = "Acktor-Process"

func (s *Server) handler(metrics prometheus.Gatherer) http.Handler {
	if metrics == nil {
		metrics = prometheus.NewRegistry()
	}
	mux := http.NewServeMux()
	read := func(pattern string, next http.Handler) {
		mux.Handle(pattern, allow(next, http.MethodGet, http.MethodHead))
	}
	read("/metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{
		MaxRequestsInFlight: 4, Timeout: 10 * time.Second, EnableOpenMetrics: true,
	}))
	read("/healthz", http.HandlerFunc(health))
	read("/readyz", http.HandlerFunc(s.ready))
	read("/v1/pipelines", http.HandlerFunc(s.pipelines))
	read("/v1/records", s.stored(s.listRecords))
	read("/v1/records/{id}", s.stored(s.showRecord))
	read("/v1/records/{id}/events", ownSite(s.stored(s.followRecord)))
	read("/v1/dead", s.stored(s.listDead))
	read("/v1/dead/{seq}", s.stored(s.showDead))
	mux.Handle("/v1/dead/replay", allow(ownSite(s.move(s.replay)), http.MethodPost))
	mux.Handle("/v1/dead/drop", allow(ownSite(s.move(s.drop)), http.MethodPost))
	steer := func(verb string, do func(w http.ResponseWriter, r *http.Request, name string) error) {
		mux.Handle("/v1/pipelines/{name}/"+verb, allow(ownSite(s.steer(do)), http.MethodPost))
	}
	steer("pause", func(_ http.ResponseWriter, _ *http.Request, name string) error { return s.engine.Pause(name) })
	steer("resume", func(_ http.ResponseWriter, _ *http.Request, name string) error { return s.engine.Resume(name) })
	steer("drain", s.drain)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		problem{http.StatusNotFound, "not_found", "there are /metrics, /healthz, /readyz, /v1/pipelines, /v1/records, /v1/records/ID, /v1/records/ID/events, " +
			"/v1/dead, /v1/dead/NUMBER, and for POST /v1/dead/replay, /v1/dead/drop and /v1/pipelines/NAME/pause, resume and drain"}.write(w)
	})
	return signed(loopbackOnly(mux))
}

// allow answers requests with other methods with 405.
func allow(next http.Handler, methods ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, method := range methods {
			if r.Method == method {
				next.ServeHTTP(w, r)
				return
			}
		}
		w.Header().Set("Allow", strings.Join(methods, ", "))
		problem{http.StatusMethodNotAllowed, "method", "use " + methods[0]}.write(w)
	})
}

func signed(next http.Handler) http.Handler {
	process := strconv.Itoa(os.Getpid())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(ProcessHeader, process)
		next.ServeHTTP(w, r)
	})
}

func health(w http.ResponseWriter, _ *http.Request) { writeOK(w, map[string]string{"status": "ok"}) }
