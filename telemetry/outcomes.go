package telemetry

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/acktor/acktor/connector"
)

// states is one more than the last connector.State, so that a State is an index.
const states = connector.Filtered + 1

func known(state connector.State) bool { return state > 0 && state < states }

// outcomes counts by state, and failures by class as well.
type outcomes struct {
	delivered, filtered prometheus.Counter
	failed              byClass
}

func newOutcomes(vec *prometheus.CounterVec, labels ...string) outcomes {
	counter := func(state connector.State, class string) prometheus.Counter {
		return vec.WithLabelValues(append(slices.Clip(labels), state.String(), class)...)
	}
	return outcomes{
		delivered: counter(connector.Delivered, noClass),
		filtered:  counter(connector.Filtered, noClass),
		failed:    newByClass(noClass, func(class string) prometheus.Counter { return counter(connector.Failed, class) }),
	}
}

func (o *outcomes) count(state connector.State, class connector.Class) {
	switch state {
	case connector.Delivered:
		o.delivered.Inc()
	case connector.Filtered:
		o.filtered.Inc()
	case connector.Failed:
		o.failed.of(class).Inc()
	}
}

// byClass holds a counter for each class, indexed by it, and under 0 the one for no class.
type byClass []prometheus.Counter

func newByClass(none string, counter func(class string) prometheus.Counter) byClass {
	all := connector.Classes()
	counters := make(byClass, len(all)+1)
	counters[0] = counter(none)
	for _, class := range all {
		counters[class] = counter(class.String())
	}
	return counters
}

// of returns the counter of class. A class outside the closed set counts as unavailable, as errors
// that say nothing of themselves do.
func (c byClass) of(class connector.Class) prometheus.Counter {
	if int(class) < len(c) {
		return c[class]
	}
	return c[connector.Unavailable]
}
