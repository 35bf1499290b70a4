# Sets everything up from the committed locks and runs it. Needs git, make and Python 3.11 or newer, nothing else.
#   make run     the demo        make test    the tests        make help    the rest

SHELL := /bin/sh
PYTHON ?=
ARGS ?=
VENV := .venv
MLFLOW := .mlflow
UV := $(VENV)/bin/uv
LOCKED := --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header --quiet $(UPGRADE)

# What a step does and how long it took, on one line; what it prints itself only when it fails.
STEP = step() { what=$$1; shift; begin=$$(date +%s); printf '%s ... ' "$$what"; \
	if told=$$("$$@" 2>&1); then echo "$$(( $$(date +%s) - begin )) s"; \
	else code=$$?; printf 'failed\n%s\n' "$$told" >&2; return $$code; fi; }

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help setup run test bench picture lock check clean

help:
	@echo 'make run [ARGS=--help]   set up and run the demo (hub up --demo)'
	@echo 'make test [ARGS=-x]      set up and run the tests'
	@echo 'make setup               set up only: .venv for the hub, .mlflow for the demo'
	@echo 'make check               ruff, mypy --strict, import contracts'
	@echo 'make bench               the benchmarks'
	@echo 'make picture [ARGS=]     docs/pictures/summary.png, from a demo that runs (needs chromium)'
	@echo 'make lock [UPGRADE=-U]   write requirements/*.txt anew from pyproject.toml and requirements/mlflow.in'
	@echo 'make clean               remove what setup made; data folders stay'
	@echo 'PYTHON=/path/to/python3.12 chooses the Python of a first set-up'

setup: $(VENV)/.hub-ready $(MLFLOW)/.hub-ready

run: setup
	@exec $(VENV)/bin/hub up --demo $(ARGS)

test: setup
	$(VENV)/bin/python -m pytest -n 2 $(ARGS)

bench: setup
	$(VENV)/bin/python -m bench $(ARGS)

picture: setup
	$(VENV)/bin/python docs/pictures/summary.py $(ARGS)

check: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --strict hub integrations
	$(VENV)/bin/lint-imports

# uv's own lock follows the version in dev.txt, so that both environments are made by the same uv.
lock: $(VENV)/.hub-uv
	@$(STEP); step 'locking requirements/dev.txt' $(UV) pip compile $(LOCKED) pyproject.toml --extra dev -o requirements/dev.txt
	@$(STEP); step 'locking requirements/runtime.txt' $(UV) pip compile $(LOCKED) pyproject.toml -c requirements/dev.txt -o requirements/runtime.txt
	@$(STEP); step 'locking requirements/mlflow.txt' $(UV) pip compile $(LOCKED) requirements/mlflow.in -o requirements/mlflow.txt
	@$(STEP); uv() { echo uv | $(UV) pip compile $(LOCKED) - -c requirements/dev.txt -o requirements/uv.txt; }; \
	step 'locking requirements/uv.txt' uv
	@if grep -nE '://|^ *-(i|f|-index|-find|-extra|-trusted)' requirements/*.txt; then \
	echo 'a lock names a host; see the lines above' >&2; exit 1; fi

clean:
	rm -rf $(VENV) $(MLFLOW) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# A virtual environment with nothing but pip and the pinned uv. One that is there and new enough is kept.
$(VENV)/.hub-uv: requirements/uv.txt
	@$(STEP); \
	if ! $(VENV)/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		found=; seen=; \
		for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python); do \
			if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
			seen="$$seen $$python ($$("$$python" -V 2>/dev/null || echo none))"; \
		done; \
		if [ -z "$$found" ]; then \
			echo "Python 3.11 or newer is needed; looked at:$$seen." >&2; \
			echo 'Install it, or name it: make PYTHON=/path/to/python3.12' >&2; exit 1; \
		fi; \
		if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
			version=$$("$$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
			echo "$$found cannot make virtual environments: its ensurepip or venv module is missing." >&2; \
			echo "On Debian and Ubuntu: apt install python$$version-venv" >&2; exit 1; \
		fi; \
		step "making $(VENV) with $$("$$found" -V)" "$$found" -m venv --clear $(VENV) || exit; \
	fi; \
	$(VENV)/bin/python -c 'import pip' 2>/dev/null || $(VENV)/bin/python -m ensurepip >/dev/null || exit; \
	step 'installing uv' $(VENV)/bin/python -m pip install --quiet --require-hashes -r requirements/uv.txt || exit; \
	touch $@

$(VENV)/.hub-ready: $(VENV)/.hub-uv requirements/dev.txt pyproject.toml
	@$(STEP); step 'installing what the hub and its tests need' \
		$(UV) pip sync --quiet --python $(VENV)/bin/python --require-hashes requirements/dev.txt
	@$(STEP); step 'installing the hub itself' \
		$(UV) pip install --quiet --python $(VENV)/bin/python --no-deps --no-build-isolation -e .
	@touch $@

# MLflow's dependencies contradict the hub's own (graphql-core), so it has an environment to itself.
# .lock-digest says that it is whole and from which lock; hub/demo/environment.py reads it.
$(MLFLOW)/.hub-ready: $(VENV)/.hub-uv requirements/mlflow.txt
	@rm -f $(MLFLOW)/.lock-digest
	@test -x $(MLFLOW)/bin/python || $(UV) venv --quiet --clear --python $(VENV)/bin/python $(MLFLOW)
	@$(STEP); step 'installing MLflow for the demo (about 600 MB)' \
		$(UV) pip sync --quiet --python $(MLFLOW)/bin/python --require-hashes requirements/mlflow.txt
	@$(VENV)/bin/python -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' \
		requirements/mlflow.txt > $(MLFLOW)/.lock-digest
	@touch $@
