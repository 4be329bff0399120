#!/bin/sh
# Sees to an image apache/kafka of the version given, or of the one that docker-compose.yml names: pulled, or made of Maven's
# jars and Debian's Java. ENGINE: podman or docker. PYTHON: the project's own.
set -eu
image=$(sed -n 's/.*KAFKA_IMAGE:-\(.*\)}/\1/p' docker-compose.yml)
[ $# -eq 0 ] || image=apache/kafka:$1
if $ENGINE image inspect "$image" > /dev/null 2>&1 || timeout 300 $ENGINE pull --quiet "$image" > /dev/null 2>&1; then
    exit 0
fi
echo "$image cannot be had: making one of Maven's jars" >&2
base=localhost/java-base:bookworm
if ! $ENGINE image inspect $base > /dev/null 2>&1; then
    command -v debootstrap > /dev/null || apt-get install -y -q --no-install-recommends debootstrap
    root=$(mktemp -d)
    debootstrap --variant=minbase --include=openjdk-17-jre-headless,ca-certificates bookworm "$root"
    tar -C "$root" -cf - . | $ENGINE import - $base
    rm -rf "$root"
fi
context=$(mktemp -d)
jars=$(LEADPULSE_KAFKA_VERSION=${image##*:} "$PYTHON" -c 'from tests.brokers.local_kafka import fetch_jars; print(fetch_jars())')
cp -R make/kafka-image/. "$context" && cp -R "$jars" "$context/libs"
# By its whole name as well: under that, Docker's API looks for it, also where podman answers.
$ENGINE build --build-arg BASE=$base --tag "$image" --tag "docker.io/$image" "$context"
rm -rf "$context"
