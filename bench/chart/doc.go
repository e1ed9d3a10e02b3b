// Package chart draws what was measured: bars of throughput and curves of latency, as a page and as a picture.
//
// Both are drawn by the same code on a canvas of one of two kinds: SVG within the page, which follows the reader's light or dark
// setting, and pixels.
package chart
