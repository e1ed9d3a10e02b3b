package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/acktor/acktor/bench/chart"
)

func sheet() *chart.Sheet {
	curve := []chart.Point{{Q: 0, Milliseconds: 0.2}, {Q: 0.5, Milliseconds: 1.5}, {Q: 0.99, Milliseconds: 12}}
	row := chart.Row{Title: "200 bytes", Note: "1 CPU s", Series: []chart.Series{
		{Name: "engine", Value: 84_500, Figure: chart.Rate(84_500), Curve: curve},
		{Name: "nethttp", Value: 47_000, Figure: chart.Rate(47_000), Remark: "1.80×"},
		{Name: "<script>", Value: 91_500, Figure: chart.Rate(91_500), Remark: "0.92×", Curve: curve[:1]},
	}}
	return &chart.Sheet{Title: "Speed & more", Note: "Two cores.", Panels: []chart.Panel{
		{Title: "file-http", Note: strings.Repeat("many words ", 100), Rows: []chart.Row{row, row}},
		{Title: "nothing", Rows: []chart.Row{{Series: []chart.Series{{Name: "engine"}}}}},
		{Title: "again", Rows: []chart.Row{row}},
	}}
}

func TestThePageIsWholeAndNeedsNothingElse(t *testing.T) {
	var page bytes.Buffer
	if err := sheet().WritePage(&page); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	for _, want := range []string{"84.5 k/s", "1.80×", "prefers-color-scheme: dark", "Speed &amp; more", "&lt;script&gt;"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if found := regexp.MustCompile(`(src|href)=|<script|url\(|NaN|Inf|ZgotmplZ`).FindString(text); found != "" {
		t.Errorf("%q is in the page", found)
	}
	for _, picture := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(text, -1) {
		decoder := xml.NewDecoder(strings.NewReader(picture))
		for {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestThePictureIsAPNGWithSomethingOnIt(t *testing.T) {
	var picture bytes.Buffer
	if err := sheet().WritePicture(&picture); err != nil {
		t.Fatal(err)
	}
	decoded, err := png.Decode(&picture)
	if err != nil {
		t.Fatal(err)
	}
	colors := map[any]bool{}
	for y := 0; y < decoded.Bounds().Dy(); y += 3 { // every pixel would take long under the race detector
		for x := 0; x < decoded.Bounds().Dx(); x += 3 {
			colors[decoded.At(x, y)] = true
		}
	}
	if len(colors) < 20 || decoded.Bounds().Dx() < 1500 {
		t.Errorf("%d colors, %v", len(colors), decoded.Bounds())
	}
}

func TestRatesAreWrittenForPeople(t *testing.T) {
	for rate, want := range map[float64]string{0: "0 /s", 999: "999 /s", 1280: "1.28 k/s", 20_480: "20.5 k/s", 1_750_000: "1.75 M/s"} {
		if got := chart.Rate(rate); got != want {
			t.Errorf("%v: %q, want %q", rate, got, want)
		}
	}
}
