package discard

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/acktor/acktor/connector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, ctx context.Context, config SinkConfig) []connector.Result {
	t.Helper()
	outlet, err := NewSink(config, connector.Env{})
	if err != nil {
		t.Fatal(err)
	}
	sink, err := outlet.New(outlet.Name)
	if err != nil {
		t.Fatal(err)
	}
	return sink.Write(ctx, []*connector.Record{{ID: "1"}, {ID: "2"}})
}

func TestEveryRecordIsDelivered(t *testing.T) {
	if results := write(t, t.Context(), SinkConfig{}); results != nil {
		t.Errorf("results %+v", results)
	}
}

func TestADelayTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if results := write(t, t.Context(), SinkConfig{Delay: time.Second}); results != nil {
			t.Errorf("results %+v", results)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestADelayEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		results := write(t, ctx, SinkConfig{Delay: time.Hour})
		if len(results) != 2 || !errors.Is(results[1].Err, context.DeadlineExceeded) {
			t.Errorf("results %+v, want two deadlines exceeded", results)
		}
	})
}
