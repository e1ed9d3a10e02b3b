// Command engine runs acktor from YAML files.
//
//	engine new http-to-http     write a configuration that runs as it is
//	engine check                say what is wrong with it, all at once
//	engine run                  run it
//	engine demo                 watch five destinations, some of them in trouble
//	engine explain ID           tell what became of a record
//	engine dead list            what failed for good; and show, replay, drop
//	engine connectors, schema   what a configuration may say
//
// Exit codes: 0 fine, 1 something failed while running, 2 wrong configuration or usage, 3 the environment (an address
// in use, a data directory locked), 130 or 143 when a second SIGINT or SIGTERM ended it at once.
//
// There is one file for each command; exit.go, load.go and streams.go are what they share.
package main
