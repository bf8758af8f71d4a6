// Package network is the way out of a sandbox that has a network of its own:
// what its processes send to the world, the server sends in their place.
//
// A sandbox's egress network is two ends of one cable in the sandbox's own
// network namespace. Its processes have the one; a packet socket on the other
// is handed to the server, which runs a TCP/IP stack of its own on it (gVisor's)
// and dials the host's network for every connection. So it needs no privileges,
// no device, no firewall and no forwarding on the host, and what a function may
// reach is decided here, by one function (policy.go), on addresses and not on
// names.
//
//	egress.go   what all sandboxes share; Serve
//	gateway.go  one sandbox's stack, made when it first sends something
//	link.go     frames, between the packet socket and the stack
//	tcp.go      connections
//	udp.go      datagrams
//	dns.go      questions to the host's resolvers
//	policy.go   what may be reached
//	files.go    how many connections the server has file descriptors for
//
// # What is not done
//
// There is no IPv6, as functions on AWS have none outside of a VPC with two stacks:
// the sandbox has no route, and connecting fails at once with ENETUNREACH. There is
// no ICMP but refusals. What the host reaches in its own
// neighbourhood, other than itself, functions reach too. Nothing comes in but
// answers.
package network
