package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/file/lines"
)

var (
	// errFinished says that a tail has no more records and never will have.
	errFinished   = errors.New("the file is finished")
	errNotRegular = errors.New("not a regular file")
)

// tail reads what stands at one path: a file, and when that was rotated or truncated, the next one.
//
//	missing -> reading -> (truncated) reading -> (rotated) draining -> reading
//
// While it is followed, draining waits for the last lines of a file that was replaced at its path.
type tail struct {
	path   string
	config *SourceConfig
	log    *slog.Logger

	file       *os.File // nil while it is missing
	identity   identity
	lines      *lines.Splitter
	stamp      lines.Stamp
	generation int  // how many files stood at the path before
	ended      bool // the last look found nothing
	draining   bool // another file stands at the path now
	grown      time.Time
}

func newTail(path string, config *SourceConfig, log *slog.Logger) *tail {
	headers := connector.Headers{{Name: "content-type", Value: config.Format.ContentType()}, {Name: "file-path", Value: path}}
	return &tail{
		path: path, config: config, log: log.With(slog.String("file", path)),
		lines: lines.NewSplitter(config.Format, int(config.MaxLine)),
		stamp: lines.Stamp{Headers: headers, Partition: path},
	}
}

// begin opens the file for the first time. A followed one may be missing.
func (t *tail) begin() error {
	if t.config.Start != End {
		return t.open(0)
	}
	file, err := openRegular(t.path)
	if err != nil {
		return t.allowMissing(err)
	}
	offset, err := endOfLines(file, int64(t.config.MaxLine))
	if err != nil {
		return errors.Join(err, file.Close())
	}
	return t.use(file, offset)
}

func (t *tail) allowMissing(err error) error {
	if t.config.Follow && errors.Is(err, fs.ErrNotExist) {
		t.log.Warn("the file does not exist yet")
		return nil
	}
	return err
}

// open opens what stands at the path, to be read from offset.
func (t *tail) open(offset int64) error {
	file, err := openRegular(t.path)
	if err != nil {
		return t.allowMissing(err)
	}
	return t.use(file, offset)
}

// use reads file from offset from now on.
func (t *tail) use(file *os.File, offset int64) error {
	id, err := identify(file, offset)
	if err == nil {
		_, err = file.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	t.file, t.identity, t.draining = file, id, false
	t.lines.Reset(offset)
	t.stamp.Prefix = id.recordPrefix(t.path, t.generation)
	t.stamp.Token = id.token(t.generation)
	return nil
}

// read returns the next records, none when there is nothing to read at the moment, or errFinished.
func (t *tail) read(max connector.Credit) ([]*connector.Record, error) {
	for {
		records, err := t.take(max, false)
		if err != nil || len(records) > 0 {
			return records, err
		}
		more, err := t.fill()
		if err != nil {
			return nil, err
		}
		if more {
			continue
		}
		if !t.over() {
			return nil, nil
		}
		if records, err := t.take(max, true); err != nil || len(records) > 0 {
			return records, err
		}
		if err := t.succeed(); err != nil {
			return nil, err
		}
	}
}

// take takes records out of the lines that are read.
func (t *tail) take(max connector.Credit, atEnd bool) ([]*connector.Record, error) {
	t.stamp.Time = time.Now()
	records, err := t.lines.Records(max, atEnd, &t.stamp)
	if err != nil {
		err = fmt.Errorf("read %s: %w", t.path, err)
	}
	return records, err
}

// fill reads a block, and reports whether there was one.
func (t *tail) fill() (bool, error) {
	if t.file == nil {
		if err := t.appear(); t.file == nil {
			return false, err
		}
	}
	if t.ended && t.config.Follow && !t.draining {
		if err := t.watch(); err != nil {
			return false, err
		}
	}
	n, err := t.file.Read(t.lines.Space())
	t.lines.Fill(n)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if t.ended = n == 0; t.ended {
		return false, nil
	}
	t.grown = time.Now()
	return true, t.recognise()
}

// recognise renews the token while the file's first lines, which are part of it, are being read.
func (t *tail) recognise() error {
	if t.identity.length == headSize {
		return nil
	}
	id, err := identify(t.file, t.lines.Complete())
	if err != nil {
		return err
	}
	t.identity, t.stamp.Token = id, id.token(t.generation)
	return nil
}

func (t *tail) close() error {
	if t.file == nil {
		return nil
	}
	file := t.file
	t.file = nil
	return file.Close()
}

// openRegular opens a file to be read, and refuses what would block or has no offsets.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open %s: %w", path, errNotRegular)
	}
	return os.Open(path)
}
