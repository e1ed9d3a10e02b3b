// Package stdio holds two connectors: stdin, a source that reads lines from standard input, and stdout, a sink that
// writes records to standard output.
//
// Standard input cannot be read again. So the source keeps the records that are not settled yet, and hands
// them over again when it is opened again; its records have no positions. It ends at the end of the input, where
// what stands without a newline is the last line. A line longer than max_line stops it with an error that says where.
//
// A read from a terminal, and a write to a pipe that nobody reads, cannot be interrupted. Both run in a goroutine of
// their own, so that nobody else has to wait for them; one that is never answered stays until the process ends.
package stdio
