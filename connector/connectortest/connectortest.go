package connectortest

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/acktor/acktor/connector"
)

// patience is how long what should happen at once may take.
const patience = 10 * time.Second

// atOnce is a context for a call that should return at once.
func atOnce(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// within waits for what should be done at once.
func within(t *testing.T, what string, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatalf("%s did not return within %s", what, patience)
		return nil
	}
}

// checkLeaks fails t when goroutines that start from now on are left when all else is cleaned up.
func checkLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

func copyOf(record *connector.Record) *connector.Record {
	c := record.Clone()
	c.Data = bytes.Clone(record.Data)
	return c
}

// wantUnchanged fails t unless record is as it was before.
func wantUnchanged(t *testing.T, before, record *connector.Record) {
	t.Helper()
	same := before.ID == record.ID && before.Key == record.Key && bytes.Equal(before.Data, record.Data) &&
		slices.Equal(before.Headers, record.Headers) && before.Position == record.Position &&
		before.Time.Equal(record.Time) && before.Ref == record.Ref
	if !same {
		t.Fatalf("the record was changed: it is %+v, and was %+v", record, before)
	}
}
