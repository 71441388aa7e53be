#!/bin/sh
# Makes ../shop-logs again: run.sh [output directory]. Needs Node 20.19 or later; Python 3, and pip if it may.
# Uses the network for npm and PyPI only; the SDKs themselves talk to a server on 127.0.0.1.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
output=$(mkdir -p "${1:-$here/../shop-logs}" && cd "${1:-$here/../shop-logs}" && pwd)
cd "$here"
npm ci --no-audit --no-fund >&2
if ! python3 -m pip install --quiet --target python_modules --upgrade -r requirements.txt; then
    echo "analytics-python could not be installed: going on without the CRM export" >&2
fi
TZ=UTC node main.mjs "$output"
python3 set_clocks.py "$output"
