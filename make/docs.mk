# The documentation as a site, in build/site. No network is used.
.PHONY: docs

docs: $(READY) ## the documentation as a site in build/site
	$(BIN)/leadpulse config reference settings > docs/settings.md
	$(BIN)/leadpulse config reference features > docs/signals.md
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "open build/site/index.html"
