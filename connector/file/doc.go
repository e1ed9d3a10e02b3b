// Package file is the connector that reads lines from files and appends records to files.
//
// # Source
//
// Every line is a record: its data without the line's end, the header "file-path", and a "content-type". Lines are
// not looked into. At the end of a file that is not followed, what stands there without a newline is
// the last line; in a followed file it waits for its newline.
//
// The position of a record is the offset just behind its line, and a token that recognises the
// file again: its inode number and a checksum of its first bytes. So a restart continues where
// it was, also when the file was renamed meanwhile (rotated): the renamed one is looked for in the same directory and
// finished first. When it is found nowhere, or the file was truncated or replaced, the file is read from its
// beginning and the log says so. The id of a record is made of the path, the file's inode, how many files
// the source has seen at that path, and the line's offset: a line that is read twice, because it was in flight at a
// crash, has the same id both times, and another line never has it.
//
// A followed file is looked at in intervals that grow from 10 milliseconds to `poll` while nothing comes. One that is renamed and
// replaced is read on until nothing was added to it for `rotate_wait`; what is written to it later, and a file that
// came and went between two looks, is not seen. A followed file that does not exist yet is waited for.
//
// A line longer than max_line stops the source with an error that names the file and the offset. It
// is not cut and not skipped, because both would lose data behind the operator's back.
//
// # Sink
//
// Records are appended, each as one line. The sink owns its files while it is open, and on Unix takes a lock that
// keeps a second sink from appending to the same file. A write that fails half way (no space left) is taken back, so that
// the file holds whole lines only; its records fail as unavailable and may be tried again. The half line that
// a crash left is moved to a file of the same name with .torn behind it.
//
// fsync says when lines are on the disk, and not only with the operating system: `always` before records count as
// delivered, `interval` within a second, `never` when the system likes. With the latter two a
// crash of the machine, not one of the process, can lose what was delivered last.
//
// With rotation a full or old file is renamed to its name with the time behind it, such as
// out.ndjson.20260102T150405.000000Z, and only the newest `keep` of these are kept.
//
// The path may be a template; each path is then a destination of its own. What a record brings into a path
// cannot lead out of it: it may name directories below, and nothing that begins with a dot or a slash.
//
// Reading and writing of files cannot be interrupted: on a file system that hangs, Read and Write hang too.
package file
