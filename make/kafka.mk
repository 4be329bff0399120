# Kafka's images, for `make compat` through Docker's API where they cannot be pulled. Prerequisites: podman or ENGINE=docker,
# and, for what cannot be pulled, Java and Maven.
.PHONY: kafka-images

kafka-images: $(READY) ## an image of each of KAFKA_VERSIONS: pulled, or made of Maven's jars
	for version in $(KAFKA_VERSIONS); do \
		ENGINE=$(ENGINE) PYTHON=$(BIN)/python sh make/kafka-image.sh $$version || exit 1; done
