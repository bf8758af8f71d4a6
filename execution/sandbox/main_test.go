//go:build unix

package sandbox

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is also what runs inside of sandboxes, and a server to be
// killed: a variable of the environment says which, and its argument.
func TestMain(m *testing.M) {
	name, argument, _ := strings.Cut(os.Getenv("SANDBOX_TEST_PROGRAM"), " ")
	if name == "" {
		os.Exit(m.Run())
	}
	programs := linuxPrograms()
	programs["exit"] = exitWith
	programs["hang"] = hang
	programs["count"] = count
	programs["catch"] = catch
	os.Exit(programs[name](argument))
}

func exitWith(code string) int {
	n, _ := strconv.Atoi(code)
	fmt.Println("ran")
	return n
}

func hang(string) int {
	fmt.Println("hanging")
	time.Sleep(time.Hour)
	return 0
}

// count prints numbers until it is ended.
func count(string) int {
	for i := 0; ; i++ {
		fmt.Println(i)
		time.Sleep(time.Millisecond)
	}
}

func catch(string) int {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM)
	fmt.Println("ready")
	<-c
	return 42
}
