package telemetry

import (
	"os"
	"testing"
)

func TestTerminalIsTinted(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	if !tinted(terminal, FormatAuto) || tinted(terminal, FormatJSON) {
		t.Error("format auto is tint on a terminal, format json is not")
	}
}
