# Each target does its own set-up: Python 3.11 or 3.12 and make are all that must be there.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK := requirements/dev.txt
# numba's cache on disk does not notice a change in an imported kernel: a directory for each state of the sources does.
export NUMBA_CACHE_DIR := $(CURDIR)/build/numba/$(shell cat stream/core/*.py | cksum | cut -d' ' -f1)

.PHONY: help demo test lint doctor lock format clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: $(READY) ## leads, a broker, training, scoring and a model swap in your terminal, in under two minutes
	$(BIN)/leadpulse demo --summary build/demo.json $(DEMO)

test: $(READY) ## every test; those on a real Kafka run where Java 17 and Maven are, or KAFKA_BOOTSTRAP
	$(BIN)/python -m pytest $(PYTEST)

lint: $(READY) ## style, strict types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

doctor: $(READY) ## what is here, what is missing, and what to do about it
	$(BIN)/leadpulse doctor

format: $(READY) ## rewrites the sources in the house's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(READY) ## resolves the dependencies anew, with hashes and without addresses
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --all-extras pyproject.toml -o $(LOCK)
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links -c $(LOCK) pyproject.toml -o requirements/worker.txt

clean: ## removes everything that the other targets made
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(READY): $(LOCK) pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed: install it, or name it with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' \
		|| { echo "$(PYTHON) is not Python 3.11 or 3.12: name one with PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
