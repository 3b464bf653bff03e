# `make help` lists what there is to do. Every target brings what it needs.
PYTHON := .venv/bin/python
N ?= 20
SECONDS ?= 300
CUTS ?= 5
QUICK ?=
DEBS ?=
SIGN ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo tour test lint types bench chaos fuzz mutants screens bundle deb install-test technician-tour clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: ## install what is missing (Debian packages, virtual environment, fonts, translations)
	@deploy/setup.sh

demo: setup ## the whole terminal with its hardware bench in the browser, until Ctrl-C; ARGS="--region beijing --landscape"
	@exec $(PYTHON) -m simulators.stand demo $(ARGS)

tour: setup ## serve the demo's citizens and photograph every step to build/tour; BREAK=<rule> must fail, ONLY=<journey> picks
	@exec $(PYTHON) -m tests.e2e.tour $(if $(BREAK),--break $(BREAK)) $(if $(ONLY),--only $(ONLY))

test: setup ## lint, types, import rules and every test, with one summary
	@exec deploy/checks.sh

lint: setup ## ruff's rules and formatting
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .

types: setup ## mypy --strict, and who may import whom
	@.venv/bin/mypy && .venv/bin/lint-imports

bench: setup ## measure: table, build/bench/results.json, plots; QUICK=1 for a short run
	@exec $(PYTHON) -m benchmarks $(if $(QUICK),--quick)

chaos: setup ## kill terminal and uplink N times, cut their power CUTS times, or cut it in REPLACEMENTS=n replacements of cards, and judge; BREAK=<fault> must fail
	@exec $(PYTHON) -m $(if $(REPLACEMENTS),tests.e2e.replacements $(REPLACEMENTS),tests.e2e.chaos --kills $(N) --cuts $(CUTS)) \
	  $(if $(SEED),--seed $(SEED)) $(if $(BREAK),--break $(BREAK))

fuzz: setup ## rubbish on every wire for SECONDS (300) in all; ONLY=<target> picks; a finding ends with 1
	@$(PYTHON) -c 'import atheris' 2>/dev/null || $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[fuzz]'
	@exec $(PYTHON) -m tests.fuzz --seconds $(SECONDS) $(if $(ONLY),--only $(ONLY))

mutants: setup ## plant faults one by one; the tests must find each
	@exec $(PYTHON) -m tests.mutants

screens: setup ## a picture of every screen in each language, orientation and size under build/screens
	@exec $(PYTHON) -m tests.ui.screenshots

bundle: setup ## one archive that makes a bare Debian 12 a terminal, in build/bundle; DEBS=1 with Debian's packages, SIGN=<key.pem> signed
	@exec $(PYTHON) deploy/build_bundle.py $(if $(DEBS),--debs) $(if $(SIGN),--sign $(SIGN))

deb: bundle ## the same as a Debian package, in build/deb
	@deploy/build_deb.sh build/bundle/*.tar build/deb
	@if command -v lintian >/dev/null; then lintian --allow-root --fail-on error build/deb/*.deb; fi

install-test: setup ## install, serve, freeze, upgrade, go back and remove in a bare root that is booted; BY=bundle|deb|screen picks, BREAK=<fault> must fail
	@exec $(PYTHON) -m tests.e2e.installation $(if $(BY),--by $(BY)) $(if $(BREAK),--break $(BREAK))

technician-tour: setup ## break an installed terminal in twenty places by SEED=n, see what doctor and screen say, to build/technician
	@exec $(PYTHON) -m tests.e2e.technician $(if $(SEED),--seed $(SEED))

clean: ## remove what was built; the virtual environment stays
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
