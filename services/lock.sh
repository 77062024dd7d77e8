#!/bin/sh
# Locks requirements*.in. Universal (every platform), with hashes, without the address of any package index.
set -eu
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .tools/bin/uv)
for name in requirements requirements-dev; do
    "$uv" pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
        --python-version 3.11 "$@" "$name.in" --output-file "$name.txt"
done
