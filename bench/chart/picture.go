package chart

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

const (
	scale     = 2.0 // pixels of the picture for one of the page
	columns   = 2
	gap       = 20.0
	titleRoom = 50.0 // and a line of the note each
	noteStep  = 18.0
)

// WritePicture writes the sheet as a PNG.
func (s *Sheet) WritePicture(w io.Writer) error {
	columns := min(columns, max(1, len(s.Panels)))
	width := gap + float64(columns)*(panelWidth+gap)
	note := wrap(s.Note, 13, width-2*gap, 4)
	places, height := s.places(columns, titleRoom+noteStep*float64(len(note)))
	p := newPixels(width, height)
	p.rectangle(0, 0, width, height, ground)
	p.write(s.Title, gap, 36, 22, left, true, text)
	for i, words := range note {
		p.write(words, gap, 58+noteStep*float64(i), 13, left, false, muted)
	}
	colors := palette{}
	for i := range s.Panels {
		s.Panels[i].draw(p, colors, places[i].x, places[i].y)
	}
	return png.Encode(w, p.image)
}

// places puts each panel under the shortest column, which begins at top, and returns the height of all.
func (s *Sheet) places(columns int, top float64) (places []point, height float64) {
	ends := make([]float64, columns)
	for i := range ends {
		ends[i] = top
	}
	for i := range s.Panels {
		shortest := 0
		for j := range ends {
			if ends[j] < ends[shortest] {
				shortest = j
			}
		}
		places = append(places, point{gap + float64(shortest)*(panelWidth+gap), ends[shortest]})
		ends[shortest] += s.Panels[i].height() + gap
		height = max(height, ends[shortest])
	}
	return places, height
}

// pixels is a canvas that is a picture.
type pixels struct {
	image  *image.RGBA
	colors [inks]*image.Uniform
	faces  map[string]font.Face
}

var _ canvas = (*pixels)(nil)

func newPixels(width, height float64) *pixels {
	p := &pixels{
		image: image.NewRGBA(image.Rect(0, 0, int(width*scale), int(height*scale))),
		faces: map[string]font.Face{},
	}
	for i, text := range light() {
		c := color.RGBA{A: 0xff}
		if _, err := fmt.Sscanf(text, "#%02x%02x%02x", &c.R, &c.G, &c.B); err != nil {
			panic(err) // it is a constant
		}
		p.colors[i] = image.NewUniform(c)
	}
	return p
}

func (p *pixels) rectangle(x, y, width, height float64, color ink) {
	area := image.Rect(round(x), round(y), round(x+width), round(y+height))
	draw.Draw(p.image, area, p.colors[color], image.Point{}, draw.Src)
}

func round(length float64) int { return int(math.Round(length * scale)) }

// line draws each piece as a rectangle along its way; the pieces overlap by half the width.
func (p *pixels) line(points []point, width float64, color ink) {
	half := width / 2
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		dx, dy := b.x-a.x, b.y-a.y
		length := math.Hypot(dx, dy)
		if length == 0 {
			continue
		}
		dx, dy = dx/length*half, dy/length*half
		if len(points) > 2 {
			a, b = point{a.x - dx/2, a.y - dy/2}, point{b.x + dx/2, b.y + dy/2}
		}
		p.fill([]point{{a.x - dy, a.y + dx}, {b.x - dy, b.y + dx}, {b.x + dy, b.y - dx}, {a.x + dy, a.y - dx}}, color)
	}
}

// fill fills a polygon.
func (p *pixels) fill(corners []point, color ink) {
	bounds := image.Rectangle{Min: image.Pt(math.MaxInt32, math.MaxInt32), Max: image.Pt(math.MinInt32, math.MinInt32)}
	for _, c := range corners {
		x, y := c.x*scale, c.y*scale
		bounds.Min.X, bounds.Min.Y = min(bounds.Min.X, int(math.Floor(x))), min(bounds.Min.Y, int(math.Floor(y)))
		bounds.Max.X, bounds.Max.Y = max(bounds.Max.X, int(math.Ceil(x))), max(bounds.Max.Y, int(math.Ceil(y)))
	}
	r := vector.NewRasterizer(bounds.Dx(), bounds.Dy())
	for i, c := range corners {
		x, y := float32(c.x*scale)-float32(bounds.Min.X), float32(c.y*scale)-float32(bounds.Min.Y)
		if i == 0 {
			r.MoveTo(x, y)
		} else {
			r.LineTo(x, y)
		}
	}
	r.ClosePath()
	r.Draw(p.image, bounds, p.colors[color], image.Point{})
}

func (p *pixels) write(words string, x, y, size float64, at anchor, bold bool, color ink) {
	key := fmt.Sprint(size, bold)
	if p.faces[key] == nil {
		p.faces[key] = face(size*scale, bold)
	}
	drawer := font.Drawer{Dst: p.image, Src: p.colors[color], Face: p.faces[key]}
	width := float64(drawer.MeasureString(words)) / 64
	begin := x*scale - width*float64(at)/2
	drawer.Dot = fixed.Point26_6{X: fixed.Int26_6(begin * 64), Y: fixed.Int26_6(y * scale * 64)}
	drawer.DrawString(words)
}
