#!/usr/bin/env bash
# Qt's system libraries, which the wizard needs: installed when root on Debian, else named.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(libgl1 libegl1 libxkbcommon0 libfontconfig1 libdbus-1-3 fonts-dejavu-core)

starts() { QT_QPA_PLATFORM=offscreen .venv/bin/python -c 'from PySide6 import QtWidgets, QtSvg' 2>/dev/null; }

starts && exit 0
glib=libglib2.0-0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -q
    apt-cache show libglib2.0-0t64 >/dev/null 2>&1 && glib=libglib2.0-0t64
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}" "$glib"
    starts && exit 0
fi
echo "The wizard cannot start here: Qt's libraries are missing. On Debian: sudo apt-get install ${packages[*]} $glib" >&2
# Where tests must run, that is a failure; elsewhere those of the wizard are left out.
[ -z "${CI:-}" ]
