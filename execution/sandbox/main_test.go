//go:build unix

package sandbox

import (
	"fmt"
	"net"
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
	programs["answer"] = answer
	programs["hold"] = hold
	programs["log"] = writeLog
	os.Exit(programs[name](argument))
}

// writeLog writes to the file that a command may have as its log.
func writeLog(text string) int {
	if _, err := os.NewFile(LogFD, "log").WriteString(text); err != nil {
		fmt.Println(err)
	}
	return 0
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

// answer listens on a port, prints it, and says the same to everyone.
func answer(string) int {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("port", l.Addr().(*net.TCPAddr).Port)
	for {
		c, err := l.Accept()
		if err != nil {
			return 1
		}
		fmt.Fprint(c, "answer")
		c.Close()
	}
}

// hold keeps some megabytes.
func hold(megabytes string) int {
	n, _ := strconv.Atoi(megabytes)
	b := make([]byte, n<<20)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	fmt.Println("holding")
	time.Sleep(time.Hour)
	return int(b[0])
}
