# The image, built and run. Prerequisites: podman (or ENGINE=docker), and what tests on a real Kafka need.
ENGINE ?= $(shell command -v podman > /dev/null && echo podman || echo docker)
IMAGE ?= localhost/leadpulse:dev

.PHONY: image image-build

image: image-build ## the image: built, run without rights against a real Kafka, stopped under load, judged by the oracle
	$(BIN)/python -m tests.image --engine $(ENGINE) --image $(IMAGE)

image-build: $(READY)
	ENGINE=$(ENGINE) IMAGE=$(IMAGE) sh make/image.sh
