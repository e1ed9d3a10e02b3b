package chart

import (
	"fmt"
	"html"
	"strings"
)

// svg is a canvas whose colours are variables of the page.
type svg struct{ text strings.Builder }

var _ canvas = (*svg)(nil)

func (s *svg) printf(format string, arguments ...any) { fmt.Fprintf(&s.text, format, arguments...) }

func (s *svg) rectangle(x, y, width, height float64, color ink) {
	s.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="var(--i%d)"/>`+"\n", x, y, width, height, color)
}

func (s *svg) line(points []point, width float64, color ink) {
	s.printf(`<polyline fill="none" stroke-linejoin="round" stroke-width="%g" stroke="var(--i%d)" points="`, width, color)
	for _, p := range points {
		s.printf("%.1f,%.1f ", p.x, p.y)
	}
	s.printf("\"/>\n")
}

func (s *svg) write(words string, x, y, size float64, at anchor, bold bool, color ink) {
	weight := "400"
	if bold {
		weight = "650"
	}
	s.printf(`<text x="%.1f" y="%.1f" font-size="%g" font-weight="%s" text-anchor="%s" fill="var(--i%d)">%s</text>`+"\n",
		x, y, size, weight, [...]string{"start", "middle", "end"}[at], color, html.EscapeString(words))
}
