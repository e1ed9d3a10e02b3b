package generate

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/acktor/acktor/connector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var plenty = connector.Credit{Records: 1000, Bytes: 64 << 20}

func setup(t testing.TB, config SourceConfig) connector.Source {
	t.Helper()
	source, err := NewSource(config, connector.Env{})
	if err == nil {
		err = source.Open(context.Background(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func readAll(t *testing.T, source connector.Source, credit connector.Credit) []*connector.Record {
	t.Helper()
	var all []*connector.Record
	for {
		records, err := source.Read(t.Context(), credit)
		if err == connector.ErrEndOfSource {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, records...)
	}
}

func TestCountRecordsAreNumberedAndThenTheSourceEnds(t *testing.T) {
	records := readAll(t, setup(t, SourceConfig{Count: 1000, Keys: 3, Size: 50}), plenty)
	if len(records) != 1000 {
		t.Fatalf("%d records, want 1000", len(records))
	}
	ids := map[connector.RecordID]bool{}
	for i, record := range records {
		ids[record.ID] = true
		seq, key := fmt.Sprint(i+1), fmt.Sprint("key-", i%3)
		if record.Headers.Get("seq") != seq || record.Key != key || record.Position.Offset != int64(i+1) {
			t.Fatalf("record %d: %+v", i, record)
		}
		if len(record.Data) != 50 || !json.Valid(record.Data) {
			t.Fatalf("data %q, want 50 bytes of JSON", record.Data)
		}
	}
	if len(ids) != 1000 {
		t.Errorf("%d different ids, want 1000", len(ids))
	}
}

func TestAnOpenedAgainSourceGoesOnBehindItsPosition(t *testing.T) {
	source := setup(t, SourceConfig{Count: 500})
	all := readAll(t, source, plenty)
	if err := source.Open(t.Context(), []connector.Position{all[399].Position}); err != nil {
		t.Fatal(err)
	}
	rest := readAll(t, source, plenty)
	if len(rest) != 100 || rest[0].ID != all[400].ID {
		t.Errorf("%d records from %s on, want 100 from %s on", len(rest), rest[0].ID, all[400].ID)
	}
	other := setup(t, SourceConfig{Count: 500})
	if err := other.Open(t.Context(), []connector.Position{all[399].Position}); err != nil {
		t.Fatal(err)
	}
	if fresh := readAll(t, other, plenty); len(fresh) != 500 || fresh[0].ID == all[0].ID {
		t.Errorf("another run made %d records, want 500 with other ids", len(fresh))
	}
}

func TestDataMayBeATemplate(t *testing.T) {
	config := SourceConfig{Count: 3, Keys: 1}
	if err := config.Data.UnmarshalText([]byte(`{"n":{{ record.headers.seq }},"key":"{{ record.key }}"}`)); err != nil {
		t.Fatal(err)
	}
	for credit := range 2 {
		records := readAll(t, setup(t, config), connector.Credit{Records: 10, Bytes: credit * 500})
		if len(records) != 3 || string(records[2].Data) != `{"n":3,"key":"key-0"}` {
			t.Errorf("%d records, the last %q", len(records), records[len(records)-1].Data)
		}
	}
}

func TestABatchKeepsToItsCredit(t *testing.T) {
	template := SourceConfig{Size: 100}
	if err := template.Data.UnmarshalText([]byte("{{ record.key }}0123456789")); err != nil {
		t.Fatal(err)
	}
	for _, config := range []SourceConfig{{Size: 100}, template} {
		source := setup(t, config)
		first, err := source.Read(t.Context(), connector.Credit{Records: 1, Bytes: 1 << 20})
		if err != nil || len(first) != 1 {
			t.Fatal(len(first), err)
		}
		few, err := source.Read(t.Context(), connector.Credit{Records: 100, Bytes: 5*first[0].Size() + 10})
		if err != nil || len(few) != 5 {
			t.Errorf("%d records, %v; want 5", len(few), err)
		}
		next, err := source.Read(t.Context(), connector.Credit{Records: 100, Bytes: 1})
		if err != nil || len(next) != 1 || next[0].Headers.Get("seq") != "7" {
			t.Errorf("%d records, %v; want number 7 alone", len(next), err)
		}
	}
}

func TestARateIsKept(t *testing.T) {
	for _, rate := range []float64{0.5, 10, 333, 20_000} {
		synctest.Test(t, func(t *testing.T) {
			count := int64(10 * rate)
			began := time.Now()
			records := readAll(t, setup(t, SourceConfig{Rate: rate, Count: count, Size: 1}), plenty)
			took := time.Since(began)
			if int64(len(records)) != count || took < 10*time.Second || took > 10*time.Second+time.Millisecond {
				t.Errorf("rate %g: %d records in %s, want %d in 10s", rate, len(records), took, count)
			}
		})
	}
}

func TestAtMostASecondIsMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := setup(t, SourceConfig{Rate: 100})
		time.Sleep(time.Minute)
		began, count := time.Now(), 0
		for time.Since(began) < 10*time.Second {
			records, err := source.Read(t.Context(), plenty)
			if err != nil {
				t.Fatal(err)
			}
			count += len(records)
		}
		if count < 1090 || count > 1110 {
			t.Errorf("%d records in 10s, want 1000 and 100 that were missed", count)
		}
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := setup(t, SourceConfig{Rate: 0.001})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if records, err := source.Read(ctx, plenty); err != context.DeadlineExceeded {
			t.Errorf("%d records, %v", len(records), err)
		}
	})
}

func BenchmarkSource(b *testing.B) {
	source := setup(b, SourceConfig{Size: 200})
	b.ReportAllocs()
	for left := b.N; left > 0; {
		records, err := source.Read(context.Background(), plenty)
		if err != nil {
			b.Fatal(err)
		}
		left -= len(records)
	}
}
