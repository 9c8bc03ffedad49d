#!/bin/sh
# macOS: double-click this file. The first time it installs what the notebook needs.
exec sh "$(dirname "$0")/start.sh" "$@"
