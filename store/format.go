package store

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/acktor/acktor/connector"
)

// Every version of the format keeps the first line (magic and version) and the last (the checksum of all that
// stands before it), so that damage and a newer version are told apart.
const (
	magic     = "acktor-positions "
	version   = 1
	sumPrefix = "crc32c "
	sumLength = len(sumPrefix) + 8 + len("\n")
)

// encode writes the file of a pipeline. Equal ledgers give equal bytes.
func encode(pipeline string, positions ledger) []byte {
	b := fmt.Appendf(nil, "%s%d\npipeline %s\n", magic, version, strconv.Quote(pipeline))
	for _, p := range positions.list() {
		b = fmt.Appendf(b, "position %s %d %s\n", strconv.Quote(p.Partition), p.Offset, strconv.Quote(p.Token))
	}
	return append(b, checksum(b)...)
}

func checksum(content []byte) string {
	return fmt.Sprintf("%s%08x\n", sumPrefix, crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli)))
}

// decode reads the file at path, which should be that of pipeline. Its errors are DamagedError and VersionError.
func decode(path, pipeline string, text []byte) (ledger, error) {
	damaged := func(reason string, args ...any) error {
		return &DamagedError{Path: path, Reason: fmt.Sprintf(reason, args...)}
	}
	switch {
	case len(text) == 0:
		return nil, damaged("it is empty")
	case !bytes.HasPrefix(text, []byte(magic)):
		return nil, damaged("it is no positions file")
	case len(text) < sumLength:
		return nil, damaged("it is cut off")
	}
	body, sum := text[:len(text)-sumLength], string(text[len(text)-sumLength:])
	if sum != checksum(body) {
		return nil, damaged("its checksum does not match, so it was cut off or changed")
	}
	head, rest, _ := strings.Cut(string(body), "\n")
	found, err := strconv.Atoi(strings.TrimPrefix(head, magic))
	switch {
	case err != nil || found < 1:
		return nil, damaged("its first line is %q", connector.Bound(head, 40))
	case found > version:
		return nil, &VersionError{Path: path, Found: found, Known: version}
	}
	owner, positions, err := decodeLines(rest)
	switch {
	case err != nil:
		return nil, damaged("%v", err)
	case owner != pipeline:
		return nil, damaged("it belongs to pipeline %q, not %q", owner, pipeline)
	}
	return positions, nil
}

// decodeLines reads what stands between the first line and the checksum.
func decodeLines(text string) (pipeline string, positions ledger, err error) {
	positions = ledger{}
	number := 1
	for line := range strings.Lines(text) {
		number++
		if number == 2 {
			pipeline, err = decodePipeline(line)
		} else {
			err = decodePosition(line, positions)
		}
		if err != nil {
			return "", nil, fmt.Errorf("line %d is %q", number, connector.Bound(line, 80))
		}
	}
	if number < 2 {
		return "", nil, fmt.Errorf("it names no pipeline")
	}
	return pipeline, positions, nil
}

func decodePipeline(line string) (string, error) {
	quoted, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "pipeline ")
	if !ok {
		return "", strconv.ErrSyntax
	}
	return strconv.Unquote(quoted)
}

func decodePosition(line string, into ledger) error {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "position ")
	if !ok {
		return strconv.ErrSyntax
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return err
	}
	offset, token, _ := strings.Cut(strings.TrimPrefix(rest[len(quoted):], " "), " ")
	var p connector.Position
	if p.Partition, err = strconv.Unquote(quoted); err != nil {
		return err
	}
	if p.Offset, err = strconv.ParseInt(offset, 10, 64); err != nil {
		return err
	}
	if p.Token, err = strconv.Unquote(token); err != nil {
		return err
	}
	into[p.Partition] = p
	return nil
}
