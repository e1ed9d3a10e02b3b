// Package ratelimit bounds how often each client of a server is served, with a bucket of tokens for each, and the number of clients
// that are known at a time.
package ratelimit
