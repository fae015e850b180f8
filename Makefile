# Needs make and a Python from 3.11 on with pip; everything else is installed into .venv.
# Another Python:  make serve PYTHON=/path/to/python3.13

PYTHON ?=
DATA = ./dialoguedb-data
ARGS =
# Two workers, each with a server: one computes while the other is waited for.
WORKERS = 2
PYTEST = python -m pytest -n $(WORKERS) --dist worksteal
# The suite starts hundreds of processes from the same source: it is compiled once, not by each.
unexport PYTHONDONTWRITEBYTECODE

# The tests that run on every engine.
ON_BOTH = tests/contract tests/http tests/client tests/mcp tests/embed tests/property tests/crash

BIN = .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check
BUILD_LOCK = requirements/build.txt
RUNTIME_LOCK = requirements/runtime.txt
DEV_LOCK = requirements/dev.txt
INTEGRATIONS_LOCK = requirements/integrations.txt
FORMATS_LOCK = requirements/formats.txt

.PHONY: help serve test unit check lint types layers wheel docs sync integrations formats transcripts properties postgres crash chaos hostile bench bench-search bench-summaries bench-integrations bench-templates bench-windows bench-trust bench-postgres lock clean

help:
	@echo "make serve    run the server on 127.0.0.1:8000, data in $(DATA) (more options: ARGS='--port 9000')"
	@echo "make test     the test suite"
	@echo "make unit     the tests of pure functions alone, in seconds"
	@echo "make check    everything that must hold before a change lands: style, types, layers, tests, the wheel"
	@echo "make docs     write the generated reference anew"
	@echo "make sync     generate the client without an event loop from the one with"
	@echo "make integrations the tests of the integrations, in an environment of their own with their libraries"
	@echo "make formats  windows in chat templates and in the packages of providers, in an environment of its own"
	@echo "make postgres  all tests of PostgreSQL on each of its versions"
	@echo "make crash    the slow crash campaign"
	@echo "make chaos    servers, PostgreSQL and their network fail under load, for minutes"
	@echo "make hostile  the campaign of a hostile world: crashes, I/O errors, attacks, damage; an hour"
	@echo "make transcripts  imports what coding agents themselves write, whose packages are installed into build/"
	@echo "make properties  the property tests with examples of their own, many times as many"
	@echo "make bench    the measurements"
	@echo "make bench-search  those of search (ARGS=--minilm: with a model of sentence-transformers, too)"
	@echo "make bench-summaries  those of summaries and context"
	@echo "make bench-integrations  the integrations beside the stores of the frameworks themselves"
	@echo "make bench-templates  windows in all chat templates that llama.cpp and vLLM ship"
	@echo "make bench-windows  what prompt caches hit of the windows of a long dialogue, and what they cost"
	@echo "make bench-trust  memory under attack, damage, and answers that tell strangers nothing"
	@echo "make bench-postgres  PostgreSQL beside pgbench and the embedded engine"
	@echo "make lock     pin the dependencies anew (UPGRADE=1: to their newest versions)"
	@echo "make clean    remove environments, caches and builds"

serve: .venv/.runtime
	$(BIN)/dialoguedb serve --data $(DATA) --print-first-key $(ARGS)

test: .venv/.dev
	$(BIN)/$(PYTEST) $(ARGS)

unit: .venv/.dev
	$(BIN)/python -m pytest -q $(ARGS) tests/unit

check: lint types layers test integrations formats wheel

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.dev
	$(BIN)/mypy

layers: .venv/.dev
	$(BIN)/lint-imports

