package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/acktor/acktor/bench/suite"
)

// console is where a command writes to: results to out, all else to err.
type console struct{ out, err io.Writer }

// run runs scenarios and shows what they gave.
func (c console) run(ctx context.Context, s *settings, scenarios []suite.Scenario) error {
	if s.peers {
		path, remove, err := buildPeers(ctx)
		if err != nil {
			return err
		}
		defer remove()
		suite.AddPeers(scenarios, path)
	}
	bar := newBar(c.err)
	var results []suite.Result
	failed := suite.Run(ctx, suite.Options{
		Scenarios: scenarios, Sizes: s.sizes, Runs: s.runs, For: s.length, Directory: s.dir, Profiles: s.profiles, Check: s.check,
		Progress: bar.show,
		Row: func(result suite.Result) {
			bar.clear()
			results = append(results, result)
			c.show(s, &result)
		},
	})
	bar.clear()
	return errors.Join(failed, s.draw(results))
}

// show prints a result.
func (c console) show(s *settings, result *suite.Result) {
	for i, row := range result.Rows() {
		switch {
		case s.json:
			_ = json.NewEncoder(c.out).Encode(row)
		case s.check:
			if i == 0 {
				c.printf("%-18s %5d B  %s\n", row.Scenario, row.Size, verdict(row))
			}
		default:
			c.row(i == 0, row)
		}
	}
}

func (c console) printf(format string, arguments ...any) {
	fmt.Fprintf(c.out, format, arguments...) //nolint:errcheck // what is lost here nobody reads
}

func verdict(row suite.Row) string {
	word := "ok"
	if !row.OK {
		word = "FAILED"
	}
	return fmt.Sprintf("%s: %d records, %d outcomes, %d lost, %d duplicates", word, row.Records, row.Outcomes, row.Lost, row.Duplicates)
}

func (c console) row(first bool, row suite.Row) {
	if first {
		c.printf("\n%s, %d B: %.0f records/s, p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms\n", row.Scenario, row.Size, row.EngineRPS, row.P50, row.P99, row.P999)
		c.printf("  %.2f CPU s per 100k, %.1f MiB, %.1f allocations per record, %d connections\n", row.CPUPer100k, row.RSS, row.AllocsPerRecord, row.Connections)
		c.printf("  %s\n", verdict(row))
	}
	c.printf("  %6.2f of %-14s %12.0f records/s\n", row.Ratio, row.Baseline, row.BaselineRPS)
}

// bar is a progress bar, where there is a terminal.
type bar struct {
	out   io.Writer
	shown bool
}

const barWidth = 24

// newBar makes a bar on out, which stays empty when it is no terminal.
func newBar(out io.Writer) *bar {
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return &bar{out: out}
	}
	return &bar{}
}

func (b *bar) show(done, all int, next string) {
	if b.out == nil || all == 0 {
		return
	}
	full := barWidth * done / all
	b.shown = true
	fmt.Fprintf(b.out, "\r\x1b[K[%s%s] %d/%d %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), done, all, next) //nolint:errcheck // only to look at
}

func (b *bar) clear() {
	if b.shown {
		fmt.Fprint(b.out, "\r\x1b[K") //nolint:errcheck // only to look at
		b.shown = false
	}
}
