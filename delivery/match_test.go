package delivery

import (
	"strings"
	"testing"

	"github.com/acktor/acktor/connector"
)

func TestMatchReadsEveryClassAndStatusAndWritesItAgain(t *testing.T) {
	texts := []string{"409", "100", "999", "1xx", "5xx", "9xx"}
	for _, class := range connector.Classes() {
		texts = append(texts, class.String())
	}
	for _, text := range texts {
		var m Match
		if err := m.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		written, err := m.MarshalText()
		if err != nil || string(written) != text {
			t.Errorf("%s is written %q, %v", text, written, err)
		}
	}
}

func TestMatchNamesWhatItSays(t *testing.T) {
	for _, c := range []struct {
		match  string
		class  connector.Class
		status int
		want   bool
	}{
		{"timeout", connector.Timeout, 0, true},
		{"timeout", connector.Timeout, 504, true},
		{"timeout", connector.ConnectTimeout, 0, false},
		{"409", connector.Rejected, 409, true},
		{"409", connector.Rejected, 408, false},
		{"5XX", connector.Unavailable, 500, true},
		{"5xx", connector.Unavailable, 599, true},
		{"5xx", connector.Parse, 600, false},
		{"5xx", connector.Rejected, 499, false},
		{"5xx", connector.Refused, 0, false},
	} {
		m, err := ParseMatch(c.match)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.names(c.class, c.status); got != c.want {
			t.Errorf("%s names %s %d: %v", c.match, c.class, c.status, got)
		}
	}
	if (Match{}).names(connector.Timeout, 0) || (Match{}).names(0, 0) {
		t.Error("the zero Match names something")
	}
	if MatchStatus(99) != (Match{}) || MatchStatus(70000) != (Match{}) || MatchStatus(409).String() != "409" {
		t.Error("MatchStatus takes what is no status")
	}
}

func TestMatchSaysWhatIsAllowedAndWhatWasMeant(t *testing.T) {
	for text, meant := range map[string]string{
		"conect_timeout": "connect_timeout", "Timeout": "timeout", "bussines": "business", "canceled": "cancelled",
		"connect-timeout": "connect_timeout", "throtled": "throttled", "tsl": "", "banana": "", "": "", "42": "", "099": "", "0xx": "", "4x": "", "4090": "", "+12": "",
	} {
		m := MatchClass(connector.Reset)
		err := m.UnmarshalText([]byte(text))
		if err == nil {
			t.Errorf("%q is taken", text)
			continue
		}
		if m != MatchClass(connector.Reset) {
			t.Errorf("%q changed the match", text)
		}
		for _, part := range []string{`"` + text + `" is neither`, "409", "5xx", "breaker_open, denied"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %v does not say %s", text, err, part)
			}
		}
		if hint := `did you mean "` + meant + `"?`; strings.Contains(err.Error(), "did you mean") != (meant != "") || meant != "" && !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: %v, want %s", text, err, hint)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, text := range []string{"timeout", "409", "5xx", "", "conect", strings.Repeat("9", 1000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMatch(text)
		if err != nil {
			if m != (Match{}) || len(err.Error()) > 600 {
				t.Errorf("%q: %v, %v", text, m, err)
			}
			return
		}
		if again, err := ParseMatch(m.String()); err != nil || again != m || m == (Match{}) {
			t.Errorf("%q becomes %v, then %v, %v", text, m, again, err)
		}
	})
}
