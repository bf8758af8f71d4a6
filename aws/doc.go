// Package aws holds the words that every part of lamgate shares: who is
// calling (Caller), what is named (ARN), what went wrong (Fault), what time it
// is (Clock), and how identifiers look (the New…ID functions).
//
// It is the lowest floor of the house: it imports nothing of lamgate's, does
// no I/O and keeps no state. A word belongs here only if at least two planes
// need it; what belongs to one AWS service belongs to that service's package.
package aws
