# Muster: what one types. `make help` lists it.
# `run` and `test` set the machine up first (see scripts/setup.sh); the second call finds everything in place.

MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
TARGET := $(or $(CARGO_TARGET_DIR),target)
# Arguments handed on, e.g.  make run ARGS="--listen 0.0.0.0:4600"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test check fmt build web wire dev demo bench cross fuzz e2e setup

help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  ARGS="…" is handed on to run, dev, demo and bench.'

run: build ## Build and start Muster with this machine's agent; prints the sign-in link
	@exec $(TARGET)/debug/muster up $(ARGS)

test: ## Everything that has to hold: formats, lints, unit, integration, browser tests (STEPS="rust e2e" for some)
	@scripts/setup.sh test
	@scripts/test.sh $(STEPS)

check: ## The quick look before a commit: formats, lints, types; no tests
	@scripts/setup.sh build
	@scripts/web.sh build
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	npm --prefix web run --silent check

fmt: ## Format everything
	cargo fmt --all
	@scripts/web.sh packages
	npm --prefix web run --silent format

build: ## The two programs, debug build with the web app inside
	@scripts/setup.sh build
	@scripts/web.sh build
	@[ -x $(TARGET)/debug/muster ] || echo '==> Building Muster (two to five minutes the first time, seconds afterwards)'
	@cargo build --locked -p muster -p muster-agent

web: ## Only the web app
	@scripts/setup.sh build
	@scripts/web.sh build

wire: ## Write the web app's types and the API's document anew from the Rust source
	@MUSTER_WRITE_TYPES=1 cargo test --quiet --locked -p muster-tests --test openapi
	@MUSTER_WRITE_TYPES=1 cargo test --quiet --locked -p muster --lib typescript_is_fresh

dev: build ## Aggregator and Vite with hot reload
	@scripts/dev.sh $(ARGS)

demo: build ## Eight simulated hosts with live sessions on this machine
	@cargo build --locked -p muster-tests --bin muster-demo
	@exec $(TARGET)/debug/muster-demo $(ARGS)

bench: ## Release build and the figures of the README
	@scripts/setup.sh build
	@scripts/web.sh build
	@scripts/bench.sh $(ARGS)

cross: ## Prove that the agent builds for ARM (run under qemu), Windows (linked) and macOS (checked)
	@deploy/cross.sh

fuzz: ## Fuzz frame handling, the entry parser and what is said at the doors (SECONDS=60 each)
	@scripts/fuzz.sh $(or $(SECONDS),60)

e2e: build ## Only the browser tests, against real processes
	@scripts/setup.sh test
	@scripts/test.sh e2e

setup: ## Only make this machine ready to build and test
	@scripts/setup.sh test
	@scripts/web.sh packages
