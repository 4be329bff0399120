# Each target does its own set-up: Python 3.11 or 3.12 and make are all that must be there.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK := requirements/dev.txt
KAFKA_VERSIONS ?= 3.9.1 4.1.1
PYTHON_PEERS := faust quix bytewax
# numba's cache on disk does not notice a change in an imported kernel: a directory for each state of the sources does.
export NUMBA_CACHE_DIR := $(CURDIR)/build/numba/$(shell cat stream/core/*.py stream/sources/*.py stream/runtime/arena.py stream/runtime/ring.py | cksum | cut -d' ' -f1)

.PHONY: help demo kernels test bench bench-peers faults compat lint doctor lock format clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: $(READY) ## leads, a broker, training, scoring and a model swap in your terminal, in under two minutes
	$(BIN)/leadpulse demo --summary build/demo.json $(DEMO)

kernels: $(READY) ## compiles what a worker would compile at its first start
	$(BIN)/leadpulse kernels

test: $(READY) kernels ## every test but the nightly ones; those on a real Kafka run where KAFKA_BOOTSTRAP, Docker, or Java 17 and Maven are
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(PYTEST)

compat: $(READY) ## what needs a real Kafka, on each of KAFKA_VERSIONS, in Docker or from Maven's jars; for every night
	@failed=; for version in $(KAFKA_VERSIONS); do \
		env -u KAFKA_BOOTSTRAP LEADPULSE_REQUIRE_KAFKA=1 LEADPULSE_KAFKA_VERSION=$$version \
			$(BIN)/python -m pytest -m "kafka and not slow and not contracts" $(PYTEST) || failed="$$failed $$version"; \
	done; test -z "$$failed" || { echo "failed on Kafka$$failed"; exit 1; }

bench: $(READY) ## speed, latency, restore, memory, then the peers, on a real Kafka: build/bench.json and a chart; BENCH=--quick for short
	$(BIN)/python -m bench $(BENCH)
	$(if $(BENCH),,$(MAKE) bench-peers)

faults: $(READY) ## eighteen faults under load on a real Kafka, judged by the oracle: a table and build/faults.json
	$(BIN)/python -m tests.faults $(FAULTS)

bench-peers: $(READY) $(PYTHON_PEERS:%=build/peers/%/.ready) build/peers/kafka-streams/.ready ## other stream processors on the reference job
	$(BIN)/python -m bench.peers $(PEERS)

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
		--no-emit-index-url --no-emit-find-links --extra training --extra s3 --extra otel --extra dev \
		pyproject.toml -o $(LOCK)
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links -c $(LOCK) pyproject.toml -o requirements/worker.txt
	for each in "image --extra s3 --extra otel pyproject.toml" "trainer --extra s3 --extra otel --extra training pyproject.toml" \
		"build requirements/build.in" "tools requirements/tools.in" "audit requirements/audit.in" "spark requirements/spark.in"; do \
		set -- $$each; $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
			--no-annotate --no-emit-index-url --no-emit-find-links -c $(LOCK) -o requirements/$$1.txt $$(shift; echo "$$@") \
			|| exit 1; \
	done
	$(BIN)/uv pip compile -q --python-platform linux --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links -c $(LOCK) --extra nightly pyproject.toml -o requirements/nightly.txt
	for peer in $(PYTHON_PEERS); do \
		$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
			--no-emit-index-url --no-emit-find-links bench/peers/$$peer.in -o bench/peers/$$peer.txt || exit 1; \
	done

build/peers/%/.ready: bench/peers/%.txt
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

build/peers/kafka-streams/.ready: bench/peers/kafka-streams/pom.xml $(wildcard bench/peers/kafka-streams/src/main/java/leadpulse/bench/*.java)
	mvn --batch-mode --quiet --file $< -Doutput=$(CURDIR)/$(@D) compile \
		dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=$(CURDIR)/$(@D)/libs
	@touch $@

clean: ## removes everything that the other targets made
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(READY): $(LOCK) pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed: install it, or name it with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' \
		|| { echo "$(PYTHON) is not Python 3.11 or 3.12: name one with PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --no-compile --disable-pip-version-check --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Targets that check deployments and contracts, one file each; tools.mk says where their tools are.
include make/tools.mk $(filter-out make/tools.mk,$(sort $(wildcard make/*.mk)))
