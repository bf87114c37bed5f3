# Everything a person or a build machine does here. Needs only Python 3.11 or later, pip, make and git.
# What is installed is pinned with hashes in requirements/; a stamp per set makes the second run quick.

# Where a shell forbids it, each of hundreds of processes compiles all of our modules anew.
export PYTHONDONTWRITEBYTECODE :=

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Each worker of pytest's has ports, stores and folders of its own. Four more than there are cores: half of all time is
# waited for what takes its time, such as a silence that is to be noticed. Two more where all is measured, which computes.
SPREAD = -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + $(if $(filter held,$(COVERAGE)),2,4)) --dist worksteal
# What decides the third parties of the console's page, and npm to fetch them by where a machine has none.
VENDOR := clients/python/keepclear/console/page/vendor
VENDORED := pyproject.toml $(addprefix clients/python/vendoring/,hook.py package.json package-lock.json) $(VENDOR)/VENDOR.json
NPM := $(if $(shell command -v npm),,-r requirements/npm.txt)
TYPES := $(BIN)/mypy
CONTRACTS := $(BIN)/lint-imports --no-logo
PAGE := $(BIN)/python -m vendoring.check_page
LOCK_VENV := .venv-lock
UV_LOCK := $(LOCK_VENV)/bin/uv pip compile --quiet --no-header --generate-hashes --universal --python-version 3.11 $(LOCK_ARGS)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long check bench lock clean

help:  ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' $(MAKEFILE_LIST) | awk -F': ' '{ printf "  make %-9s %s\n", $$1, $$2 }'

setup: $(VENV)/run.stamp  ## only install keepclear and keepclear-service, into .venv/bin
	@echo "keepclear and keepclear-service are in $(BIN): export PATH=\"$(CURDIR)/$(BIN):\$$PATH\""

demo: $(VENV)/run.stamp  ## a synthetic night, then recorded flights, on this machine's loopback (ARGS=--console in a browser)
	@$(BIN)/keepclear demo --scene levant
	@$(BIN)/keepclear demo $(ARGS)

# What takes long of `check` runs beside the tests, and says what it has to say in one piece behind them.
define all_tests
	$(BIN)/ruff check .
	@{ $(TYPES) && $(CONTRACTS) && $(PAGE); } >$(VENV)/check.log 2>&1 & checking=$$!; \
		$(BIN)/$(1) -m pytest $(SPREAD) -m "not long"; tested=$$?; \
		wait $$checking; checked=$$?; cat $(VENV)/check.log; exit $$((tested ? tested : checked))
endef

# COVERAGE=held: lines and branches are measured too, 95 % of them at least. It takes as long again as half of the tests,
# so the build machine does it each time, a person when it matters.
test: $(VENV)/dev.stamp  ## lint, types, contracts, all tests but the long ones (ARGS="tests/http -k stream" runs a part)
ifneq ($(strip $(ARGS)),)
	$(BIN)/ruff check .
	$(TYPES)
	$(CONTRACTS)
	$(PAGE)
	$(BIN)/python -m pytest -m "not long" $(ARGS)
else ifeq ($(COVERAGE),held)
	$(BIN)/coverage erase
	$(call all_tests,coverage run)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
else
	$(call all_tests,python)
endif

# Two fewer here: there are browsers. One waits for containers most of the time. What measures comes when all else is done.
CREW = -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2) --dist loadscope
NONE_OF_THEM = $(if $(ARGS),|| [ $$? = 5 ])

test-long: $(VENV)/dev.stamp  ## the long tests, such as containers and many random cases (ARGS="tests/compose" runs a part)
	$(BIN)/python -m pytest $(CREW) -m "long and not alone" $(ARGS) $(NONE_OF_THEM)
	$(BIN)/python -m pytest -m "long and alone" $(ARGS) $(NONE_OF_THEM)

check: $(VENV)/dev.stamp  ## lint, types (of the console's page too) and import contracts alone
	$(BIN)/ruff check .
	$(TYPES)
	$(CONTRACTS)
	$(PAGE)

bench: $(VENV)/dev.stamp  ## every figure of the design, in half an hour (ARGS="submit heavy --quick")
	PYTHONPATH=tests $(BIN)/python -m benchmarks $(ARGS)

lock:  ## resolve requirements/ anew from pyproject.toml (LOCK_ARGS=--upgrade for newer releases)
	@test -x $(LOCK_VENV)/bin/uv || { $(PYTHON) -m venv $(LOCK_VENV) && $(LOCK_VENV)/bin/python -m pip --quiet install uv; }
	$(UV_LOCK) pyproject.toml --all-extras --group build --group dev -o requirements/dev.txt
	$(UV_LOCK) pyproject.toml --all-extras -c requirements/dev.txt -o requirements/run.txt
	$(UV_LOCK) --group build -c requirements/dev.txt -o requirements/build.txt
	$(UV_LOCK) --group npm -c requirements/dev.txt -o requirements/npm.txt

clean:  ## remove what make has made
	rm -rf $(VENV) $(LOCK_VENV) dist build .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	rm -rf $(VENDOR) clients/python/vendoring/node_modules artefacts

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "keepclear needs Python 3.11 or later; name one with: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENDOR)/VENDOR.json: ;  # where it is gone, installing makes it again

# dev.txt holds all of run.txt and build.txt at the same versions, so the one environment serves both sets.
$(VENV)/run.stamp: requirements/run.txt requirements/build.txt $(VENDORED) | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/run.txt -r requirements/build.txt $(NPM)
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENDORED) | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pytest --collect-only -q >/dev/null || true  # compiles all, once and not in each worker of pytest's
	@touch $@
