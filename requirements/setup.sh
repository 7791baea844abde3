#!/usr/bin/env bash
# Makes .venv: the locked requirements and nb2prod itself, editable. Does nothing where that is done already.
#   requirements/setup.sh            for development and `make demo`
#   requirements/setup.sh --torch    also torch, which only the digits sample needs
set -euo pipefail
cd "$(dirname "$0")/.."

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11, 3.12 or 3.13 is needed and none was found. Name one: make PYTHON=/path/to/python3.11 …" >&2
    return 1
}

make_venv() {
    local python
    python=$(find_python)
    # Debian keeps ensurepip in a package of its own.
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q python3-venv
        else
            echo "Python's venv module is missing. On Debian: sudo apt-get install python3-venv" >&2
            return 1
        fi
    fi
    "$python" -m venv --clear .venv
}

stamp_of() { cat "$@" | cksum; }

# $1: name of the stamp, then the files it stands for
is_done() { [ "$(cat ".venv/$1.stamp" 2>/dev/null)" = "$(stamp_of "${@:2}")" ]; }
set_done() { stamp_of "${@:2}" >".venv/$1.stamp"; }

install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

# Whether .venv works, and has the Python that was named if one was: `make test PYTHON=python3.13`.
is_venv() {
    local own named
    own=$(version_of .venv/bin/python) || return 1
    [ "${PYTHON:-python3}" != python3 ] && named=$(version_of "$PYTHON") || return 0
    [ "$own" = "$named" ]
}

if ! is_venv || ! is_done dev requirements/dev.txt pyproject.toml; then
    echo "Setting up .venv (a few minutes the first time) …" >&2
    is_venv || make_venv
    install --require-hashes -r requirements/dev.txt
    install --no-deps --no-build-isolation -e .
    set_done dev requirements/dev.txt pyproject.toml
fi

torch_locks=(requirements/torch-cpu.txt requirements/torch.txt requirements/torch-cuda.txt)
if [ "${1:-}" = --torch ] && ! is_done torch "${torch_locks[@]}"; then
    echo "Installing torch (for the digits sample) …" >&2
    # The CPU build is a tenth of the size. pip has it only where it is told of a place that does.
    if ! install --require-hashes --no-deps -r requirements/torch-cpu.txt 2>/dev/null; then
        install --require-hashes --no-deps -r requirements/torch.txt
        # On Linux this one needs CUDA's libraries even to be imported.
        .venv/bin/python -c 'import torch' 2>/dev/null ||
            install --require-hashes --no-deps -r requirements/torch-cuda.txt
    fi
    .venv/bin/python -c 'import torch'
    set_done torch "${torch_locks[@]}"
fi
