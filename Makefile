# The one entry point. `make` says what each target does.
SHELL := /bin/bash
PY := .venv/bin/python

# The tests run real processes against real clocks on whatever machine this is. What fails is asked
# once more in a process of its own; both answers stay in the output.
asked = $(PY) -m pytest -q $(1) || \
	{ echo "asking once more what failed"; $(PY) -m pytest -q --lf --lfnf=none $(1); }

.DEFAULT_GOAL := help
.PHONY: help setup demo test fmt lint types golden gen bench lock unit e2e web

help: ## say what each target does
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## install what Meshweb needs into .venv and build the web pages
	@./setup.sh run

demo: ## bring up the mesh with its sample shop, in the foreground (Ctrl-C ends it)
	@./setup.sh run
	@$(PY) manage.py demo

test: ## everything CI runs: lint, types, unit, golden, browser and end-to-end tests
	@./setup.sh test
	@$(MAKE) --no-print-directory lint types unit web e2e

unit: ## tests without a whole mesh
	$(call asked,tests --ignore=tests/e2e)

e2e: ## a whole mesh with real Envoys and a real browser
	$(call asked,tests/e2e)

web: ## the front end's own checks and tests
	cd mesh_web/frontend && npm run --silent check && npm run --silent test

fmt: ## format everything
	.venv/bin/ruff format . && .venv/bin/ruff check --fix -q . ; cd mesh_web/frontend && npm run --silent format

lint: ## style, imports between apps, undeclared dependencies
	.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/lint-imports && .venv/bin/deptry .

types: ## mypy, strict
	.venv/bin/mypy .

golden: ## rewrite the golden files from the code
	$(PY) -m pytest -q tests/golden --rewrite-golden

gen: ## regenerate the front end's types from the OpenAPI schema and the Python models
	$(PY) manage.py openapi > mesh_web/frontend/openapi.json && cd mesh_web/frontend && npm run --silent gen

bench: ## benchmarks; each prints ratios to a floor measured in the same run
	$(PY) -m benchmarks

lock: ## pin dependencies with hashes
	.venv/bin/uv pip compile -q --generate-hashes --no-header --python-version 3.11 --universal requirements.in -o requirements.lock
	.venv/bin/uv pip compile -q --generate-hashes --no-header --python-version 3.11 --universal requirements-dev.in -o requirements-dev.lock
