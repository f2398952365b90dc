# make run | test | soak | fuzz | lint | bench | bench-peers | bench-report | compare-volumes | docs |
# lock | clean.
# Needs Python 3.11 and make, nothing else.
#
#   make run                                 the demo: bundled samples and a generated chest CT
#   make run SOURCE="archive=/data/ct" LAKE=lake
#
# Make itself ends with 2 when a command fails and prints the command's own exit code; 3 ("done, but
# some files could not be read") is such an error too. To have the code itself, call
# .venv/bin/dicomlake.

PYTHON ?= python3
LAKE ?= lake
TEST_WORKERS ?= 2
PYTEST_ARGS ?=
SOAK_TESTS ?= tests/faults tests/flows tests/property tests/spec tests/unit/tables_store tests/unit/ingest
FUZZ_ARGS ?= --seconds 60
BENCH_ARGS ?=
CASES ?= ../shared/cases/volumes

VENV := .venv
BIN := $(VENV)/bin
ROOMS := pipeline flows schemas config
CODE := $(shell find $(ROOMS) src -name '*.py' -not -type l)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
# On all cores, where pip takes one; what is no Python for this version stays as it is.
COMPILE_INSTALLED = $(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
# An editable install of the one project, with the build tools of the lock file.
EDITABLE := $(INSTALL) --no-deps --no-build-isolation --editable .
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-annotate --no-strip-extras pyproject.toml

.DELETE_ON_ERROR:
.PHONY: run test soak fuzz lint bench bench-peers bench-report compare-volumes docs lock clean

run: $(VENV)/compiled
ifdef SOURCE
	$(BIN)/dicomlake run $(SOURCE) --lake $(LAKE)
else
	$(BIN)/dicomlake demo --lake $(LAKE)
endif

test: $(VENV)/dev $(VENV)/compiled
	$(BIN)/pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# The long versions of what is small in `make test`: hours, and some 10 GB in TMPDIR and /dev/shm.
soak: $(VENV)/dev $(VENV)/compiled
	DICOMLAKE_SOAK=1 DICOMLAKE_TEST_EXAMPLES=2000 $(BIN)/pytest --timeout 14400 --durations 20 \
	  $(SOAK_TESTS) $(PYTEST_ARGS)

# The parsers of bytes from outside under atheris (tests/fuzz); what it finds is kept in .fuzz/.
fuzz: $(VENV)/dev $(VENV)/compiled $(VENV)/fuzz
	PYTHONPATH=$(VENV)/fuzz $(BIN)/python tests/fuzz/run.py $(FUZZ_ARGS)

lint: $(VENV)/dev $(VENV)/compiled
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

bench: $(VENV)/dev $(VENV)/compiled
	$(BIN)/python benchmarks/run.py $(BENCH_ARGS)

# The tools that benchmarks compare with, in an environment of their own.
bench-peers: $(VENV)/created
	$(PYTHON) -m venv $(VENV)/peers
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["bench"], sep="\n")' \
	  | xargs $(VENV)/peers/bin/python -m pip install --quiet --disable-pip-version-check

# All cases, five rounds: about ten minutes on two idle cores. Writes docs/benchmarks.md.
bench-report: $(VENV)/dev $(VENV)/compiled
	$(BIN)/python benchmarks/run.py --report $(BENCH_ARGS)

# dicomlake and the peers over cases of volumes, a few minutes. Writes the tables of docs/volumes.md.
compare-volumes: $(VENV)/dev $(VENV)/compiled
	$(BIN)/python -W ignore benchmarks/compare_volumes.py $(CASES)

docs: $(VENV)/dev
	$(BIN)/python docs/generate.py

lock: $(VENV)/dev
	$(BIN)/$(COMPILE) --extra build --upgrade --output-file requirements.lock
	$(BIN)/$(COMPILE) --extra dev --constraint requirements.lock --upgrade --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find $(ROOMS) src tests docs benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/created:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "dicomlake needs Python 3.11 or newer; name it with PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	touch $@

# Beside the environment, not in it: nothing else may come to depend on it.
$(VENV)/fuzz: $(VENV)/created
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["fuzz"], sep="\n")' \
	  | xargs $(INSTALL) --no-deps --target $@

$(VENV)/run: $(VENV)/created requirements.lock pyproject.toml
	$(INSTALL) --no-deps --require-hashes --requirement requirements.lock
	$(EDITABLE)
	$(COMPILE_INSTALLED)
	touch $@

$(VENV)/dev: $(VENV)/run requirements-dev.lock
	$(INSTALL) --no-deps --require-hashes --requirement requirements-dev.lock
	$(COMPILE_INSTALLED)
	touch $@

# Where PYTHONDONTWRITEBYTECODE is set, every start would compile the project anew.
$(VENV)/compiled: $(VENV)/run $(CODE)
	$(BIN)/python -m compileall -q $(ROOMS) src/dicomlake/__init__.py
	touch $@
