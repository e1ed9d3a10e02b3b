//go:build !unix

package file

import (
	"io/fs"
	"os"
)

func inode(fs.FileInfo) uint64 { return 0 }

func lock(*os.File) error { return nil }

func syncDirectory(string) error { return nil }
