"""`kill -9` of each part of a hub while a student hands in: what was handed in is graded all the same."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from admin.hub.place import COURSE_ACCOUNT
from tests.hub.conftest import BEN, Hub, home, running, wait
from tests.hub.handing_in import feedback, submit

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize(
    ("owner", "words"),
    [
        ("root", "convnet-hub/admin hub"),
        ("root", "-m jupyterhub -f"),
        ("root", "configurable-http-proxy"),
        (COURSE_ACCOUNT, "grade --watch"),
        (BEN, "jupyterhub-singleuser"),
    ],
    ids=["command", "hub", "proxy", "watcher", "server"],
)
def test_a_hand_in_outlives_the_death_of(ben: Page, hub: Hub, owner: str, words: str) -> None:
    """Killed while somebody hands in: does the part come back, and the feedback come out?"""
    before = feedback()
    [victim] = running(owner, words)
    submission = hand_in()
    time.sleep(0.3)  # in the middle of it: nbgrader's start takes longer
    os.kill(victim, signal.SIGKILL)
    if words.endswith("admin hub"):
        hub.start()  # whoever looks after the machine; the hub itself lives on, and is taken over
    assert submission.wait(60) == 0, submission.stdout and submission.stdout.read()
    wait(lambda: len(feedback()) > len(before), 90)
    wait(lambda: ben.context.request.get(f"{hub.address}/hub/home").status == 200, 60)
    if owner == BEN:
        ben.goto(f"{hub.address}/hub/spawn")
        ben.locator("#jp-top-panel").wait_for(timeout=90_000)
    else:
        wait(lambda: running(owner, words) not in ([], [victim]), 60)
        # The student's own server has gone on, and is still theirs.
        wait(lambda: ben.context.request.get(f"{hub.address}/user/{BEN}/lab").status == 200, 60)


def hand_in() -> subprocess.Popen[str]:
    """Ben changes his notebook and hands it in."""
    notebook = home(BEN) / "convnet" / "convolutional_networks.ipynb"
    notebook.write_text(notebook.read_text().replace("YOUR CODE HERE", f"MY CODE {time.time()}", 1))
    return submit(BEN)
