# make setup | test | test-inspect | lint | demo | bench | train | lock      Every target does the set-up that it needs.
# Needs make and Python 3.11 or later with its venv module; PYTHON=... picks the interpreter, JOBS=... the test workers.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup test test-inspect lint format demo bench train lock clean

VENV := .venv
BIN := $(VENV)/bin
INSPECT := .venv-inspect
JOBS ?= 2
PYTHON ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help:
	@sed -n '1,2s/^# //p' Makefile

setup: $(VENV)/.ready

# The interpreter is tried, not only found: a shim without a Python behind it does not count.
$(VENV)/.ready: requirements/dev.lock pyproject.toml
	@if $(BIN)/python -c '' 2>/dev/null; then exit; fi; \
	for p in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.14); do \
	  if "$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$p; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	  echo "make: no Python 3.11 or later with venv and ensurepip here (tried: $(or $(PYTHON),python3 python3.11 ... python3.14));" \
	    "install python3 and python3-venv, or name one: make setup PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	echo "making $(VENV) with $$("$$found" --version)"; \
	rm -rf $(VENV); "$$found" -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --requirement requirements/dev.lock
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

test: setup
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

# Our logs beside Inspect's own package, in an environment of its own (docs/contributing.md).
test-inspect: $(INSPECT)/.ready
	$(INSPECT)/bin/python -c 'import inspect_ai'  # without it the tests would be passed over
	PYTHONPATH=src $(INSPECT)/bin/python -m pytest tests/interop/inspect/test_inspect_itself.py $(ARGS)

$(INSPECT)/.ready: requirements/inspect.lock | setup
	rm -rf $(INSPECT); $(BIN)/python -m venv $(INSPECT)
	@$(INSPECT)/bin/python -m pip install -qq --requirement requirements/inspect.lock
	@touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The main job on the embedded model, offline. A second time it comes from the lab; ARGS=--fresh asks anew.
demo: setup
	@$(BIN)/scansion demo $(ARGS)

bench: setup
	$(BIN)/python bench/overhead.py $(ARGS)

# The embedded models, from nothing: hours on two cores. TOKENS_small=..., TOKENS_tiny=... train them longer or shorter;
# a training that was stopped goes on where it was.
export TOKENS_small ?= 170e6
export TOKENS_tiny ?= 60e6
train: setup
	$(BIN)/python -m pip install -qq --requirement requirements/train.txt
	for size in small tiny; do \
	  tokens=TOKENS_$$size; $(BIN)/python -m training.train $$size build/$$size --tokens "$${!tokens}"; \
	  $(BIN)/python -m training.convert build/$$size src/scansion/models/pocket/weights/$$size; \
	done
	$(BIN)/python -m training.evaluate docs/pocket.md

# Pins the newest versions that pyproject.toml allows. Commit the result.
lock:
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	pin() { \
	  $(or $(PYTHON),python3) -m venv "$$dir/$$1"; "$$dir/$$1/bin/pip" install -qq --upgrade pip; \
	  "$$dir/$$1/bin/pip" install -qq --group "$$1" --editable "$$2"; \
	  { echo "# What $$3, pinned by \`make lock\`."; \
	    "$$dir/$$1/bin/pip" freeze --exclude-editable --exclude pip; } > "requirements/$$1.lock"; \
	}; \
	pin dev '.[parquet]' 'development and CI install: pyproject.toml, its dev group and its extras'; \
	pin inspect . 'the tests beside Inspect install: pyproject.toml and its inspect group'

clean:
	rm -rf $(VENV) $(INSPECT) .mypy_cache .ruff_cache .pytest_cache .hypothesis
