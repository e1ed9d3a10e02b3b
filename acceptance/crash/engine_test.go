package crash

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/connector/all"
	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/store/sqlite"
)

// What an engine process is told through its environment.
const (
	engineVariable = "ACKTOR_CRASH_CONFIG" // the file of its configuration; the store is beside it
	pointVariable  = "ACKTOR_CRASH_POINT"  // where it is to die, and at which time it comes there: "keep.before 3"
	bugVariable    = "ACKTOR_CRASH_BUG"    // what it does wrong
)

// runEngine is the engine process. It says where it listens, and obeys the lines on its standard input until they end.
func runEngine() int {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func serve() error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	path := os.Getenv(engineVariable)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	loaded, diagnostics := config.Load([]config.Source{{Name: path, Text: text}}, all.Registry(), config.Options{Logger: log})
	if loaded == nil {
		return fmt.Errorf("the configuration is wrong: %s", diagnostics)
	}
	inner, err := sqlite.Open(context.Background(), storeBeside(path), sqlite.Options{Log: log})
	if err != nil {
		return err
	}
	defer inner.Close()
	listens, _ := loaded.Pipelines[0].Source.(interface{ Addr() net.Addr })
	kept := wrap(&loaded.Pipelines[0], inner)
	engine, err := acktor.New(acktor.Options{Logger: log, Store: kept, Ledger: loaded.Store.Ledger})
	if err != nil {
		return err
	}
	for _, pipeline := range acktor.FromConfig(loaded) {
		if err := engine.Add(pipeline); err != nil {
			return err
		}
	}
	if err := engine.Start(context.Background()); err != nil {
		return err
	}
	address := "-"
	if listens != nil {
		address = listens.Addr().String()
	}
	fmt.Println("ready", address)
	err = obey(engine, inner)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(err, engine.Stop(ctx))
}

func storeBeside(path string) string { return strings.TrimSuffix(path, ".yaml") + ".data" }

// obey answers each line with one.
func obey(engine *acktor.Engine, kept store.Store) error {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		switch lines.Text() {
		case "status":
			pending, _, err := kept.Count(context.Background(), "crash")
			letters, err2 := kept.CountLetters(context.Background(), store.LetterQuery{})
			if err := errors.Join(err, err2); err != nil {
				return err
			}
			fmt.Println(pending, letters, engine.Pipelines()[0].InFlight)
		case "replay":
			moved, err := engine.Replay(context.Background(), store.LetterQuery{})
			if err != nil {
				return err
			}
			fmt.Println(moved)
		}
	}
	return nil
}
