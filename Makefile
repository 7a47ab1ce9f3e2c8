# make test checks everything, in the order that finds faults soonest, and
# installs what it needs. make help lists the rest.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# How long make test may take in one package, and make fuzz on one target.
TESTTIME    ?= 12m
FUZZTIME    ?= 30s
# make bench BENCH=Userinfo, make fuzz FUZZ=Redirect: only those by that name.
BENCH       ?= .
FUZZ        ?=
SCREENSHOTS ?= $(CURDIR)/screenshots

# Linters refuse code newer than the Go they were built with.
bin     := .cache/$(shell go env GOVERSION)
linters := $(bin)/lint $(bin)/staticcheck $(bin)/unused
axe     := internal/browser/node_modules/.package-lock.json
clients := internal/e2e/clients/node_modules/.package-lock.json
venv    := internal/e2e/clients/venv/.installed

# What is not for the race detector is compiled as deploy/Containerfile says, so that
# all of it is compiled once.
plain   := CGO_ENABLED=0 GOFLAGS='$(shell go env GOFLAGS) -trimpath'
again   := $(CURDIR)/internal/tools/again.sh

# step runs one step of make test under a headline, and says which one failed.
define step
	@printf '\n== %s\n' '$(1)'
	@{ $(2); } || { printf '\n== FAILED: %s\n' '$(1)' >&2; exit 1; }
endef

## test: everything CI runs: format, modules, vet, linters, all tests with the race detector, fuzz seeds
.PHONY: test
test:
	$(call step,what the tests need,$(MAKE) --no-print-directory needs)
	$(call step,format,$(MAKE) --no-print-directory format)
	$(call step,modules,'$(again)' go mod tidy -diff)
	$(call step,go vet,$(plain) go vet ./... && $(plain) go vet -C internal/tools ./...)
	$(call step,linters,$(MAKE) --no-print-directory lint)
	$(call step,tests and fuzz seeds under the race detector,BROWSER_REQUIRED=1 PROXIES_REQUIRED=1 CLIENTS_REQUIRED=1 go test -race -timeout $(TESTTIME) ./...)
	@printf '\n== all well\n'

## needs: install what the tests need: a C compiler for the race detector, Chromium and fonts, axe-core, nginx and Caddy, systemd-analyze, client libraries for Node and Python
.PHONY: needs
needs: $(linters) $(axe) clients
	@'$(again)' go mod download
	@internal/tools/need.sh gcc='gcc libc6-dev' \
		'chromium|chromium-browser|google-chrome'='chromium fonts-liberation' certutil=libnss3-tools \
		nginx=nginx-light caddy=caddy systemd-analyze=systemd curl=curl openssl=openssl

## axe: put axe-core, which judges the pages, where the browser tests find it
.PHONY: axe
axe: $(axe)

## clients: put the client libraries that sign people in where the end-to-end tests find them
.PHONY: clients
clients: $(clients) $(venv)
	@internal/tools/need.sh node=nodejs python:authlib=python3-authlib \
		python:requests_oauthlib=python3-requests-oauthlib python:jwt=python3-jwt

# npm checks every file against the hashes in package-lock.json.
%/node_modules/.package-lock.json: %/package.json %/package-lock.json %/.npmrc
	@internal/tools/need.sh npm=npm
	cd $* && '$(again)' npm ci --no-progress
	@touch $@

# pip checks every file against the hashes in requirements.txt.
$(venv): internal/e2e/clients/requirements.txt
	@internal/tools/need.sh python:ensurepip=python3-venv
	/usr/bin/python3 -m venv --clear $(@D)
	'$(again)' $(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r $<
	@touch $@

# The linters live in a module of their own, so that its needs are not ours.
$(bin)/lint: internal/tools/lint/main.go
$(bin)/unused: internal/tools/unused/main.go
$(bin)/%: internal/tools/go.mod internal/tools/go.sum
	@'$(again)' go -C internal/tools mod download
	@echo "building $*"
	@$(plain) go build -C internal/tools -buildvcs=false -o '$(CURDIR)/$@' $(from-$*)
from-lint        := ./lint
from-unused      := ./unused
from-staticcheck := honnef.co/go/tools/cmd/staticcheck

.PHONY: format
format:
	@unformatted=$$(gofmt -l .); \
	if [[ -n $$unformatted ]]; then \
		printf 'not as gofmt has it (make fmt mends them):\n%s\n' "$$unformatted"; exit 1; \
	fi

## test-heavy: what make test leaves out: programs on the JVM, and Dex, sign people in
.PHONY: test-heavy
test-heavy: heavy
	HEAVY=1 go test -count=1 -v -run 'Spring|Dex' ./internal/e2e/

# Maven has no lock file: the hashes of all its files are in jars.sha256.
spring := internal/e2e/clients/spring
.PHONY: heavy
heavy: $(spring)/classes/.made
	@'$(again)' go -C internal/e2e/clients/dex mod download

$(spring)/classes/.made: $(spring)/pom.xml $(spring)/jars.sha256 $(wildcard $(spring)/*/*.java)
	@internal/tools/need.sh javac=default-jdk-headless mvn=maven
	rm -rf $(spring)/lib $(spring)/classes
	cd $(spring) && '$(again)' mvn -B -q dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=lib
	cd $(spring)/lib && sha256sum --check --quiet ../jars.sha256 && [[ $$(ls | wc -l) -eq $$(wc -l <../jars.sha256) ]]
	cd $(spring) && javac -parameters -d classes -cp 'lib/*' */*.java
	@touch $@

## lint: the linters alone (docs/development.md says why each is here)
.PHONY: lint
lint: $(linters)
	@status=0; \
	$(plain) go vet -vettool=$(bin)/lint -errcheck.exclude='$(CURDIR)/internal/tools/lint/errcheck.txt' ./... || status=1; \
	$(plain) $(bin)/staticcheck -checks=inherit,-S1016,-ST1013 ./... || status=1; \
	$(plain) $(bin)/unused || status=1; \
	exit $$status

## fmt: format all Go files
.PHONY: fmt
fmt:
	gofmt -w .

## fuzz: fuzz each target for FUZZTIME (30s); FUZZ=name picks some
.PHONY: fuzz
fuzz:
	internal/tools/fuzz.sh '$(FUZZTIME)' '$(FUZZ)'

## bench: all benchmarks; BENCH=pattern picks some
.PHONY: bench
bench:
	go test -run='^$$' -bench='$(BENCH)' -benchmem ./...

## screenshots: every page the browser tests look at, as pictures in ./screenshots
.PHONY: screenshots
screenshots: needs
	rm -rf '$(SCREENSHOTS)'
	LATCHKEY_SCREENSHOTS='$(SCREENSHOTS)' BROWSER_REQUIRED=1 go test -count=1 \
		$$(grep -rl --include='*_test.go' '"latchkey/internal/browser"' . | xargs -n1 dirname | sort -u)
	@ls '$(SCREENSHOTS)'

## clean: remove what make made here
.PHONY: clean
clean:
	rm -rf .cache screenshots internal/browser/node_modules internal/e2e/clients/node_modules internal/e2e/clients/venv \
		$(spring)/lib $(spring)/classes

## help: this list
.PHONY: help
help:
	@sed -n 's/^## \([a-z]*\): /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r target what; do \
		printf '  make %-12s %s\n' "$$target" "$$what"; done
