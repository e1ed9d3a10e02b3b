package telemetry

import (
	"context"
	"fmt"
	"log/slog"
)

// cleanHandler passes on log records whose texts are cleaned. It is as safe for concurrent use as
// inner is.
type cleanHandler struct {
	inner   slog.Handler
	cleaner *cleaner
}

var _ slog.Handler = (*cleanHandler)(nil)

// Enabled asks the inner handler.
func (h *cleanHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.inner.Enabled(ctx, level)
}

// Handle cleans the message and the attributes.
func (h *cleanHandler) Handle(ctx context.Context, record slog.Record) error {
	cleaned := slog.NewRecord(record.Time, record.Level, h.cleaner.text(record.Message), record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		cleaned.AddAttrs(h.cleaner.attr(attr))
		return true
	})
	return h.inner.Handle(ctx, cleaned)
}

// WithAttrs cleans the attributes once, for all records.
func (h *cleanHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &cleanHandler{inner: h.inner.WithAttrs(h.cleaner.attrs(attrs)), cleaner: h.cleaner}
}

// WithGroup cleans the name.
func (h *cleanHandler) WithGroup(name string) slog.Handler {
	return &cleanHandler{inner: h.inner.WithGroup(h.cleaner.text(name)), cleaner: h.cleaner}
}

func (c *cleaner) attrs(attrs []slog.Attr) []slog.Attr {
	cleaned := make([]slog.Attr, len(attrs))
	for i, attr := range attrs {
		cleaned[i] = c.attr(attr)
	}
	return cleaned
}

func (c *cleaner) attr(attr slog.Attr) slog.Attr {
	return slog.Attr{Key: c.text(attr.Key), Value: c.value(attr.Value.Resolve())}
}

// value cleans whatever can carry text. Numbers, times and their like pass as they are; every other
// type becomes the text that fmt makes of it, since only of text is it known what will be written.
func (c *cleaner) value(value slog.Value) slog.Value {
	switch value.Kind() {
	case slog.KindString:
		return slog.StringValue(c.text(value.String()))
	case slog.KindGroup:
		return slog.GroupValue(c.attrs(value.Group())...)
	case slog.KindAny:
		return c.any(value.Any())
	}
	return value
}

func (c *cleaner) any(value any) slog.Value {
	switch v := value.(type) {
	case nil, slog.Level:
		return slog.AnyValue(v)
	case []byte:
		return slog.StringValue(c.text(string(v)))
	}
	return slog.StringValue(c.text(fmt.Sprintf("%+v", value)))
}
