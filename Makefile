# The commands of the project. `make demo` and `make test` set themselves up on a fresh Debian machine with Rust.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long bench pictures lint

# Size of the made nation: 1.0 is the whole (8,252 hospitals of 2022).
SCALE ?= 1.0
OUT ?= out
PROFILE ?= dev
# Made once and then kept, so that a cell that somebody changed there shows in the next run.
MADE := $(OUT)/made$(if $(filter-out 1.0,$(SCALE)),-$(SCALE))
BIN := target/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))

help:
	@echo "make demo                     the main job on a made nation, then the API on 127.0.0.1:8080 until Ctrl-C"
	@echo "make demo ONCE=1              the same, ending after the files are written"
	@echo "make demo ANSWERS_2024=FILE   with somebody else's workbook for 2024"
	@echo "make demo SCALE=0.02          a small nation; PROFILE=release for full speed (a long build)"
	@echo "make demo FRESH=1             makes the nation's files anew; without it, files that are there are kept"
	@echo "make test                     everything that has to pass"
	@echo "make test-long                what takes longer: SIGKILL at 50 points of server and Postgres each, all attacks on what a release hides, a workbook of more than a sheet, a hundred rounds of 64 choosers"
	@echo "make bench                    speed and memory against bare parts and peers, as a table (a long build; pandas and DuckDB from their registry; about 50 minutes)"
	@echo "make bench SCALE=0.05         a small try of it; ARGUMENTS=\"--only submissions\" for a part"
	@echo "make pictures                 the pictures of pages in the guides, taken anew by the browser tests"
	@echo "make lint                     formatting, clippy, documentation"

setup:
	@scripts/setup

demo: setup
	cargo build --workspace --profile $(PROFILE)
	@if [ -n "$(FRESH)" ] || [ ! -e $(MADE)/made.json ]; then echo "made-nation --out $(MADE)"; $(BIN)/made-nation --out $(MADE) --scale $(SCALE) > /dev/null; fi
	$(BIN)/chosa demo $(MADE) --out $(OUT) $(if $(ONCE),--once) $(if $(ANSWERS_2024),--answers-2024 "$(ANSWERS_2024)")

# The system tests run the built programs, which `cargo test` alone would not build.
test: setup
	cargo build --workspace
	@status=0; cargo test --workspace --no-fail-fast || status=$$?; target/debug/stop-test-postgres; exit $$status

test-long: setup
	cargo build --workspace
	CHOSA_KILLS=50 cargo test --workspace --test kills -- --nocapture
	CHOSA_LONG=1 cargo test --workspace --lib -- suppress trends_attacked the_line_after_a_full_sheet
	CHOSA_LONG=1 cargo test --workspace --test main_job -- of_many_choosers

# Never a test: nothing is asserted by the clock. Python's packages go into an environment that is removed with the run.
bench:
	@scripts/setup bench
	@mkdir -p $(OUT)
	cargo build --workspace --profile measured
	target/measured/bench --scale $(SCALE) --json $(OUT)/bench.json $(ARGUMENTS)

pictures:
	cargo build --workspace
	cargo test --workspace --test browser
	scripts/pictures

lint:
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items
