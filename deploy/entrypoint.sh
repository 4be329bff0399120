#!/bin/sh
# Begins every container: gives numba a copy of the kernels that were compiled in the build, then becomes leadpulse.
# Numba takes a cache only from a directory that it may write to, and the image is read-only.
set -eu

if [ ! -d "$NUMBA_CACHE_DIR" ]; then
    incoming="$NUMBA_CACHE_DIR.$$"
    cp -R /opt/leadpulse/kernels "$incoming" || {
        echo "leadpulse: cannot write to $NUMBA_CACHE_DIR: mount a writable directory at /tmp (an emptyDir, --tmpfs /tmp)" >&2
        exit 1
    }
    # In one step: a container that is killed here leaves no half of it.
    mv "$incoming" "$NUMBA_CACHE_DIR"
fi
exec leadpulse "$@"
