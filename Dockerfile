# Two images from one file: `worker` (the default), and `trainer`, which has the packages for training as well.
#
#   podman build --target worker -t leadpulse:dev .
#   podman build --target trainer -t leadpulse-trainer:dev .
#
# PYTHON_IMAGE: any Debian with Python 3.11 or 3.12 and its venv module. The result has that and no more, no compiler
# and no pip of its own.
ARG PYTHON_IMAGE=docker.io/library/python:3.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ARG PIP_CERT=/etc/ssl/certs/ca-certificates.crt
ARG PIP_NO_CACHE_DIR=1
ARG PIP_DISABLE_PIP_VERSION_CHECK=1
ARG PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements/build.txt requirements/image.txt requirements/
RUN python3 -m venv /opt/build \
    && /opt/build/bin/python -m pip install --quiet --require-hashes -r requirements/build.txt \
    && python3 -m venv --without-pip /opt/leadpulse \
    && /opt/build/bin/python -m pip --python /opt/leadpulse/bin/python install --quiet --no-compile \
        --require-hashes -r requirements/image.txt
COPY LICENSE README.md pyproject.toml ./
COPY schemas schemas
COPY stream stream
COPY training training
COPY leadpulse leadpulse
RUN /opt/build/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/build/bin/python -m pip --python /opt/leadpulse/bin/python install --quiet --no-compile --no-deps /wheels/*.whl \
    && /opt/leadpulse/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/leadpulse/lib \
    && /opt/build/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml \
        --output-file /opt/leadpulse/sbom.cdx.json /opt/leadpulse/bin/python
# The kernels are compiled for this processor, and not for the one that happens to build: `generic` is the least that
# every amd64 or arm64 machine has. Without features named, numba would add those of the machine that builds.
ARG KERNEL_CPU=generic
RUN NUMBA_CPU_NAME=${KERNEL_CPU} NUMBA_CPU_FEATURES= NUMBA_CACHE_DIR=/opt/leadpulse/kernels ORT_DISABLE_TELEMETRY=1 \
    PYTHONDONTWRITEBYTECODE=1 /opt/leadpulse/bin/leadpulse kernels
COPY --chmod=755 deploy/entrypoint.sh /opt/leadpulse/bin/leadpulse-entrypoint

FROM build AS build-trainer
COPY requirements/trainer.txt requirements/
RUN /opt/build/bin/python -m pip --python /opt/leadpulse/bin/python install --quiet --no-compile \
        --require-hashes -r requirements/trainer.txt \
    && /opt/leadpulse/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/leadpulse/lib \
    && /opt/build/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml \
        --output-file /opt/leadpulse/sbom.cdx.json /opt/leadpulse/bin/python

FROM ${PYTHON_IMAGE} AS runtime
ARG KERNEL_CPU=generic
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Leadpulse" \
      org.opencontainers.image.description="Real-time lead scoring on Kafka" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN echo 'leadpulse:x:10001:10001::/tmp:/usr/sbin/nologin' >> /etc/passwd && echo 'leadpulse:x:10001:' >> /etc/group \
    && mkdir -p /var/lib/leadpulse /models && chown 10001:10001 /var/lib/leadpulse /models
ENV PATH=/opt/leadpulse/bin:$PATH \
    HOME=/tmp \
    ORT_DISABLE_TELEMETRY=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GLIBC_TUNABLES=glibc.malloc.hugetlb=1 \
    NUMBA_CPU_NAME=${KERNEL_CPU} \
    NUMBA_CPU_FEATURES= \
    NUMBA_CACHE_DIR=/tmp/leadpulse-kernels
USER 10001:10001
EXPOSE 6066
ENTRYPOINT ["leadpulse-entrypoint"]
CMD ["--help"]

FROM runtime AS trainer
COPY --from=build-trainer /opt/leadpulse /opt/leadpulse

FROM runtime AS worker
COPY --from=build /opt/leadpulse /opt/leadpulse
