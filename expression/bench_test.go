package expression

import "testing"

func BenchmarkFilterByData(b *testing.B) {
	condition, s, record := Must[Condition](`record.data.total > 0`), NewScope(), order()
	record.Data = []byte(`{"id":7,"total":12.5}`)
	for b.Loop() {
		s.Reset(record, nil)
		if yes, err := condition.Test(s); !yes || err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFilterByHeader(b *testing.B) {
	condition, s, record := Must[Condition](`record.headers.tenant == "acme"`), NewScope(), order()
	for b.Loop() {
		s.Reset(record, nil)
		if yes, err := condition.Test(s); !yes || err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTemplate(b *testing.B) {
	template, s, record := Must[Template](`https://x/{{ record.headers.tenant }}/{{ record.id }}`), NewScope(), order()
	for b.Loop() {
		s.Reset(record, nil)
		if _, err := template.Render(s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkConstantTemplate(b *testing.B) {
	template, s, record := Must[Template](`https://x/`), NewScope(), order()
	b.ReportAllocs()
	for b.Loop() {
		s.Reset(record, nil)
		if _, err := template.Render(s); err != nil {
			b.Fatal(err)
		}
	}
}
