"""A hub's copy at work: what is missing is made, then JupyterHub runs until somebody ends it."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from admin.bootstrap import ROOT, Missing, environment
from admin.course.layout import ASSIGNMENT, COURSE_ID
from admin.hub import place
from admin.hub.accounts import People
from admin.hub.place import COURSE_ACCOUNT, EXCHANGE, PROXY, STATE

CONFIG = ROOT / "admin" / "hub" / "config" / "jupyterhub_config.py"
PROXY_LOCK = ROOT / "admin" / "hub" / "proxy"
LOG = STATE / "hub.log"
PATIENCE = 120  # seconds for the hub's first answer


def run(port: int) -> int:
    """Serve until Ctrl-C, or until somebody ends this process. Raises Missing."""
    with place.the_only_one():
        put_proxy()
        make_exchange()
        make_course()
        return serve(port)


def put_proxy() -> None:
    """Install configurable-http-proxy, as its lock says, unless it is there."""
    wanted = (PROXY_LOCK / "package-lock.json").read_bytes()
    ready = PROXY / "ready"
    if ready.is_file() and ready.read_bytes() == wanted:
        return
    print("Installing the hub's proxy …", flush=True)
    PROXY.mkdir(mode=0o755, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        (PROXY / name).write_bytes((PROXY_LOCK / name).read_bytes())
    options = ["--no-audit", "--no-fund", "--omit=dev", "--cache", str(PROXY / "cache")]
    done = subprocess.run(["npm", "ci", *options], cwd=PROXY, capture_output=True, text=True)
    if done.returncode != 0:
        reason = next((line for line in done.stderr.splitlines() if "ERR" in line or "error" in line), "")
        raise Missing(f"npm could not install the proxy: {reason or done.returncode}")
    ready.write_bytes(wanted)


def make_exchange() -> None:
    """nbgrader's exchange: all may write there, as nbgrader wants; none may touch what others put there.

    In nbgrader's own folder for hand-ins, whoever guesses a name may move what bears it. Ours has the sticky
    bit, and nbgrader leaves a folder that is there as it is.
    """
    EXCHANGE.mkdir(exist_ok=True)
    EXCHANGE.chmod(0o1777)
    user = pwd.getpwnam(COURSE_ACCOUNT)
    course, inbound = EXCHANGE / COURSE_ID, EXCHANGE / COURSE_ID / "inbound"
    for folder, mode in ((course, 0o755), (inbound, 0o3733)):
        folder.mkdir(exist_ok=True)
        os.chown(folder, user.pw_uid, user.pw_gid)
        folder.chmod(mode)


def make_course() -> None:
    """The course in its account's home; a trial's assignment is released as well. What is there stays."""
    course = course_folder()
    if not (course / "release").is_dir():
        print("Making the course …", flush=True)
        as_course("build", "--course", str(course))
    released = EXCHANGE / COURSE_ID / "outbound" / ASSIGNMENT
    if (people := People.kept()) and people.trial and not released.is_dir():
        as_course("nbgrader", "--course", str(course), "release_assignment", ASSIGNMENT)


def course_folder() -> Path:
    return Path(pwd.getpwnam(COURSE_ACCOUNT).pw_dir) / "course"


def as_course(*arguments: str) -> None:
    """Run a command of ours as the course's account. Raises Missing, with what the command said last."""
    user = pwd.getpwnam(COURSE_ACCOUNT)
    done = subprocess.run(
        [sys.executable, str(ROOT / "admin"), *arguments],
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        cwd=user.pw_dir,
        umask=0o077 if arguments[0] == "build" else 0o022,
        env={
            "PATH": os.environ["PATH"],
            "HOME": user.pw_dir,
            "USER": user.pw_name,
            "CONVNET_EXCHANGE": str(EXCHANGE),
        },
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines() or ["no reason given"]
        raise Missing(f"The course could not be made ({' '.join(arguments)}): {lines[-1]}")


def serve(port: int) -> int:
    """Run JupyterHub until somebody ends this process; one that dies is started again.

    Users' servers live on meanwhile: the new hub finds them by its database. Raises Missing for a hub that
    ends before it has answered: it would only do so again.
    """
    asked: list[int] = []
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda number, _: asked.append(number))
    first = True
    while True:
        place.end_hub(at_once=True)  # what a dead hub has left: its proxy and services
        hub = start(port)
        answers = wait_for(f"http://127.0.0.1:{port}/hub/health", hub, asked)
        if first and answers:
            print(f"The hub answers at http://127.0.0.1:{port}/ ; its log is {LOG}.")
            print("Ctrl-C ends it, with all servers. From other machines: through a web server with TLS in")
            print(f"front, or by ssh -L {port}:127.0.0.1:{port} and the name of this machine.", flush=True)
        while hub.poll() is None and not asked:
            time.sleep(0.2)
        if asked:
            hub.terminate()
            hub.wait()
            return 0
        if not answers:
            raise Missing(
                f"The hub ended with {hub.returncode} before it answered; the last lines of {LOG} say why."
            )
        print(f"The hub ended with {hub.returncode}, and is started again; {LOG} may say why.", flush=True)
        first = False


def start(port: int) -> subprocess.Popen[bytes]:
    with LOG.open("ab") as log:
        os.chmod(LOG, 0o600)
        return subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(CONFIG)],
            cwd=STATE,
            env={**environment(), "CONVNET_HUB_PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours: the hub ends by our signal, with its servers
        )


def wait_for(address: str, hub: subprocess.Popen[bytes], asked: list[int]) -> bool:
    """True when the hub answers; False when it has ended, shall end, or says nothing for too long."""
    until = time.monotonic() + PATIENCE
    while hub.poll() is None and not asked and time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return True
        except OSError:
            time.sleep(0.2)
    return False
