package chart

// Sheet is all that is shown.
type Sheet struct {
	Title, Note string
	Panels      []Panel
}

// Panel is what was measured of one scenario.
type Panel struct {
	Title, Note string
	Rows        []Row
}

// Row is one size of records. Its first series is the engine.
type Row struct {
	Title  string
	Note   string // stands behind it
	Series []Series
}

// Series is one contestant.
type Series struct {
	Name   string
	Value  float64 // the length of the bar
	Figure string  // the value as it is written
	Remark string  // stands behind it
	Curve  []Point // of latency; may be empty
	Own    bool    // it is the engine too, and has its colour
}

// Point says that the share Q of all records took at most so many milliseconds.
type Point struct{ Q, Milliseconds float64 }

// ink is a colour by what it is for, so that a page can have two sets of them.
type ink int

const (
	ground ink = iota
	panelGround
	text
	muted
	grid
	engineInk
	otherInk // the first of those of the other series
	inks     = otherInk + 7
)

// palette gives each name of a series the same colour wherever it is.
type palette map[string]ink

// of is the colour of the series, which is the i-th of its row.
func (p palette) of(s *Series, i int) ink {
	if i == 0 || s.Own {
		return engineInk
	}
	if _, known := p[s.Name]; !known {
		p[s.Name] = otherInk + ink(len(p))%(inks-otherInk)
	}
	return p[s.Name]
}

// light and dark are the colours. Those of series are told apart by colour-blind readers too (after Okabe and Ito).
func light() [inks]string {
	return [inks]string{"#f4f5f7", "#ffffff", "#1c2128", "#5c6570", "#dfe3e8",
		"#0b6bcb", "#17876b", "#d98200", "#a3559a", "#c2501a", "#8a8f98", "#4aa3d8", "#9c8a12"}
}

func dark() [inks]string {
	return [inks]string{"#12151a", "#1b2027", "#e8ebef", "#a0a9b4", "#333b45",
		"#5aa9f5", "#4fc3a1", "#f0a838", "#d58ccb", "#ef8350", "#9aa1ab", "#86cbef", "#d6c445"}
}

// canvas is what panels are drawn on. Lengths are in pixels of the page.
type canvas interface {
	rectangle(x, y, width, height float64, color ink)
	line(points []point, width float64, color ink)
	// write puts words with their baseline at y; x is their left end, their middle or their right end.
	write(words string, x, y, size float64, at anchor, bold bool, color ink)
}

type point struct{ x, y float64 }

type anchor int

const (
	left anchor = iota
	middle
	right
)