# The wheel is what users get, so it is built, installed with nothing but the runtime lock, and used.
wheel: .venv/.dev
	rm -rf dist build/wheel-venv
	$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	$(BIN)/python -m venv --without-pip build/wheel-venv
	$(PIP) --python build/wheel-venv/bin/python install --quiet --no-compile -r $(RUNTIME_LOCK)
	$(PIP) --python build/wheel-venv/bin/python install --quiet --no-deps dist/*.whl
	$(PIP) --python build/wheel-venv/bin/python check
	cd build && wheel-venv/bin/python ../tests/gates/wheel_smoke.py

docs: .venv/.dev
	$(BIN)/python -m docs.generate

sync: .venv/.dev
	$(BIN)/python -m tools.generate_sync_client

integrations: .venv-integrations/.made
	.venv-integrations/bin/$(PYTEST) $(ARGS) tests/integrations

# One process: what it imports takes longer than the tests.
formats: .venv-formats/.made
	.venv-formats/bin/python -m pytest $(ARGS) tests/formats

# The programs talk to a scripted model on the loopback, below a home of their own. ARGS=codex: that one alone.
transcripts: .venv/.dev build/transcripts/.made
	$(BIN)/python -m tests.transcripts $(ARGS)

properties: .venv/.dev
	HYPOTHESIS_PROFILE=campaign $(BIN)/$(PYTEST) --timeout 3600 $(ARGS) tests/property

# What the suite runs on the newest version alone, too.
postgres: .venv/.dev
	$(BIN)/$(PYTEST) -k postgres --every-version $(ARGS) $(ON_BOTH) tests/postgres

chaos: .venv/.dev
	$(BIN)/python -m pytest -q -s -m slow --timeout 900 $(ARGS) tests/postgres

crash: .venv/.dev
	$(BIN)/python -m pytest -m slow --timeout 3600 $(ARGS) tests/crash

# One process: what is measured beside another test would be that test.
hostile: .venv/.dev
	$(BIN)/python -m pytest -m "slow or not slow" --timeout 3600 $(ARGS) tests/hostile tests/crash

bench: .venv/.runtime
	$(BIN)/python -m bench $(ARGS)

bench-search: .venv/.runtime
	$(BIN)/python -m bench --search $(ARGS)

bench-summaries: .venv/.runtime
	$(BIN)/python -m bench --summaries $(ARGS)

bench-windows: .venv/.runtime
	$(BIN)/python -m bench --windows $(ARGS)

bench-trust: .venv/.runtime
	$(BIN)/python -m bench --trust $(ARGS)

bench-postgres: .venv/.dev
	$(BIN)/python -m bench --postgres $(ARGS)

bench-integrations: .venv-integrations/.made
	mkdir -p build
	$(PIP) --python .venv-integrations/bin/python install --quiet langchain-community langgraph-checkpoint-sqlite 'google-adk[db]' aiosqlite
	.venv-integrations/bin/python -W ignore::DeprecationWarning -m bench.integrations $(ARGS) > build/integrations.md
	mv build/integrations.md bench/integrations-results.md

bench-templates: .venv-formats/.made
	mkdir -p build
	.venv-formats/bin/python -m bench.templates $(ARGS) > build/templates.md
	mv build/templates.md bench/templates-results.md

clean:
	rm -rf .venv .venv-integrations .venv-formats .venv-lock build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis .import_linter_cache
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Environments -----------------------------------------------------------------------------
# Each stamp says which locks .venv was last brought up to; touching a lock makes it stale.

.venv/.dev: .venv/.runtime $(DEV_LOCK)
	@echo "Installing what the checks need ..."
	@$(PIP) install --quiet -r $(DEV_LOCK)
	@touch $@

.venv/.runtime: .venv/.made-with $(BUILD_LOCK) $(RUNTIME_LOCK) pyproject.toml
	@echo "Installing DialogueDB and its dependencies ..."
	@$(PIP) install --quiet -r $(BUILD_LOCK) -r $(RUNTIME_LOCK)
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Frameworks for agents are large, and old pins of theirs must not hold back ours.
.venv-integrations/.made: .venv/.made-with $(BUILD_LOCK) $(INTEGRATIONS_LOCK) pyproject.toml
	@echo "Installing the libraries of the integrations ..."
	@$(BIN)/python -m venv --clear --without-pip .venv-integrations
	@$(PIP) --python .venv-integrations/bin/python install --quiet --no-compile -r $(BUILD_LOCK) -r $(INTEGRATIONS_LOCK)
	@$(PIP) --python .venv-integrations/bin/python install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The lock has overruled one package's bound (pyproject.toml), so pip does not resolve it again.
.venv-formats/.made: .venv/.made-with $(BUILD_LOCK) $(FORMATS_LOCK) pyproject.toml
	@echo "Installing what reads windows ..."
	@$(BIN)/python -m venv --clear --without-pip .venv-formats
	@$(PIP) --python .venv-formats/bin/python install --quiet --no-compile --no-deps -r $(FORMATS_LOCK)
	@$(PIP) --python .venv-formats/bin/python install --quiet --no-compile -r $(BUILD_LOCK)
	@$(PIP) --python .venv-formats/bin/python install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# What the packages would run when they are installed is not needed.
build/transcripts/.made: .venv/.made-with tests/transcripts/package.json tests/transcripts/requirements.txt
	@echo "Installing the programs whose conversations are imported ..."
	@mkdir -p build/transcripts/node
	@cp tests/transcripts/package.json build/transcripts/node
	@npm install --prefix build/transcripts/node --ignore-scripts --no-audit --no-fund --silent
	@$(BIN)/python -m venv --clear --without-pip build/transcripts/python
	@$(PIP) --python build/transcripts/python/bin/python install --quiet --no-compile -r tests/transcripts/requirements.txt
	@touch $@

# Some systems package venv without pip (Debian's python3 without python3-venv): then the pip
# outside installs the one inside.
.venv/.made-with:
	@python=$$(sh .ci/find-python $(PYTHON)) || exit 1; \
	echo "Creating .venv with $$python ($$("$$python" --version)) ..."; \
	"$$python" -m venv --clear .venv >/dev/null 2>&1 || { \
	  "$$python" -m venv --clear --without-pip .venv && \
	  "$$python" -m pip --disable-pip-version-check --python .venv/bin/python install --quiet pip; \
	} || { rm -rf .venv; exit 1; }; \
	echo "$$python" > $@

# It is made anew when its Python is gone, or when PYTHON names another one.
made_with := $(shell .venv/bin/python -c "" 2>/dev/null && cat .venv/.made-with)
ifneq ($(made_with),$(or $(PYTHON),$(made_with),none))
.PHONY: .venv/.made-with
endif

# --- Locks ------------------------------------------------------------------------------------
# Pins for every platform and Python from 3.11 on, without the names of the hosts they came from.

LOCK = .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --no-annotate \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

INTEGRATIONS = claude-agent-sdk google-adk langchain langgraph openai-agents pydantic-ai

lock: .venv-lock/bin/uv
	echo hatchling | $(LOCK) --output-file $(BUILD_LOCK) -
	$(LOCK) --extra mcp --extra postgres --extra redis --output-file $(RUNTIME_LOCK) pyproject.toml
	$(LOCK) $(INTEGRATIONS:%=--extra %) --extra dev --constraint $(BUILD_LOCK) --output-file $(INTEGRATIONS_LOCK) pyproject.toml requirements/integrations.in
	$(LOCK) --extra mcp --extra postgres --extra redis --extra dev --constraint $(BUILD_LOCK) --constraint $(RUNTIME_LOCK) --output-file $(DEV_LOCK) pyproject.toml
	$(LOCK) --generate-hashes --constraint $(BUILD_LOCK) --output-file $(FORMATS_LOCK) pyproject.toml requirements/formats.in

.venv-lock/bin/uv: | .venv/.made-with
	$(BIN)/python -m venv --clear --without-pip .venv-lock
	$(PIP) --python .venv-lock/bin/python install --quiet uv
