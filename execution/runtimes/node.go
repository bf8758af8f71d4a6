package runtimes

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/execution/bootstrap"
)

var node = language{
	family: Node, title: "Node.js", mend: "nvm", client: bootstrap.Node,
	names:         []string{"nodejs24.x", "nodejs22.x", "nodejs20.x", "nodejs18.x", "nodejs16.x"},
	installations: (*search).nodes,
	launch:        launchNode,
}

// nodes finds node by the version in a directory's name, and asks those that a
// system's packages have installed.
func (s *search) nodes() []installation {
	list := versions(nil, "node", s.glob(
		".nvm/versions/node/*/bin", "$NVM_DIR/versions/node/*/bin",
		".local/share/fnm/node-versions/*/installation/bin", ".fnm/node-versions/*/installation/bin", "$FNM_DIR/node-versions/*/installation/bin",
		".volta/tools/image/node/*/bin", "$VOLTA_HOME/tools/image/node/*/bin",
		".asdf/installs/nodejs/*/bin", "$ASDF_DATA_DIR/installs/nodejs/*/bin",
		".local/share/mise/installs/node/*/bin", "$MISE_DATA_DIR/installs/node/*/bin",
		"n/n/versions/node/*/bin", "n/versions/node/*/bin", "$N_PREFIX/n/versions/node/*/bin", "/usr/local/n/versions/node/*/bin",
		".nodenv/versions/*/bin", "$NODENV_ROOT/versions/*/bin", ".nvs/node/*/x64/bin",
		"$RUNNER_TOOL_CACHE/node/*/x64/bin", "/opt/hostedtoolcache/node/*/x64/bin",
	))
	s.path = append(s.path[:len(s.path):len(s.path)], s.glob("/opt/homebrew/opt/node@*/bin", "/home/linuxbrew/.linuxbrew/opt/node@*/bin")...)
	// The client is written for Node.js 16 and later.
	return without(s.asked(list, "node"), func(v version) bool { return v.major < 16 })
}

func launchNode(r *Runtime, l *Launch, c *Command) error {
	// AWS: as the base images' /var/runtime/bootstrap starts node: functions may
	// collect garbage themselves, be answered with headers of 80 KB, and use nine
	// tenths of their memory for what lives long.
	c.Args = append(c.Args, "--expose-gc", "--max-http-header-size=81920")
	if l.MemoryMB > 0 {
		young := l.MemoryMB / 10
		c.Args = append(c.Args, "--max-semi-space-size="+strconv.Itoa(max(young/2, 1)), "--max-old-space-size="+strconv.Itoa(max(l.MemoryMB-young, 16)))
	}
	for _, feature := range r.undone() {
		if !strings.Contains(l.NodeOptions, "--experimental-"+feature) {
			c.Args = append(c.Args, "--no-experimental-"+feature)
		}
	}
	if l.DebugPort > 0 {
		c.Args = append(c.Args, "--inspect=127.0.0.1:"+strconv.Itoa(l.DebugPort))
	}
	c.Args = append(c.Args, r.client)
	// AWS: NODE_PATH of "Using Lambda environment variables" in the developer guide.
	c.set("NODE_PATH", fmt.Sprintf("/opt/nodejs/node%d/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task", r.asked.major))
	return nil
}

// undone returns what this Node.js does by default and Lambda's does not.
//
// AWS: "Building Lambda functions with Node.js" in the developer guide: requiring
// modules is switched off since nodejs20.x, telling modules by their syntax in
// nodejs22.x, each unless NODE_OPTIONS asks for it. What runs functions of later
// runtimes was seen to have the same options. Before nodejs20.x there was neither.
func (r *Runtime) undone() (features []string) {
	since := func(minor20, minor22 int) bool {
		v := r.found
		return v.major > 22 || v.major == 22 && v.minor >= minor22 || v.major == 20 && v.minor >= minor20
	}
	if since(19, 12) {
		features = append(features, "require-module")
	}
	if r.asked.major != 20 && since(19, 7) {
		features = append(features, "detect-module")
	}
	return features
}
