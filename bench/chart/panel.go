package chart

import (
	"fmt"
	"math"
)

// The measures of a panel.
const (
	panelWidth = 780.0
	margin     = 20.0
	headHeight = 66.0
	barsWidth  = 470.0 // of the bars with their names and figures
	nameWidth  = 166.0
	barWidth   = 140.0
	barStep    = 24.0
	barHeight  = 15.0
	rowTop     = 24.0 // of a row's title
	rowLeast   = 160.0
	noteSize   = 12.0
)

// rowHeight is the height of the row.
func rowHeight(row *Row) float64 {
	bars := rowTop + barStep*float64(len(row.Series)) + 14
	if _, _, nines := row.extent(); nines == 0 {
		return bars
	}
	return max(rowLeast, bars)
}

// height is that of the panel.
func (p *Panel) height() float64 {
	total := headHeight
	for i := range p.Rows {
		total += rowHeight(&p.Rows[i])
	}
	return total + margin/2
}

// draw draws the panel with its upper left corner at x, y.
func (p *Panel) draw(c canvas, colors palette, x, y float64) {
	c.rectangle(x, y, panelWidth, p.height(), panelGround)
	c.write(p.Title, x+margin, y+26, 17, left, true, text)
	for i, words := range wrap(p.Note, noteSize, panelWidth-2*margin, 2) {
		c.write(words, x+margin, y+43+float64(i)*15, noteSize, left, false, muted)
	}
	y += headHeight
	for i := range p.Rows {
		row := &p.Rows[i]
		c.write(row.Title, x+margin, y+14, 12.5, left, true, text)
		c.write(row.Note, x+margin+nameWidth, y+14, noteSize, left, false, muted)
		row.bars(c, colors, x+margin, y+rowTop)
		row.curves(c, colors, x+margin+barsWidth+56, y+rowTop, panelWidth-2*margin-barsWidth-70, rowHeight(row)-rowTop-26)
		y += rowHeight(row)
	}
}

// bars draws a bar for each series.
func (r *Row) bars(c canvas, colors palette, x, y float64) {
	most := 0.0
	for _, s := range r.Series {
		most = max(most, s.Value)
	}
	if most == 0 {
		return
	}
	for i := range r.Series {
		s := &r.Series[i]
		top := y + float64(i)*barStep
		c.write(s.Name, x+nameWidth-10, top+12, 12, right, i == 0, text)
		width := max(1, barWidth*s.Value/most)
		c.rectangle(x+nameWidth, top, width, barHeight, colors.of(s, i))
		figure := s.Figure
		if s.Remark != "" {
			figure += "\u00a0\u00a0\u00a0" + s.Remark
		}
		c.write(figure, x+nameWidth+width+7, top+12, 12, left, i == 0, text)
	}
}

// Rate writes records a second for people.
func Rate(rate float64) string {
	switch {
	case rate >= 1e6:
		return fmt.Sprintf("%.2f M/s", rate/1e6)
	case rate >= 1e4:
		return fmt.Sprintf("%.1f k/s", rate/1e3)
	case rate >= 1e3:
		return fmt.Sprintf("%.2f k/s", rate/1e3)
	}
	return fmt.Sprintf("%.0f /s", rate)
}

// curves draws latency over the share of records: the horizontal axis has a step for each nine, the vertical one for each
// power of ten.
func (r *Row) curves(c canvas, colors palette, x, y, width, height float64) {
	low, high, nines := r.extent()
	if nines == 0 {
		return
	}
	c.write("latency, by the percentage of records", x, y-10, noteSize, left, false, muted)
	place := func(p Point) point {
		return point{
			x + width*min(nine(p.Q)/nines, 1),
			y + height*(1-(math.Log10(p.Milliseconds)-low)/(high-low)),
		}
	}
	for decade := low; decade <= high; decade++ {
		at := y + height*(1-(decade-low)/(high-low))
		c.line([]point{{x, at}, {x + width, at}}, 1, grid)
		c.write(milliseconds(math.Pow(10, decade)), x-7, at+4, 11, right, false, muted)
	}
	for _, tick := range []struct {
		q    float64
		name string
	}{{0, "0"}, {0.5, "50"}, {0.9, "90"}, {0.99, "99"}, {0.999, "99.9"}, {0.9999, "99.99%"}} {
		if nine(tick.q) > nines+0.01 {
			break
		}
		at := x + width*nine(tick.q)/nines
		c.line([]point{{at, y}, {at, y + height}}, 1, grid)
		c.write(tick.name, at, y+height+15, 11, middle, false, muted)
	}
	for i := len(r.Series) - 1; i >= 0; i-- { // the engine on top
		var points []point
		for _, p := range r.Series[i].Curve {
			points = append(points, place(p))
		}
		if len(points) > 1 {
			c.line(points, 2, colors.of(&r.Series[i], i))
		}
	}
}

// nine is 1 for 90%, 2 for 99% and so on.
func nine(q float64) float64 { return -math.Log10(1 - q) }

// extent is the range of the curves: in powers of ten of milliseconds, and the nines up to which they go; 0 when there are none.
func (r *Row) extent() (low, high, nines float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range r.Series {
		for _, p := range s.Curve {
			low, high = min(low, math.Log10(p.Milliseconds)), max(high, math.Log10(p.Milliseconds))
			nines = max(nines, nine(p.Q))
		}
	}
	low, high = math.Floor(low), math.Ceil(high)
	if high == low {
		high++
	}
	return low, high, nines
}

func milliseconds(ms float64) string {
	switch {
	case ms >= 1000:
		return fmt.Sprintf("%g s", ms/1000)
	case ms >= 1:
		return fmt.Sprintf("%g ms", ms)
	}
	return fmt.Sprintf("%g µs", ms*1000)
}
