# `make run` does the main job, `make test` passes the tests; both set up what they need.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PEERS  := $(VENV)/.installed-bench
SCENARIO ?= scenarios/pacific-highway-southbound.yaml

.PHONY: setup run test check verify validate bench clean help

help:
	@echo "make run     simulate $(SCENARIO) with its variants, compare them, draw the figures"
	@echo "make test    lint, types, then all tests (about ten minutes at most)"
	@echo "make check   lint and types only"
	@echo "make verify  slow statistical verification"
	@echo "make validate DATA=folder  compare with published delays (about eight minutes)"
	@echo "make bench   benchmarks against SimPy, Ciw and salabim (about ten minutes)"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "bordersim needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

run: setup
	$(BIN)/bordersim run $(SCENARIO) --all
	$(BIN)/bordersim compare $(SCENARIO)
	$(BIN)/bordersim plot $(SCENARIO)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check
	$(BIN)/pytest -n auto -m 'not verification'

verify: setup
	$(BIN)/pytest -n auto -m verification

# DATA is the folder of the raw files that docs/data.md names.
validate: setup
	$(BIN)/python -m tools.validate $(DATA)

bench: $(PEERS)
	$(BIN)/python tools/bench_startup.py
	$(BIN)/python -m tools.bench_long
	$(BIN)/python -m tools.bench_compare
	$(BIN)/python -m tools.bench

# The simulators the benchmark compares with are installed for it alone.
$(PEERS): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@touch $(PEERS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build dist
