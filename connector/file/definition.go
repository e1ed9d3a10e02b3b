package file

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/file/lines"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
)

// Definition announces the connector.
func Definition() connector.Definition {
	return connector.Definition{
		Name:    "file",
		Summary: "Reads lines from files; appends records to files as lines.",
		Source:  connector.DefineSource(NewSource),
		Sink:    connector.DefineSink(NewSink),
	}
}

// Where a source begins that has no position yet.
const (
	Beginning = "beginning"
	End       = "end"
)

// SourceConfig configures a source.
type SourceConfig struct {
	Path       string        `config:"path,required" example:"./orders.ndjson" doc:"The file to read. Without follow it may be a pattern, such as in/*.ndjson; the files are read in the order of their names."`
	Format     lines.Format  `config:"format" default:"lines" enum:"lines,ndjson" doc:"lines: every line is a record. ndjson: every line that is not blank is a record of type application/json."`
	Follow     bool          `config:"follow" doc:"Wait for more at the end of the file, also when it is truncated or rotated."`
	Start      string        `config:"start" default:"beginning" enum:"beginning,end" doc:"Where to begin when no position is known. Until the first position is kept, a new start with end begins at the new end."`
	MaxLine    field.Bytes   `config:"max_line" default:"1MiB" min:"1" max:"1GiB" doc:"Longest line. A longer one stops the source with an error."`
	Poll       time.Duration `config:"poll" default:"250ms" min:"10ms" max:"1m" doc:"Longest time between two looks at a followed file."`
	RotateWait time.Duration `config:"rotate_wait" default:"2s" min:"0s" doc:"A followed file that was renamed and replaced is finished when nothing was added to it for this time."`
}

// Validate refuses what the types cannot.
func (c *SourceConfig) Validate() error {
	if !isPattern(c.Path) {
		return nil
	}
	if c.Follow {
		return &connector.ConfigError{Key: "path", Text: "a pattern cannot be followed", Cure: "name one file, or leave out follow"}
	}
	if _, err := filepath.Match(c.Path, ""); err != nil {
		return &connector.ConfigError{Key: "path", Text: err.Error()}
	}
	return nil
}

func isPattern(path string) bool { return strings.ContainsAny(path, "*?[") }

// Fsync says when what was written is forced to the disk.
type Fsync string

// When files are forced to the disk.
const (
	Always   Fsync = "always"   // before records count as delivered
	Interval Fsync = "interval" // within a second
	Never    Fsync = "never"    // when the operating system likes
)

// SinkConfig configures a sink.
type SinkConfig struct {
	Path   expression.Template `config:"path,required" example:"./out/{{ record.headers.tenant }}.ndjson" doc:"The file to append to. It and its directories are created."`
	Format lines.Format        `config:"format" default:"lines" enum:"lines,ndjson,envelope" doc:"lines: the data as it is; it must not contain a newline. ndjson: the data must be JSON, and is put on one line. envelope: the whole record as JSON, with id, key, time and headers."`
	Fsync  Fsync               `config:"fsync" default:"interval" enum:"always,interval,never" doc:"When lines are forced to the disk: always before the records count as delivered, interval within a second, never leaves it to the operating system."`
	Mode   string              `config:"mode" default:"0640" doc:"Permissions of new files, octal."`
	Rotate *Rotation           `config:"rotate" doc:"When the file is renamed and a new one begun."`
}

// Rotation says when a file is renamed and a new one begun.
type Rotation struct {
	Size field.Bytes   `config:"size" default:"100MiB" min:"0" doc:"A file is rotated before it becomes larger; 0 means no limit."`
	Age  time.Duration `config:"age" min:"0s" example:"24h" doc:"A new file begins with each such span of time, counted in UTC: 24h is midnight. 0 means no limit."`
	Keep int           `config:"keep" default:"7" min:"0" doc:"Most rotated files kept, the oldest are removed; 0 keeps all."`
}

// Validate refuses what the types cannot.
func (c *SinkConfig) Validate() error {
	if _, err := c.mode(); err != nil {
		return &connector.ConfigError{Key: "mode", Text: strconv.Quote(c.Mode) + " is not a file mode", Cure: "write it in octal, such as 0640"}
	}
	return nil
}

func (c *SinkConfig) mode() (mode uint64, err error) {
	mode, err = strconv.ParseUint(c.Mode, 8, 32)
	if mode > 0o777 {
		err = errors.New("out of range")
	}
	return mode, err
}
