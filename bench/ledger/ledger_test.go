package ledger_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/acktor/acktor/bench/ledger"
)

func TestARecordIsJSONOfItsSizeAndTellsItsNumber(t *testing.T) {
	for _, size := range []int{ledger.MinSize, 200, 1024} {
		form := ledger.Form{Size: size, Keys: 7}
		for _, n := range []int64{1, 9, 10, 999, 1_000_000, ledger.Capacity} {
			data := form.Append(nil, n)
			var content struct{ Seq, Key string }
			if err := json.Unmarshal(data, &content); err != nil || len(data) != size {
				t.Fatalf("%d bytes, %v: %s", len(data), err, data)
			}
			if content.Seq != fmt.Sprintf("%012d", n) || content.Key != fmt.Sprintf("%04d", n%7) {
				t.Errorf("record %d is %+v", n, content)
			}
		}
	}
}

func TestNumbersFindsEveryRecordOfABatch(t *testing.T) {
	form := ledger.Form{Size: 100, Keys: 10, URLs: []string{"http://127.0.0.1:1/", "http://127.0.0.1:2/"}}
	batch := []byte{'['}
	for n := range int64(100) {
		batch = append(form.Append(batch, n+1), ',')
	}
	next := int64(1)
	err := ledger.Numbers(batch, func(n int64, key int) {
		if n != next || key != int(n%10) {
			t.Errorf("number %d, key %d; want %d", n, key, next)
		}
		next++
	})
	if err != nil || next != 101 {
		t.Errorf("%d records, %v", next-1, err)
	}
	for _, broken := range []string{`{"seq":"12`, `{"seq":"00000000000x","key":"0000","pad"`} {
		if err := ledger.Numbers([]byte(broken), func(int64, int) {}); err == nil {
			t.Errorf("%s: no error", broken)
		}
	}
}

func TestALedgerSeesWhatIsMissingDoubleOutOfOrderAndStrange(t *testing.T) {
	form := ledger.Form{Size: 100, Keys: 2}
	l := ledger.New()
	for _, n := range []int64{1, 2, 5, 3, 6, 6, 70} {
		if !l.Take(form.Append(nil, n)) {
			t.Errorf("%d was not read", n)
		}
	}
	if l.Take([]byte(`{"hello":"world"}`)) || l.Take(form.Append(nil, ledger.Capacity+1)) != true {
		t.Error("a stranger was taken for a record")
	}
	page := l.Page()
	if page.Duplicates != 1 || page.Strangers != 2 || page.Disorder != 1 {
		t.Errorf("%+v", page)
	}
	want := ledger.Range(70, func(n int64) bool { return n > 6 && n < 70 })
	if lost := want.Without(page.Seen); lost != 1 {
		t.Errorf("%d lost, want 1: number 4", lost)
	}
	if extra := page.Seen.Without(want); extra != 0 || l.Count() != 6 {
		t.Errorf("%d too many, %d in all", extra, l.Count())
	}
}

func TestASetSurvivesItsText(t *testing.T) {
	for _, last := range []int64{0, 1, 63, 64, 100_000} {
		set := ledger.Range(last, func(n int64) bool { return n%3 == 0 })
		text, err := json.Marshal(set)
		if err != nil {
			t.Fatal(err)
		}
		var read ledger.Set
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		if set.Without(&read) != 0 || read.Without(set) != 0 || read.Len() != last-last/3 || read.Has(3) {
			t.Errorf("up to %d: %d numbers, want %d", last, read.Len(), last-last/3)
		}
	}
}
