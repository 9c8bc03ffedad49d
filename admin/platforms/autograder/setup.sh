#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image of the autograder. Needs a network.
set -euo pipefail
cd "$(dirname "$0")"

# Gradescope's newest image, Ubuntu 22.04, has Python 3.10, which TensorFlow's and NumPy's versions here are
# too new for (https://github.com/gradescope/autograder_samples/issues/136).
find_python() {
    for name in python3.13 python3.12 python3.11 python3; do
        if "$name" -c 'import ensurepip, sys; sys.exit(not (3, 11, 2) <= sys.version_info < (3, 14))' 2> /dev/null; then
            echo "$name"
            return
        fi
    done
}

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends bubblewrap util-linux python3-venv
python=$(find_python)
if [ -z "$python" ]; then
    apt-get install --yes --no-install-recommends software-properties-common
    add-apt-repository --yes ppa:deadsnakes/ppa
    apt-get install --yes --no-install-recommends python3.12 python3.12-venv
    python=$(find_python)
fi

chmod 700 course
# Makes .venv, then tries the sandbox. What it finds while the image is built need not hold when a submission
# is graded; it is only said here, and run_autograder tries again.
"$python" -m admin doctor || echo "The lines above say what is missing. While it is, nothing is graded."
test -s .venv/ready
