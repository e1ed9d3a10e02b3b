package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// writing is the connection that writes.
type writing struct {
	dialect  *Dialect
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

// close closes the connection for good: it does not go back to its pool.
func (w *writing) close() {
	for _, statement := range w.prepared {
		_ = statement.Close()
	}
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = w.conn.Close()
}

// exec runs a statement that is not worth preparing.
func (w *writing) exec(ctx context.Context, query string, args ...any) error {
	_, err := w.conn.ExecContext(ctx, w.dialect.text(query), args...)
	return err
}

func (w *writing) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if statement := w.prepared[query]; statement != nil {
		return statement, nil
	}
	statement, err := w.conn.PrepareContext(ctx, w.dialect.text(query))
	if err == nil {
		w.prepared[query] = statement
	}
	return statement, err
}

// run runs a prepared statement and returns how many rows it changed.
func (w *writing) run(ctx context.Context, query string, args ...any) (int64, error) {
	statement, err := w.prepare(ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := statement.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// chunks are the numbers of rows that one statement may have, so that few statements have to be prepared.
func chunks() []int { return []int{64, 32, 16, 8, 4, 2, 1} }

// each runs statements for n rows: before, then item for each row, then after. arg appends the arguments of a row.
func (w *writing) each(ctx context.Context, before, item, after string, n int, arg func(args []any, row int) []any) error {
	var args []any
	for row := 0; row < n; {
		for _, size := range chunks() {
			if n-row < size {
				continue
			}
			args = args[:0]
			for range size {
				args = arg(args, row)
				row++
			}
			if _, err := w.run(ctx, statement{before, item, after, size}.text(), args...); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

type statement struct {
	before, item, after string
	rows                int
}

func (s statement) text() string { return s.before + list(s.item, s.rows) + s.after }

// numbers reserves n sequence numbers.
func (w *writing) numbers(ctx context.Context, n int) ([]int64, error) {
	if n == 0 {
		return nil, nil
	}
	statement, err := w.prepare(ctx, w.dialect.Numbers)
	if err != nil {
		return nil, err
	}
	rows, err := statement.QueryContext(ctx, n)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	numbers := make([]int64, 0, n)
	for rows.Next() {
		var number int64
		if err := rows.Scan(&number); err != nil {
			return nil, err
		}
		numbers = append(numbers, number)
	}
	if len(numbers) == 1 { // the last one
		last := numbers[0]
		numbers = numbers[:0]
		for i := range int64(n) {
			numbers = append(numbers, last-int64(n)+1+i)
		}
	}
	return numbers, rows.Err()
}
