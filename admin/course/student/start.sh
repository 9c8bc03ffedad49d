#!/bin/sh
# Linux: type `sh start.sh` in this folder. The first time it installs what the notebook needs.
cd "$(dirname "$0")" || exit 1
for python in python3 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys; sys.exit(not (3, 11, 2) <= sys.version_info < (3, 14))' 2>/dev/null; then
        exec "$python" start.py "$@"
    fi
done
if command -v python3 >/dev/null; then
    exec python3 start.py "$@" # it says which Python is needed
fi
echo "There is no Python here. Install Python 3.13: https://www.python.org/downloads/" >&2
exit 1
