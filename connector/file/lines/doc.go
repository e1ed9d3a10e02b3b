// Package lines frames records as lines of text: it cuts streams into records and writes records as
// lines. The connectors that speak in lines (files, standard input and output) share it.
//
// Reading is made for many small lines: a [Splitter] is filled with large blocks, and the records of
// one batch share three allocations, one for the records, one for their data, and one for their ids.
// A batch is therefore freed as a whole; it is small enough for that not to matter.
//
// What is a line: bytes up to a newline; one carriage return in front of it is taken off. In
// [NDJSON] a blank line is no record, in [Lines] it is an empty one. Lines are not looked into: one
// that is not JSON is handed over as it is, for a step or a sink to fail it where that is seen.
package lines
