"""`scheduler`: where `grade --cluster` and the workers of a cluster meet."""

from __future__ import annotations

import argparse
import sys

from checks.language import say, text_of

LOOPBACK = "127.0.0.1"
PORT = "8786"  # Dask's own
ELSEWHERE = ("--host", "--interface")
SAFE = ("--tls-", "--protocol")


def main(argv: list[str]) -> int:
    """Serve until Ctrl-C, on this machine alone where nothing else is asked for."""
    parser = argparse.ArgumentParser(
        prog="python3 -m admin scheduler",
        allow_abbrev=False,
        description="Starts a Dask scheduler, for this machine alone where no --host is named. "
        "admin/docs/cluster.md says how to let others in.",
        epilog="Whatever else is given goes to Dask's own command: "
        ".venv/bin/python -m distributed.cli.dask_scheduler --help",
    )
    _, arguments = parser.parse_known_args(argv)
    named = [name for name in ELSEWHERE if any(each.split("=")[0] == name for each in arguments)]
    if named and not any(each.startswith(SAFE) for each in arguments):
        print(text_of(say("cluster.open")), file=sys.stderr)
    from distributed.cli.dask_scheduler import main as serve

    host = [] if named else ["--host", LOOPBACK]
    port = [] if any(each.startswith("--port") for each in arguments) else ["--port", PORT]
    # Dask's pages on what runs would be for everybody on the network: its default is every address.
    pages = ["--no-dashboard", "--dashboard-address", f"{LOOPBACK}:0"]
    serve([*host, *port, *pages, *arguments], prog_name=parser.prog)
    return 0
