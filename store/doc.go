// Package store keeps what must survive a restart: the committed position of each partition of each pipeline, the backlog of
// records that the engine answers for by itself, the dead letters, and the ledger of what became of records.
//
//	NewMemory       for tests, demos and sources that begin anew at each start; nothing survives the process
//	store/sqlite    a directory that one engine holds at a time: the embedded store
//	store/postgres  a database that engines share
//	store/storetest the suite that each of them passes
//
// All that belongs together goes through one Change, which is kept as a whole: the entry that leaves the backlog, the letter that it
// became, the position behind it. A store never guesses. What it cannot read any more it moves aside and reports, see
// Inspector; what it cannot keep it says so about, with an error that names the place and the cure.
//
// A position that a store loses costs duplicates and never a record. An entry that it loses is a lost record: so Keep
// returns when the change is on the disk, and not before. Callers at the same time share the wait.
package store
