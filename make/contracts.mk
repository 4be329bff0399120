# The contracts: what is published is what the code says, breaks nobody, and is what workers write.
# Prerequisites beside those of `make test`: Node 18 or later with npm, Java 17 and Maven.
ASYNCAPI_PARSER := @asyncapi/parser@3.6.3
CONTRACT_TOOLS := build/tools

.PHONY: contracts
contracts: $(READY) $(CONTRACT_TOOLS)/asyncapi/.ready $(CONTRACT_TOOLS)/kafka/.ready ## AsyncAPI by its parser, schemas that break nobody, records that fit them, consumers that run
	$(BIN)/leadpulse contracts check
	NODE_PATH=$(CONTRACT_TOOLS)/asyncapi/node_modules node tests/contracts/parse.mjs schemas/published/asyncapi.yaml
	LEADPULSE_REQUIRE_KAFKA=1 LEADPULSE_CONTRACT_TOOLS=$(CONTRACT_TOOLS) $(BIN)/python -m pytest tests/contracts -m "not nightly" $(PYTEST)

$(CONTRACT_TOOLS)/asyncapi/.ready:
	@command -v npm >/dev/null || { echo "npm is needed: install Node 18 or later"; exit 1; }
	mkdir -p $(@D)
	npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix $(@D) $(ASYNCAPI_PARSER)
	@touch $@

$(CONTRACT_TOOLS)/kafka/.ready: tests/contracts/pom.xml
	@command -v mvn >/dev/null || { echo "mvn is needed: install Java 17 and Maven"; exit 1; }
	mvn --batch-mode --quiet --file $< dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=$(CURDIR)/$(@D)/libs
	@touch $@
