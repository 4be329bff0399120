# The report in a browser. Prerequisite: Chromium, which is installed where apt-get may.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

.PHONY: report-check

report-check: $(READY) $(VENV)/.nightly ## the training report, opened in a real headless Chromium
	@test -n "$(CHROMIUM)" \
		|| { apt-get update -q && apt-get install -qy --no-install-recommends chromium fonts-dejavu-core; } \
		|| { echo "Chromium is needed: install it, as with apt-get install chromium"; exit 1; }
	$(BIN)/python -m pytest -m nightly tests/training/test_report_in_browser.py $(PYTEST)

# What only nightly tests need; they are skipped without it.
$(VENV)/.nightly: requirements/nightly.txt $(READY)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@
