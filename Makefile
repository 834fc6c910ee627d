# Every command that a person types. `make help` lists them; `make bench` and `make test` set up what they need.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.ONESHELL:
.SHELLFLAGS := -eu -c

PYTHON ?= python3
VENV := .venv
BENCHMARK := $(VENV)/bin/python -m benchmark
MODELS ?=
PROFILE ?= full
DATASET ?= fashion-mnist
JOBS ?=
comma := ,
OPTIONS := --dataset $(DATASET) --profile $(PROFILE) $(if $(MODELS),--models $(MODELS)) $(if $(JOBS),--jobs $(JOBS)) \
  $(if $(DATA_DIR),--data-dir $(DATA_DIR)) $(if $(FAST),--fast)
OWN := $(if $(ENTRIES),--entries $(ENTRIES))

.PHONY: help setup data bench site serve list diff compare history readme test check speed oracle lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "make %-9s %s\n", $$1, $$2}'

setup: ## make .venv with the locked dependencies; every other target does it by itself
	@$(PYTHON) -I benchmark/environment.py $(VENV) requirements.lock $(if $(FAST),requirements-fast.lock)

data: setup ## fetch and verify the data set, and describe it (DATASET=name; ACCEPT=1: these files are it from now on)
	@$(BENCHMARK) data $(OPTIONS) $(OWN) $(if $(ACCEPT),--accept)

bench: setup ## measure every model that is not current, then build the site (MODELS=a,b ENTRIES=my.py PROFILE=quick DRY=1 FAST=1 JOBS=n)
	@$(BENCHMARK) bench $(OPTIONS) $(OWN) $(if $(DRY),--dry-run)

site: setup ## build the site from the stored results
	@$(BENCHMARK) site $(OPTIONS) $(OWN)

serve: setup ## show the built site on this machine (PORT=8000)
	@$(BENCHMARK) serve $(OPTIONS) $(if $(PORT),--port $(PORT))

list: setup ## list the models and whether their results are current (CHECK=1: exit with 3 if not)
	@$(BENCHMARK) list $(OPTIONS) $(OWN) $(if $(CHECK),--check)

diff: setup ## say what changed and whether it is noise (BASE=HEAD~1 HEAD=… FORMAT=text|markdown|json MODELS=a,b)
	@$(BENCHMARK) diff '$(or $(BASE),HEAD)' $(if $(HEAD),'$(HEAD)') --dataset $(DATASET) $(if $(FORMAT),--format $(FORMAT)) \
	  $(if $(MODELS),--models $(MODELS))

compare: setup ## compare two models of one commit (MODELS=a,b)
	@$(BENCHMARK) compare $(subst $(comma), ,$(MODELS)) --dataset $(DATASET) $(if $(FORMAT),--format $(FORMAT))

history: setup ## list a metric of each model at every commit that changed results (METRIC=accuracy MODELS=a,b)
	@$(BENCHMARK) history --dataset $(DATASET) $(if $(METRIC),--metric $(METRIC)) $(if $(MODELS),--models $(MODELS)) \
	  $(if $(FORMAT),--format $(FORMAT))

readme: setup ## write the leaderboard into README.md
	@$(BENCHMARK) readme

test: setup ## run the tests
	@$(VENV)/bin/python -m pytest $(PYTEST)

check: setup ## lint, formatting and types
	@$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

speed: setup ## time the straightforward way against ours, alternately (FAST=1)
	@$(VENV)/bin/python tests/speed.py $(if $(FAST),--fast)

oracle: setup ## reproduce three published rows of the official benchmark
	@$(VENV)/bin/python tests/oracle.py

lock: setup ## renew the lock files from pyproject.toml
	@$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
	  --extra test pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
	  --extra test --extra fast pyproject.toml -o requirements-fast.lock

clean: ## remove what is generated, caches and the environment; results and data stay
	@rm -rf build .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis
