package sqlstore

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"
)

// Dialect is what differs between databases. Statements are written with ? for each argument, and with {int} and
// {blob} for the two types.
type Dialect struct {
	Int, Blob string
	Numbered  bool // arguments are $1, $2, ...
	// Insert begins an insert whose failure is that of its transaction, so that nothing smaller has to be undone.
	Insert string

	Begin string // begins a transaction that is going to write
	// LockSchema is run in the transaction of the migrations, for databases that others may open at the same time.
	LockSchema string
	// Numbers reserves the ? next sequence numbers, and returns them all or the last one.
	Numbers string
	// Setup are statements of this database alone, run after those of migration 1.
	Setup []string
	// Guard is asked before each transaction; its error refuses it. Nil: there is nothing to ask.
	Guard func() error
	// Patience bounds a transaction; 0 is no limit.
	Patience time.Duration
	// Explain puts an error of the database at where in the terms of package store.
	Explain func(where string, err error) error
	// Tend is called between transactions, now and then, and at the end with last.
	Tend func(ctx context.Context, conn *sql.Conn, last bool) error
}

// text puts a statement in the words of the database.
func (d *Dialect) text(query string) string {
	query = strings.NewReplacer("{int}", d.Int, "{blob}", d.Blob).Replace(query)
	if !d.Numbered {
		return query
	}
	var b strings.Builder
	n := 0
	for _, part := range strings.SplitAfter(query, "?") {
		if before, ok := strings.CutSuffix(part, "?"); ok {
			n++
			part = before + "$" + strconv.Itoa(n)
		}
		b.WriteString(part)
	}
	return b.String()
}

// list returns n times item, with commas.
func list(item string, n int) string {
	return strings.TrimSuffix(strings.Repeat(item+",", n), ",")
}
