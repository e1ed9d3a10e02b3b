// Package measure has the arithmetic of measurements: histograms of latencies, medians, ratios.
package measure

import (
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	longest = 10 * time.Minute
	digits  = 3
)

// Histogram is a histogram of latencies, in microseconds, of three digits. It is used by one goroutine at a time.
type Histogram struct{ h *hdrhistogram.Histogram }

// NewHistogram makes an empty histogram.
func NewHistogram() *Histogram {
	return &Histogram{hdrhistogram.New(1, longest.Microseconds(), digits)}
}

// Record counts a latency n times. What is out of range counts as the end of the range.
func (h *Histogram) Record(latency time.Duration, n int64) {
	us := min(max(latency.Microseconds(), 1), longest.Microseconds())
	if err := h.h.RecordValues(us, n); err != nil {
		panic(err) // it is in range
	}
}

// Merge adds what others counted. Nil ones are left out.
func (h *Histogram) Merge(others ...*Histogram) {
	for _, other := range others {
		if other != nil {
			h.h.Merge(other.h)
		}
	}
}

// Count is how many latencies were counted.
func (h *Histogram) Count() int64 {
	if h == nil {
		return 0
	}
	return h.h.TotalCount()
}

// Quantile is the latency that the share q of all does not exceed; 0 when there are none.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.h.ValueAtQuantile(100*q)) * time.Microsecond
}

// MarshalText writes the histogram in the compressed form that HdrHistogram's other tools read.
func (h *Histogram) MarshalText() ([]byte, error) {
	return h.h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
}

// UnmarshalText reads what MarshalText wrote.
func (h *Histogram) UnmarshalText(text []byte) error {
	read, err := hdrhistogram.Decode(text)
	if err != nil {
		return fmt.Errorf("measure: histogram: %w", err)
	}
	h.h = read
	return nil
}

// Median is the middle one of values, or the mean of the two in the middle; 0 when there are none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// MedianRatio is the median of a[i]/b[i]: of what was measured in the same run, so that what changes from run to run is not
// in it. It is 0 when there is nothing to divide.
func MedianRatio(a, b []float64) float64 {
	var ratios []float64
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			ratios = append(ratios, a[i]/b[i])
		}
	}
	return Median(ratios)
}
