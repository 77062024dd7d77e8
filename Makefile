# `make` lists what there is. Needed: make, Python 3.11 or newer, pip. Nothing else.

MAKEFLAGS += --no-print-directory
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores > 8 ? 8 : cores < 3 ? 3 : cores)))
CASES ?= 10000
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test faults chaos guards drill fuzz check bench screens safety-case sbom audit lock clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-10s %s\n' "$$name" "$$text"; done

setup:  ## prepare .venv (the other targets do it by themselves)
	@$(PYTHON) services/environment.py

setup-dev:
	@$(PYTHON) services/environment.py --dev

demo: setup  ## run the whole system here, with a story in it; PORT=8000; Ctrl-C ends it
	@exec $(BIN)/python manage.py demo

test: setup-dev  ## run the tests; ARGS="-k silence"; WORKERS=0 for one process
	@exec $(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

fuzz: setup-dev  ## try the API and the pages with generated requests; CASES=10000; SEED=... for the same again
	@FUZZ_CASES=$(CASES) FUZZ_SEED=$(SEED) $(BIN)/python -m pytest -n $(WORKERS) tests/fuzz $(ARGS)

faults: setup-dev  ## the fault tests with the numbers of a night: about an hour; ARGS="-k f24"
	@exec env FAULTS=long $(BIN)/python -m pytest -n $(WORKERS) tests/faults $(ARGS)

chaos: setup-dev  ## ten thousand red flags through a system to which everything happens; RED_FLAGS=100000; SEED=... again
	@exec env RED_FLAGS=$(RED_FLAGS) SEED=$(SEED) MEMBERS=$(MEMBERS) $(BIN)/python -m tests.chaos

guards: setup-dev  ## remove each safety guard in turn, in a copy: a named test must fail; ARGS="sweep"
	@exec env WORKERS=$(WORKERS) $(BIN)/python -m tests.guards $(ARGS)

drill: setup-dev  ## back up, lose the disk, restore into a new cluster, check that nothing is missing
	@exec $(BIN)/python -m tests.drill

check: setup-dev  ## style, types, imports, migrations, deployment settings, OpenAPI, security
	@.ci/check

bench: setup  ## measure (ratios inside one run), write bench/results.json; ARGS="post"
	@$(BIN)/python -m bench $(ARGS)

screens: setup-dev  ## take the pictures under docs/screens/ from the demo that runs beside it
	@$(BIN)/python -m demo.pictures

safety-case:  ## write docs/safety-case.md from the hazard log and the marks in the tests
	@$(BIN)/python -m tests.safety_case

sbom:  ## write var/sbom.json: what the production image is made of (CycloneDX)
	@$(PYTHON) .ci/sbom var/sbom.json

audit:  ## ask the package index what is known of the pinned packages; needs the network
	@.ci/audit $(ARGS)

lock:  ## write the lock files again from requirements*.in; ARGS="--upgrade"
	@.ci/lock $(ARGS)

clean:  ## forget all data of the demo (var/); refuses while it runs
	@$(PYTHON) services/place.py forget
