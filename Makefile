# make demo and make test work on a fresh Debian with nothing but Python 3.11, make and the package registries.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

BIN := .venv/bin
UV := $(BIN)/uv
KAFKA := build/kafka
INSTALL := $(UV) pip install --quiet --python $(BIN)/python

# The machine's own certificates where it has them: a proxy's stands among them, not in uv's bundle.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS := 1
endif

# Stamps: each holds the time of the last install, so that a second run does nothing.
UV_READY := .venv/.uv
RUN_READY := .venv/.installed
DEV_READY := .venv/.installed-dev
KAFKA_READY := $(KAFKA)/.fetched
POSTGRESQL_READY := build/.postgresql

.PHONY: help setup setup-tests demo test check lint types format bench lock upgrade clean

help: ## show these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: $(RUN_READY) ## install Evenhand into .venv

setup-tests: $(DEV_READY) $(KAFKA_READY) $(POSTGRESQL_READY) ## install what the tests need besides: tools, Java, Kafka, PostgreSQL

demo: setup ## the main job on files that ship with the project, no Kafka
	@scripts/demo.sh

test: setup-tests ## every test, against a real Kafka broker; ARGS="-k split" for some
	@$(BIN)/pytest $(ARGS)

check: lint types test ## what a change must pass

lint: $(DEV_READY) ## format and style
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(DEV_READY) ## static types, of the tests too
	@$(BIN)/mypy

format: $(DEV_READY) ## rewrite the code in the house's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup-tests ## measure on a real broker beside peers, ARGS="race"; see docs/benchmarks.md
	@$(BIN)/python -m benchmarks $(ARGS)

lock: $(UV_READY) ## pin what pyproject.toml asks for, keeping the pins that still fit
	@$(call compile,pyproject.toml --group build,requirements.lock)
	@$(call compile,pyproject.toml --group build --group dev -c requirements.lock,requirements-dev.lock)
	@echo 'uv==$(shell $(UV) --version | cut -d" " -f2)' | $(call compile,-,scripts/uv.lock)

upgrade: ## pin the newest versions that fit
	@$(MAKE) lock UPGRADE=--upgrade

clean: ## remove everything that make made
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +

# Without the addresses of any registry: the reader's own is used.
compile = UV_CUSTOM_COMPILE_COMMAND='make lock' $(UV) pip compile --quiet $(UPGRADE) --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links $(1) -o $(2)

$(UV_READY): scripts/uv.lock
	@"$$(scripts/find-python)" -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r scripts/uv.lock
	@touch $@

$(RUN_READY): requirements.lock pyproject.toml | $(UV_READY)
	@echo 'installing Evenhand into .venv'
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_READY): requirements-dev.lock $(RUN_READY)
	@echo 'installing the tools for tests into .venv'
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

$(KAFKA_READY): tests/kafka/pom.xml
	@scripts/install-java
	@echo 'fetching Kafka into $(KAFKA)/libs'
	@rm -rf $(KAFKA)/libs
	@mvn --batch-mode --quiet --strict-checksums -f tests/kafka/pom.xml package
	@touch $@

$(POSTGRESQL_READY): scripts/install-postgresql
	@scripts/install-postgresql
	@mkdir -p build
	@touch $@
