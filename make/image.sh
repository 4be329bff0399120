#!/bin/sh
# Builds the images of worker and trainer. ENGINE: podman or docker. IMAGE: the worker's name; the trainer's follows it.
# PYTHON_IMAGE: what to build on. Where it is not given and the Dockerfile's own cannot be had, Debian's packages make one.
set -eu
name=${IMAGE%:*}; tag=${IMAGE##*:}

debian_with_python() {
    base=localhost/leadpulse-base:bookworm
    if ! $ENGINE image inspect $base > /dev/null 2>&1; then
        command -v debootstrap > /dev/null || apt-get install -y -q --no-install-recommends debootstrap >&2
        root=$(mktemp -d)
        debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$root" >&2
        rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
        tar -C "$root" -cf - . | $ENGINE import - $base >&2
        rm -rf "$root"
    fi
    echo $base
}

if [ -z "${PYTHON_IMAGE:-}" ]; then
    PYTHON_IMAGE=$(sed -n 's/^ARG PYTHON_IMAGE=//p' Dockerfile)
    if ! timeout 300 $ENGINE pull --quiet "$PYTHON_IMAGE" > /dev/null 2>&1; then
        echo "$PYTHON_IMAGE cannot be had: building on Debian's own packages" >&2
        PYTHON_IMAGE=$(debian_with_python)
    fi
fi

options="--build-arg PYTHON_IMAGE=$PYTHON_IMAGE --build-arg REVISION=$(git rev-parse --short HEAD 2> /dev/null || echo unknown)"
options="$options --build-arg VERSION=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)"
case $ENGINE in
    podman)
        # Containers may not have namespaces of their own where this runs in one; the host's authorities count in the
        # build as well, for sites that look into encrypted connections.
        options="$options --isolation=chroot"
        authorities=/etc/ssl/certs/ca-certificates.crt
        [ ! -f $authorities ] || options="$options --volume $authorities:$authorities:ro"
        ;;
esac
for target in worker trainer; do
    suffix=; [ $target = worker ] || suffix=-trainer
    # shellcheck disable=SC2086
    $ENGINE build $options --target $target --tag "$name$suffix:$tag" .
done
$ENGINE images --filter "reference=$name*"
