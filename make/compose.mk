# docker-compose.yml, run. Prerequisites: those of `make image`, Java and Maven where Kafka's image cannot be pulled, and
# Prometheus (`apt-get install prometheus`) where its image cannot.
COMPOSE ?= $(if $(filter podman,$(ENGINE)),$(TOOLS)/python/bin/podman-compose,docker compose)
COMPOSE_GO_VERSION := v2.9.0

.PHONY: compose

compose: image-build $(TOOLS)/python/.ready ## docker-compose.yml: checked by its schema, run, scores moving, the trained model taken over
	cd $(TOOLS) && schema=$$(go mod download -json github.com/compose-spec/compose-go/v2@$(COMPOSE_GO_VERSION) \
		| sed -n 's/.*"Dir": "\(.*\)".*/\1/p')/schema/compose-spec.json && cp -f $$schema compose-spec.json
	$(TOOLS)/python/bin/python -c 'import json, sys, yaml, jsonschema; \
		jsonschema.validate(yaml.safe_load(open("docker-compose.yml")), json.load(open("$(TOOLS)/compose-spec.json")))'
	ENGINE=$(ENGINE) PYTHON=$(BIN)/python sh make/kafka-image.sh
	LEADPULSE_IMAGE=$(IMAGE) LEADPULSE_TRAINER_IMAGE=$(subst :,-trainer:,$(IMAGE)) \
		$(BIN)/python -m tests.compose --engine $(ENGINE) --compose "$(COMPOSE)"
