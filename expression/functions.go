package expression

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
)

// Hash is the function hash(text): SHA-256, in hexadecimal.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// functions are those that expr lacks, and those whose own version is unbounded, or careless with JSON.
func functions() []expr.Option {
	return []expr.Option{
		expr.Function("hash", func(p ...any) (any, error) { return Hash(p[0].(string)), nil }, Hash),
		expr.Function("string", func(p ...any) (any, error) { return text(p[0]) }, new(func(any) string)),
		expr.Function("toJSON", toJSON, new(func(any) string)),
		expr.Function("fromJSON", fromJSON, new(func(string) any)),
		expr.Function("join", join, new(func([]any, string) string), new(func([]any) string),
			new(func([]string, string) string), new(func([]string) string)),
		expr.Function("repeat", repeat, strings.Repeat),
		expr.Function("replace", replace, strings.Replace, strings.ReplaceAll),
	}
}

func toJSON(p ...any) (any, error) {
	text, err := AppendJSON(nil, p[0])
	return string(text), err
}

func fromJSON(p ...any) (any, error) { return parse([]byte(p[0].(string))) }

func join(p ...any) (any, error) {
	glue := ""
	if len(p) == 2 {
		glue = p[1].(string)
	}
	parts, ok := p[0].([]string)
	if list, isList := p[0].([]any); isList {
		ok = true
		for _, part := range list {
			text, isText := part.(string)
			if !isText {
				return nil, fmt.Errorf("join takes a list of texts; found %s in it", describe(part))
			}
			parts = append(parts, text)
		}
	}
	if !ok {
		return nil, fmt.Errorf("join takes a list of texts, not %s", describe(p[0]))
	}
	size := len(glue) * len(parts)
	for _, part := range parts {
		size += len(part)
	}
	if size > maxBytes {
		return nil, ErrTooLarge
	}
	return strings.Join(parts, glue), nil
}

func repeat(p ...any) (any, error) {
	text, count := p[0].(string), p[1].(int)
	if count < 0 {
		return nil, fmt.Errorf("repeat takes a count of 0 or more, not %d", count)
	}
	if len(text) > 0 && count > maxBytes/len(text) {
		return nil, ErrTooLarge
	}
	return strings.Repeat(text, count), nil
}

func replace(p ...any) (any, error) {
	text, old, fresh, limit := p[0].(string), p[1].(string), p[2].(string), -1
	if len(p) == 4 {
		limit = p[3].(int)
	}
	count := strings.Count(text, old)
	if limit >= 0 {
		count = min(count, limit)
	}
	if growth := len(fresh) - len(old); growth > 0 && count > (maxBytes-min(len(text), maxBytes))/growth {
		return nil, ErrTooLarge
	}
	return strings.Replace(text, old, fresh, limit), nil
}
