package sandbox

import (
	"context"
	"net"
)

// An unbuilt is what no driver does yet.
type unbuilt struct{}

func (unbuilt) Assign(context.Context, Assignment) error    { return ErrNotBuilt }
func (unbuilt) Release() error                              { return ErrNotBuilt }
func (unbuilt) Ended() <-chan Ended                         { return nil }
func (unbuilt) Dial(context.Context, int) (net.Conn, error) { return nil, ErrNotBuilt }
func (unbuilt) PrivateMemory() int64                        { return 0 }
