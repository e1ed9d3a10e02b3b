package delivery_test

import (
	"fmt"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
)

// A record is tried until the policy says that it has failed.
func ExamplePolicy() {
	policy := delivery.NewPolicy(delivery.Retry{MaxAttempts: 3, Initial: time.Second, MaxRetryAfter: time.Minute})
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	record := delivery.Progress{Received: now}
	for _, err := range []error{
		&connector.AttemptError{Class: connector.Refused},
		&connector.AttemptError{Class: connector.Throttled, Status: 429, After: 10 * time.Second},
		&connector.AttemptError{Class: connector.Unavailable, Status: 503},
	} {
		record.Begin(now)
		decision := policy.Failed(&record, err, now)
		fmt.Println(decision.Failure.Class, decision.Retry, decision.After, "hold", decision.Hold, "trips", decision.Trips)
		now = now.Add(decision.After)
	}
	// Output:
	// refused true 1s hold 0s trips true
	// throttled true 10s hold 10s trips false
	// unavailable false 0s hold 0s trips true
}
