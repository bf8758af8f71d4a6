package runtimes

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/lamgate/lamgate/execution/bootstrap"
)

var ruby = language{
	family: Ruby, title: "Ruby", mend: "rbenv or mise", minor: true, client: bootstrap.Ruby,
	names:         []string{"ruby3.4", "ruby3.3", "ruby3.2"},
	installations: (*search).rubies,
	launch:        launchRuby,
}

// rubies finds ruby by the version in a directory's name, and asks those that a
// system's packages have installed.
func (s *search) rubies() []installation {
	list := versions(nil, "ruby", s.glob(
		".rbenv/versions/*/bin", "$RBENV_ROOT/versions/*/bin",
		".rvm/rubies/*/bin", "/usr/local/rvm/rubies/*/bin", ".rubies/*/bin", "/opt/rubies/*/bin",
		".asdf/installs/ruby/*/bin", "$ASDF_DATA_DIR/installs/ruby/*/bin",
		".local/share/mise/installs/ruby/*/bin", "$MISE_DATA_DIR/installs/ruby/*/bin",
		"$RUNNER_TOOL_CACHE/Ruby/*/x64/bin", "/opt/hostedtoolcache/Ruby/*/x64/bin",
	))
	s.path = append(s.path[:len(s.path):len(s.path)], s.glob("/opt/homebrew/opt/ruby@*/bin", "/home/linuxbrew/.linuxbrew/opt/ruby@*/bin")...)
	// The client is written for Ruby 3.
	return without(s.asked(list, "ruby"), func(v version) bool { return v.major < 3 })
}

func launchRuby(r *Runtime, l *Launch, c *Command) error {
	if l.DebugPort > 0 {
		if !hasRubyDebugger(r, l) {
			return fmt.Errorf("the gem debug is not there: %s install debug, or put it into the function's bundle", filepath.Join(filepath.Dir(r.Path), "gem"))
		}
		c.Args = append(c.Args, "-rdebug/open_nonstop")
		c.set("RUBY_DEBUG_HOST", "127.0.0.1")
		c.set("RUBY_DEBUG_PORT", strconv.Itoa(l.DebugPort))
	}
	c.Args = append(c.Args, r.client)
	// AWS: GEM_PATH of "Using Lambda environment variables" in the developer
	// guide. Gems are kept by the version they were installed with, the function's;
	// this host's own come after.
	gems := fmt.Sprintf("/var/task/vendor/bundle/ruby/%d.%d.0:/opt/ruby/gems/%[1]d.%d.0", r.asked.major, r.asked.minor)
	if r.found.major != r.asked.major || r.found.minor != r.asked.minor {
		gems += fmt.Sprintf(":/var/task/vendor/bundle/ruby/%d.%d.0:/opt/ruby/gems/%[1]d.%d.0", r.found.major, r.found.minor)
	}
	c.set("GEM_PATH", gems)
	c.set("RUBYLIB", "/var/task:/var/runtime/lib:/opt/ruby/lib")
	return nil
}

// hasRubyDebugger reports whether a sandbox sees the gem debug: the function's, a
// layer's, or the one that comes with Ruby, which Debian has apart.
func hasRubyDebugger(r *Runtime, l *Launch) bool {
	const file = "/gems/debug-[0-9]*/lib/debug/open_nonstop.rb"
	if hasPackaged(l.Task, "vendor/bundle/ruby/*"+file) || hasPackaged(l.Opt, "ruby/gems/*"+file) {
		return true
	}
	prefix := filepath.Dir(filepath.Dir(r.Path))
	places := []string{prefix + "/lib/ruby/gems/*" + file}
	if prefix == "/usr" {
		places = append(places, "/usr/lib/ruby/vendor_ruby/debug/open_nonstop.rb")
	}
	return slices.ContainsFunc(places, func(pattern string) bool {
		found, _ := filepath.Glob(pattern)
		return len(found) > 0
	})
}
