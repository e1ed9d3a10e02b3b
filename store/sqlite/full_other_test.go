//go:build !linux

package sqlite

import "testing"

const smallDiskVariable = "STORE_TEST_SMALL_DISK"

func onSmallDisk(*testing.M, string) int { return 1 }
