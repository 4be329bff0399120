# Known vulnerabilities of what is shipped, asked of PyPI's advisory service: the one target that needs it.
.PHONY: audit

audit: $(TOOLS)/audit/.ready ## known vulnerabilities of the images' packages, by PyPI's advisories
	for each in image trainer; do \
		$(TOOLS)/audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements/$$each.txt || exit 1; \
	done

$(TOOLS)/audit/.ready: requirements/audit.txt
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@
