package measure_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/acktor/acktor/bench/measure"
)

func TestMedianIsTheMiddle(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 100}, 3},
	} {
		if got := measure.Median(c.values); got != c.want {
			t.Errorf("%v: %v, want %v", c.values, got, c.want)
		}
	}
}

func TestMedianRatioComparesWithinARun(t *testing.T) {
	engine, baseline := []float64{100, 10, 33}, []float64{50, 20, 30}
	if got := measure.MedianRatio(engine, baseline); got != 1.1 {
		t.Errorf("%v, want 33/30: of 2, 0.5 and 1.1 the middle", got)
	}
	if got := measure.MedianRatio(engine, []float64{0, 0}); got != 0 {
		t.Errorf("%v of nothing", got)
	}
}

func TestAHistogramSurvivesItsTextAndMerges(t *testing.T) {
	h := measure.NewHistogram()
	for i := range 1000 {
		h.Record(time.Duration(i+1)*time.Millisecond, 1)
	}
	h.Record(24*time.Hour, 1) // out of range
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var read measure.Histogram
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	read.Merge(h, nil)
	if read.Count() != 2002 {
		t.Errorf("%d values, want 2002", read.Count())
	}
	if p50 := read.Quantile(0.5); p50 < 498*time.Millisecond || p50 > 502*time.Millisecond {
		t.Errorf("p50 %v, want about 500ms", p50)
	}
	if q := (*measure.Histogram)(nil).Quantile(0.5); q != 0 {
		t.Errorf("%v of nothing", q)
	}
}
