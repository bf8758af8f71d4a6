package resource

import (
	"math/rand/v2"
	"strings"
)

const (
	mixedAlphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	lowerAlphanumeric = "0123456789abcdefghijklmnopqrstuvwxyz"
)

// generateName returns a physical name as AWS makes it, STACK-LOGICAL-RANDOM,
// of at most most characters: what is too long loses its end, stack name and
// logical ID alike.
func generateName(r *Request, most int) string {
	return joinName(r.StackName, r.LogicalID, most, mixedAlphanumeric)
}

// generateLowerName is generateName for buckets.
func generateLowerName(r *Request, most int) string {
	return joinName(strings.ToLower(r.StackName), strings.ToLower(r.LogicalID), most, lowerAlphanumeric)
}

func joinName(stack, logical string, most int, alphabet string) string {
	const random = 12
	room := most - random - 2
	if over := len(stack) + len(logical) - room; over > 0 {
		half := room / 2
		switch {
		case len(logical) <= half:
			stack = stack[:room-len(logical)]
		case len(stack) <= half:
			logical = logical[:room-len(stack)]
		default:
			stack, logical = stack[:half], logical[:room-half]
		}
	}
	b := make([]byte, random)
	for i := range b {
		b[i] = alphabet[rand.IntN(len(alphabet))]
	}
	return stack + "-" + logical + "-" + string(b)
}
