"""`worker`: lets this machine grade for a cluster."""

from __future__ import annotations

import argparse
import os
import sys

from admin.grading.machine import WORKER_BYTES, cores, free_memory
from admin.grading.worker import refusal
from admin.sandbox.host import what_is_missing
from checks.language import say, text_of

# How Dask's own command learns of the scheduler, where no address is given
KNOWN_BY = {"DASK_SCHEDULER_ADDRESS"}
IN_A_FILE = "--scheduler-file"
OURS = "admin.cluster.grader"


def main(argv: list[str]) -> int:
    """Serve until Ctrl-C. 1 when submissions can't be shut in here."""
    parser = argparse.ArgumentParser(
        prog="python3 -m admin worker",
        usage="python3 -m admin worker ADDRESS [--workers N] [DASK ARGS]",
        allow_abbrev=False,
        description="Lets this machine run submissions for grade --cluster: Dask workers, each a process "
        "that runs one submission at a time. ADDRESS is the scheduler's, as tcp://HOST:8786.",
        epilog="Whatever else is given goes to Dask's own command: "
        ".venv/bin/python -m distributed.cli.dask_worker --help",
    )
    parser.add_argument(
        "--workers", metavar="N", type=int, help="how many (default: one a core, as far as memory goes)"
    )
    address = [] if argv[:1] == [] or argv[0].startswith("-") else argv[:1]
    options, arguments = parser.parse_known_args(argv[len(address) :])
    if not (address or KNOWN_BY & set(os.environ) or any(each.startswith(IN_A_FILE) for each in arguments)):
        parser.error(text_of(say("cluster.which_scheduler")))
    if missing := what_is_missing():
        print(refusal(missing), file=sys.stderr)
        return 1
    from distributed.cli.dask_worker import main as serve

    count = options.workers or default_count(cores(), free_memory())
    # The module is imported before the worker registers: Dask would take the import for a stall.
    ours = ["--nworkers", str(count), "--nthreads", "1", "--preload", OURS]
    pages = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    serve([*address, *ours, *pages, *arguments], prog_name=parser.prog)
    return 0


def default_count(cores: int, free_bytes: int) -> int:
    """One a core, and no more than there is memory for; but one."""
    return max(1, min(cores, free_bytes // WORKER_BYTES))
