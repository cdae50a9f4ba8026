SHELL := bash
STEP := scripts/step.sh

.DEFAULT_GOAL := help
.PHONY: help run test bench schema schema-release fmt lint

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: ## Build the server and serve it, with a database of its own, on http://127.0.0.1:8080
	@scripts/setup.sh run
	@$(STEP) 'Building the server (the first time, this takes some minutes)' \
	  'The server does not build: the compiler says why above.' \
	  cargo build --release
	@. scripts/lib.sh && heading 'Starting the server; Ctrl-C stops it' && exec cargo run --release --quiet -- serve

test: ## Check and test everything: format, lints, server, playground
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory lint
	@$(STEP) 'Tests of the server' \
	  'Tests failed: they are listed above, and `cargo test <name>` runs one alone.' \
	  cargo test
	@scripts/playground-checks.sh
	@scripts/browser-tests.sh

bench: ## Measure the server
	@scripts/setup.sh bench
	@scripts/bench.sh

schema: ## Write schema.graphql from the code
	@$(STEP) 'Writing schema.graphql' 'schema.graphql is as it was: the reason is above.' \
	  bash -c 'cargo run --quiet -- schema > schema.graphql.new && mv schema.graphql.new schema.graphql'

schema-release: ## Take the schema as released: from now on it may not break its clients
	@$(STEP) 'Releasing the schema' 'The release before stays: the reason is above.' \
	  cargo run --quiet -- schema release

fmt: ## Format the code
	@$(STEP) 'Formatting' 'The code cannot be formatted: it does not parse, see above.' cargo fmt

lint: ## Check format and lints
	@$(STEP) 'Format' 'The code is not formatted: run `make fmt`.' cargo fmt --check
	@$(STEP) 'Lints' 'Mend what clippy says above; an exception is an `#[expect(…, reason = "…")]`.' \
	  cargo clippy --all-targets -- -D warnings
