//go:build unix && !(linux && (amd64 || arm64))

package sandbox

func linuxPrograms() map[string]func(string) int { return map[string]func(string) int{} }
