# Everything that people do with this folder. `make help` lists it; make and Python 3.11 or newer are enough.

PORT ?= 8000
INSTANCE ?= instance
PYTHON ?= python3
export PORT INSTANCE

BIN := .venv/bin
MESSAGES := $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/messages.po))
EXTRACT := $(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output -k _l -k _pl:1c,2 -k N_
CHROMIUM := $(firstword $(shell command -v chromium chromium-browser google-chrome 2>/dev/null))
# A worker for each of two cores, and one for while the others wait: for a lock, a mail, a browser. WORKERS=0 runs the tests in one process.
WORKERS ?= 3
# Which mutations `make sabotage` tries.
COUNT ?= 50
SEED ?= 1
ROOM ?=
# What `make audit` is held to: parts of it, addresses that hold a text. Empty means everything.
ONLY ?=
PAGES ?=
# How many random histories `make torture` lives.
TORTURE ?= 500
# What `make profile` looks at.
PAGE ?= /support/licenses/

.DEFAULT_GOAL := help
.PHONY: help run test check audit sabotage torture bench bench-quick profile format translations migration screenshots house tables clean browser FORCE

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  PORT=8000 INSTANCE=instance say where a copy serves (PORT to PORT+2) and keeps its data."

run: $(INSTANCE)/filled $(MESSAGES) ## serve on http://127.0.0.1:8000 with demonstration data, a sandbox and a mail inbox
	@$(BIN)/python run.py

test: .venv/installed-dev $(MESSAGES) browser ## every test, on SQLite and PostgreSQL, browser tests included
	@$(BIN)/pytest -n $(WORKERS) $(ARGS)

check: .venv/installed-dev ## style, imports, types, templates, translations, sizes
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/djlint --quiet --check templates sandbox/templates \
	    || { echo "Some templates are not in the house style: make format"; exit 1; }
	@$(BIN)/djlint --quiet --lint templates sandbox/templates
	@$(BIN)/python -m scripts.check_translations
	@$(BIN)/python -m scripts.check_sizes

# No part of `make test`: a full run takes some 25 minutes.
audit: .venv/installed-dev $(MESSAGES) browser audit/node_modules/installed ## ONLY=html,focus PAGES=/portal/users: valid HTML, access, widths, focus, paper, speed of every page
	@ONLY="$(ONLY)" PAGES="$(PAGES)" $(BIN)/python -m audit

# Which test runs which line is kept in .sabotage, and found out again when there is none.
sabotage: .venv/installed-dev $(MESSAGES) ## ROOM=buying SEED=1 COUNT=50: delete guards at random, one at a time; does a test notice?
	@test -f .sabotage/map.json || $(BIN)/python -m scripts.sabotage map --workers $(WORKERS)
	@$(BIN)/python -m scripts.sabotage --workers $(WORKERS) --count $(COUNT) --seed $(SEED) --room "$(ROOM)" $(ARGS)

torture: .venv/installed-dev $(MESSAGES) ## TORTURE=500: that many random histories of a company, instead of 20
	@TORTURE=$(TORTURE) $(BIN)/pytest -q -n $(WORKERS) tests/torture

# The first run fills four databases with a million and ten thousand licences, and keeps them for the next.
bench: .venv/installed-dev $(MESSAGES) ## reading, searching, writing, mail and sixteen at once over a million licences (an hour; ARGS="--database sqlite")
	@$(BIN)/python -m benchmarks all $(ARGS)

bench-quick: .venv/installed-dev $(MESSAGES) ## the same over ten thousand, in a few minutes
	@$(BIN)/python -m benchmarks all --quick $(ARGS)

profile: .venv/installed-dev $(MESSAGES) ## PAGE=/support/licenses/: where the time of a page goes
	@$(BIN)/python -m benchmarks read --profile "$(PAGE)" $(ARGS)

format: .venv/installed-dev ## put code and templates into the house style
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format
	@$(BIN)/djlint --quiet --reformat templates sandbox/templates || true

translations: .venv/installed-dev ## take new messages of the code into the catalogues, and compile them
	@$(EXTRACT) -o translations/messages.pot .
	@$(BIN)/pybabel -q update -i translations/messages.pot -d translations --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width=110
	@rm translations/messages.pot
	@$(BIN)/pybabel -q compile -d translations
	@$(BIN)/python -m scripts.check_translations

migration: .venv/installed-dev ## m="add devices": a numbered migration with what changed in models.py, to be completed by hand
	@test -n "$(m)" || { echo 'Say what it does: make migration m="add devices"'; exit 1; }
	@$(BIN)/flask db upgrade
	@$(BIN)/flask db revision --autogenerate -m "$(m)" \
	    --rev-id $$(printf '%04d' $$(($$(ls migrations/versions/*.py | sed 's|.*/0*\([0-9]*\)_.*|\1|' | sort -n | tail -1) + 1)))

screenshots: .venv/installed-dev $(MESSAGES) browser ## take the pictures of docs/ and the README anew
	@$(BIN)/python -m scripts.screenshots

house: .venv/installed-dev ## draw which room may import which into docs/tour.md
	@$(BIN)/python -m scripts.house

tables: .venv/installed-dev ## draw which table points at which into docs/data.md
	@$(BIN)/python -m scripts.tables

clean: ## forget the environment and the data
	@rm -rf .venv $(INSTANCE) $(MESSAGES) audit/node_modules .audit

browser:
	@test -n "$(CHROMIUM)" || { \
	    echo "The browser tests need Chromium, which is not on this machine."; \
	    echo "Debian, Ubuntu: apt-get install chromium   Fedora: dnf install chromium   macOS: brew install chromium"; \
	    exit 1; }

# --- What the commands above stand on -------------------------------------------------------------------------------

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Python 3.11 or newer is needed; name it: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv \
	    || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)."; rm -rf .venv; exit 1; }

# A stamp says which list was installed, so that a second run installs nothing.
.venv/installed: requirements.txt | .venv/bin/python
	@echo "Installing what Trousseau runs on into .venv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	@echo "Installing what tests and checks it into .venv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# Java for the HTML checker, Node.js for the rest: what the audit runs beside Python.
audit/node_modules/installed: audit/package-lock.json audit/install
	@echo "Installing what audits it into audit/node_modules …"
	@audit/install
	@touch $@

# Filling starts the whole application once more: only where migrations or demonstration data are newer, and
# always where there is no SQLite file to be sure of.
$(INSTANCE)/filled: $(wildcard migrations/versions/*.py demo/*.py) \
    $(if $(wildcard $(INSTANCE)/trousseau.sqlite),,FORCE) | .venv/installed
	@$(BIN)/flask demo
	@touch $@

FORCE:

%.mo: %.po | .venv/installed
	@$(BIN)/pybabel -q compile -i $< -o $@
