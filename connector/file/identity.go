package file

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// headSize is how many of a file's first bytes make it recognisable, where it has so many.
const headSize = 256

// identity recognises a file under another name, and a file that replaced another one in its place: inode numbers
// are used again soon after a file is removed.
type identity struct {
	inode  uint64 // 0 where there are none
	length int    // of the first bytes that sum is made of
	sum    uint32
}

// identify makes the identity of a file out of at most limit of its first bytes.
func identify(file *os.File, limit int64) (identity, error) {
	info, err := file.Stat()
	if err != nil {
		return identity{}, err
	}
	head := make([]byte, min(limit, headSize))
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return identity{}, err
	}
	return identity{inode: inode(info), length: n, sum: crc32.ChecksumIEEE(head[:n])}, nil
}

// is reports whether file is the one that was identified.
func (id identity) is(file *os.File) (bool, error) {
	other, err := identify(file, int64(id.length))
	return other == id, err
}

// token is what a position carries to find its file again: generation-inode-length-sum.
func (id identity) token(generation int) string {
	return fmt.Sprintf("%d-%x-%d-%08x", generation, id.inode, id.length, id.sum)
}

func parseToken(token string) (id identity, generation int, err error) {
	if _, err = fmt.Sscanf(token, "%d-%x-%d-%08x", &generation, &id.inode, &id.length, &id.sum); err != nil {
		err = fmt.Errorf("position token %q: %w", token, err)
	}
	if id.length < 0 || id.length > headSize {
		err = fmt.Errorf("position token %q: length out of range", token)
	}
	return id, generation, err
}

// recordPrefix begins the ids of a file's records. It depends on nothing that changes while the file grows.
func (id identity) recordPrefix(path string, generation int) string {
	key := binary.BigEndian.AppendUint64([]byte(path+"\x00"), id.inode)
	key = binary.BigEndian.AppendUint64(key, uint64(generation))
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8]) + "-"
}

// find opens the file of that identity in the directory of path, or returns nil.
func (id identity) find(path string) *os.File {
	if id.inode == 0 {
		return nil
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || inode(info) != id.inode {
			continue
		}
		if file := id.openIf(filepath.Join(filepath.Dir(path), entry.Name())); file != nil {
			return file
		}
	}
	return nil
}

// openIf opens path if it is the file of that identity, or returns nil.
func (id identity) openIf(path string) *os.File {
	file, err := openRegular(path)
	if err != nil {
		return nil
	}
	if same, err := id.is(file); !same || err != nil {
		file.Close() //nolint:errcheck // it was only looked at
		return nil
	}
	return file
}
