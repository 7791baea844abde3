#!/usr/bin/env bash
# Makes the locks again: dev.txt, torch.txt, torch-cuda.txt, lab.txt (torch-cpu.txt is kept by hand).
# Every file pins versions and digests and names no index.
# `requirements/lock.sh --upgrade` takes the newest versions that pyproject.toml and dev.in allow.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
here=requirements

compile() { # output, then arguments
    local output=$1
    shift
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-emit-index-url --no-emit-find-links --output-file "$output" "$@"
}

compile $here/dev.txt pyproject.toml --extra gui --extra onnx --extra graphql --extra jupytext --extra tracing $here/dev.in "$@"

compile $here/torch.txt --no-deps $here/torch.in "$@"

# What PyPI's torch needs on Linux besides what dev.txt has.
known=$(sed -n 's/^\([a-z0-9.-]*\)==.*/--no-emit-package \1/p' $here/dev.txt | sort -u)
# shellcheck disable=SC2086
compile $here/torch-cuda.txt --no-emit-package torch --no-annotate $known --constraints $here/dev.txt $here/torch.in "$@"

# What the tests of the JupyterLab extension need besides.
# shellcheck disable=SC2086
compile $here/lab.txt --no-annotate $known --constraints $here/dev.txt $here/lab.in "$@"

if grep -nE '://|file:|-find-links|index-url' $here/dev.txt $here/torch.txt $here/torch-cuda.txt $here/lab.txt; then
    echo "a lock names an address" >&2
    exit 1
fi
