package signature

import (
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// What may stand in braces in the text that says what is signed.
const (
	partBody      = "{body}"
	partTimestamp = "{timestamp}"
	partID        = "{id}"
)

// content says what is signed: texts, with the parts of the message between them.
type content []string

// parseContent reads a text such as "{timestamp}.{body}".
func parseContent(text string) (content, error) {
	var parsed content
	for rest := text; rest != ""; {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			parsed = append(parsed, rest)
			break
		}
		if open > 0 {
			parsed = append(parsed, rest[:open])
			rest = rest[open:]
		}
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return nil, errors.New("a brace is not closed")
		}
		part := rest[:end+1]
		if part != partBody && part != partTimestamp && part != partID {
			return nil, fmt.Errorf("%q is none of {body}, {timestamp}, {id}", part)
		}
		if parsed.has(part) {
			return nil, fmt.Errorf("%s is there twice", part)
		}
		parsed, rest = append(parsed, part), rest[end+1:]
	}
	if !parsed.has(partBody) {
		return nil, errors.New("{body} is missing: the body would not be signed")
	}
	return parsed, nil
}

func (c content) has(part string) bool {
	for _, one := range c {
		if one == part {
			return true
		}
	}
	return false
}

// write gives mac what is signed. A hash never fails to take it.
func (c content) write(mac hash.Hash, id, stamp string, body []byte) {
	for _, part := range c {
		switch part {
		case partBody:
			_, _ = mac.Write(body)
		case partTimestamp:
			_, _ = io.WriteString(mac, stamp)
		case partID:
			_, _ = io.WriteString(mac, id)
		default:
			_, _ = io.WriteString(mac, part)
		}
	}
}
