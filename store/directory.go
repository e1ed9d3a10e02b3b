package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/acktor/acktor/connector"
)

// Directory is a Positions in a directory; the package comment draws it. One engine uses it at a time.
//
// A directory in which something was ever saved is locked by OpenDirectory. One that is empty or missing is
// locked by the first Save. If another engine takes it in between, everything here returns a
// LockedError from then on, as what was loaded before is no longer true. So of two engines that race one proceeds.
type Directory struct {
	path string

	using  sync.RWMutex // Load and Save read-lock it, Close locks it
	closed bool

	owning  sync.Mutex // guards what follows
	lock    *lock      // nil: there was nothing to lock yet
	refused error      // why the directory can no longer become this engine's

	listing   sync.Mutex // guards pipelines
	pipelines map[string]*pipelineFile
}

var _ Positions = (*Directory)(nil)

// pipelineFile is the file of one pipeline, with its content once it is read.
type pipelineFile struct {
	mu       sync.Mutex // guards content, and the file
	path     string
	pipeline string
	content  ledger // nil: not read yet
}

// OpenDirectory opens the store in the directory path, which need not exist. It creates nothing. It returns
// a LockedError when another engine uses the directory, in this process or in another.
func OpenDirectory(path string) (*Directory, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	d := &Directory{path: absolute, pipelines: map[string]*pipelineFile{}}
	if info, err := os.Stat(absolute); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("store: %s is not a directory: give the store a path of its own", absolute)
	}
	used, err := d.used()
	if err != nil {
		return nil, err
	}
	if !used {
		return d, nil
	}
	if d.lock, err = takeLock(absolute, false); err != nil {
		return nil, err
	}
	return d, nil
}

// used reports whether an engine was here before.
func (d *Directory) used() (bool, error) {
	for _, name := range []string{lockName, "positions"} {
		if found, err := exists(filepath.Join(d.path, name)); err != nil {
			return false, fmt.Errorf("store: %w", err)
		} else if found {
			return true, nil
		}
	}
	return false, nil
}

// Load reads the file of a pipeline, or nothing when there is none. Errors are LockedError, LockLostError,
// DamagedError, VersionError, ErrClosed, that of ctx, and those of the file system. It blocks on the disk.
func (d *Directory) Load(ctx context.Context, pipeline string) ([]connector.Position, error) {
	d.using.RLock()
	defer d.using.RUnlock()
	if err := d.usable(ctx); err != nil {
		return nil, err
	}
	if owned, err := d.own(false); err != nil || !owned {
		return nil, err
	}
	file := d.file(pipeline)
	file.mu.Lock()
	defer file.mu.Unlock()
	if err := file.read(); err != nil {
		return nil, err
	}
	return file.content.list(), nil
}

// Save replaces the file of a pipeline. Errors are those of Load. It blocks on the disk, for as long as
// two calls of fsync take; saves of different pipelines do not wait for each other.
func (d *Directory) Save(ctx context.Context, pipeline string, positions []connector.Position) error {
	d.using.RLock()
	defer d.using.RUnlock()
	if err := d.usable(ctx); err != nil || len(positions) == 0 {
		return err
	}
	if _, err := d.own(true); err != nil {
		return err
	}
	file := d.file(pipeline)
	file.mu.Lock()
	defer file.mu.Unlock()
	if err := file.read(); err != nil {
		return err
	}
	return file.write(file.content.with(positions))
}

// Close gives the directory free. Closing twice is harmless.
func (d *Directory) Close() error {
	d.using.Lock()
	defer d.using.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	if d.lock == nil {
		return nil
	}
	return d.lock.release()
}

func (d *Directory) usable(ctx context.Context) error {
	if d.closed {
		return ErrClosed
	}
	return ctx.Err()
}

// own reports whether the directory is this engine's. If nobody's, it takes it when asked to create it, and
// else reports false: there is nothing in it.
func (d *Directory) own(create bool) (bool, error) {
	d.owning.Lock()
	defer d.owning.Unlock()
	if d.lock != nil {
		return true, d.lock.check()
	}
	if d.refused != nil {
		return false, d.refused
	}
	used, err := d.used()
	if err != nil {
		return false, err
	}
	if used {
		d.refused = &LockedError{Path: d.path, Overtaken: true}
		return false, d.refused
	}
	if !create {
		return false, nil
	}
	return true, d.take()
}

// take makes the directory and locks it.
func (d *Directory) take() error {
	if err := makeDirectory(d.path); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	held, err := takeLock(d.path, true)
	if err == nil {
		d.lock = held
	} else if used, _ := d.used(); used {
		d.refused = err // there is a lock file now, and it is not held here
	}
	return err
}

func (d *Directory) file(pipeline string) *pipelineFile {
	d.listing.Lock()
	defer d.listing.Unlock()
	file := d.pipelines[pipeline]
	if file == nil {
		file = &pipelineFile{path: filepath.Join(d.path, "positions", fileName(pipeline)), pipeline: pipeline}
		d.pipelines[pipeline] = file
	}
	return file
}

// read fills content unless it is filled. A file with an error is read again the next time.
func (f *pipelineFile) read() error {
	if f.content != nil {
		return nil
	}
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		f.content = ledger{}
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	content, err := decode(f.path, f.pipeline, text)
	if err != nil {
		return err
	}
	f.content = content
	return nil
}

// write makes content the content of the file. After an error nobody knows what the file holds, so it is
// read again.
func (f *pipelineFile) write(content ledger) error {
	err := makeDirectory(filepath.Dir(f.path))
	if err == nil {
		err = replace(f.path, encode(f.pipeline, content))
	}
	if err != nil {
		f.content = nil
		return fmt.Errorf("store: save positions of %q: %w", f.pipeline, err)
	}
	f.content = content
	return nil
}
