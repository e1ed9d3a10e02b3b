package chart

import (
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
)

// face makes a face of the Go fonts, of which the size is in pixels.
func face(size float64, bold bool) font.Face {
	file := goregular.TTF
	if bold {
		file = gobold.TTF
	}
	parsed, err := opentype.Parse(file)
	if err != nil {
		panic(err) // it is part of the program
	}
	made, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(err) // it cannot fail with these options
	}
	return made
}

// wrap breaks words into lines of a width, at most so many; what is too much is cut off with an ellipsis.
func wrap(words string, size, width float64, lines int) []string {
	f := face(size, false)
	fits := func(line string) bool { return float64(font.MeasureString(f, line))/64 <= width }
	var wrapped []string
	line := ""
	for word := range strings.FieldsSeq(words) {
		longer := strings.TrimSpace(line + " " + word)
		switch {
		case fits(longer):
			line = longer
		case len(wrapped) == lines-1:
			return append(wrapped, line+" …")
		default:
			wrapped, line = append(wrapped, line), word
		}
	}
	return append(wrapped, line)
}
