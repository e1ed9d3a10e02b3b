package http

import "io"

// declaredBody is a body whose length was declared.
type declaredBody struct {
	from io.Reader
	left int64 // what was not read yet
}

// Read returns io.EOF behind the last byte, and io.ErrUnexpectedEOF when the connection ends before it.
func (b *declaredBody) Read(into []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.from.Read(into[:min(int64(len(into)), b.left)])
	b.left -= int64(n)
	if err == io.EOF && b.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
