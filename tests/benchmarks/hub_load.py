"""How many students one machine holds, with a real hub, real servers and kernels, HTTP and websockets.

`sudo .venv/bin/python tests/benchmarks/hub_load.py [--students N]… [--minutes M] [--hand-ins]` makes a hub
for the largest N, signs so many in one after the other, lets all of them run the whole notebook (its
solution, in quick mode) at once, cell by cell, and takes the trial away again. For each N it prints how long
that took, how soon a server answered meanwhile, and the memory of a student at rest and at work. Before that,
three whole notebooks are handed in as by the button in JupyterLab, each when the one before has its feedback;
with --hand-ins, no more. It talks to this machine only.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import re
import statistics
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this folder, whose notebook.py would stand for the library of that name
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "notebooks"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import requests
import websocket

from admin.course import sample_class, source_notebook
from admin.course.layout import ASSIGNMENT, COURSE_ID, NOTEBOOK, Course
from admin.hub.place import COURSE_ACCOUNT, EXCHANGE
from tests.hub.handing_in import feedback

ROOT = Path(__file__).resolve().parents[2]
PYTHON = getattr(sys, "_base_executable", None) or sys.executable
PORT = 18900
HUB = f"http://127.0.0.1:{PORT}"
MIB = 2**20
REST = 120  # seconds from the hub's start to the first hand-in: students work before they hand in


@dataclass
class Student:
    """One simulated student: their session, and what they waited for."""

    name: str
    password: str
    session: requests.Session = field(default_factory=requests.Session)
    signed_in: float = 0.0
    seconds: float = 0.0

    @property
    def server(self) -> str:
        return f"{HUB}/user/{self.name}"

    def sign_in(self) -> None:
        """Sign in, start the server, and wait until it answers."""
        began = time.monotonic()
        page = self.session.get(f"{HUB}/hub/login").text
        xsrf = re.findall(r'name="_xsrf" value="([^"]+)"', page)[0]
        form = {"username": self.name, "password": self.password, "_xsrf": xsrf}
        self.session.post(f"{HUB}/hub/login", data=form).raise_for_status()
        while True:
            answer = self.session.get(f"{self.server}/lab")
            if answer.ok and answer.url.startswith(self.server):
                break
            time.sleep(0.5)
        self.signed_in = time.monotonic() - began

    def run(self, cells: list[str], until: float) -> None:
        """Run these cells in a kernel of one's own, one after the other, as by Shift + Enter."""
        began = time.monotonic()
        kernel = self._post("api/kernels", {"name": "python3", "path": "convnet"})["id"]
        address = f"{self.server}/api/kernels/{kernel}/channels".replace("http", "ws", 1)
        cookies = "; ".join(f"{each.name}={each.value}" for each in self._cookies())
        with closing(
            websocket.create_connection(address, cookie=cookies, timeout=600, origin=HUB)
        ) as channel:
            for cell in cells:
                if time.monotonic() > until:
                    raise TimeoutError(f"{self.name} has not come to the end in time")
                self._execute(channel, cell)
        self.seconds = time.monotonic() - began

    def hand_in(self) -> None:
        """What the button *Submit* of the list of assignments sends. Raises RuntimeError if it is refused."""
        said = self._post("assignments/submit", {"course_id": COURSE_ID, "assignment_id": ASSIGNMENT})
        if not said["success"]:
            raise RuntimeError(said["value"])

    def stop(self) -> None:
        for kernel in self.session.get(f"{self.server}/api/kernels").json():
            self._ask("DELETE", f"api/kernels/{kernel['id']}")

    def latency(self) -> float:
        began = time.monotonic()
        self.session.get(f"{self.server}/api/contents?content=0").raise_for_status()
        return time.monotonic() - began

    def _execute(self, channel: Any, code: str) -> None:
        """Returns when the kernel has answered. Raises RuntimeError when the cell fails."""
        number = uuid.uuid4().hex
        header = {
            "msg_id": number,
            "msg_type": "execute_request",
            "username": self.name,
            "session": self.name,
        }
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message = {"header": header | {"version": "5.3"}, "parent_header": {}, "metadata": {}}
        channel.send(json.dumps(message | {"content": content, "channel": "shell"}))
        while True:
            said = channel.recv()
            if isinstance(said, bytes):
                continue  # pictures of widgets
            reply = json.loads(said)
            if reply["msg_type"] == "execute_reply" and reply["parent_header"].get("msg_id") == number:
                if reply["content"]["status"] != "ok":
                    raise RuntimeError(f"{self.name}: {reply['content'].get('evalue')} in {code[:60]!r}")
                return

    def _post(self, place: str, content: dict[str, str]) -> Any:
        return self._ask("POST", place, json=content).json()

    def _ask(self, method: str, place: str, **more: Any) -> requests.Response:
        tokens = [each.value for each in self._cookies() if each.name == "_xsrf"]
        answer = self.session.request(
            method, f"{self.server}/{place}", headers={"X-XSRFToken": tokens[-1] if tokens else ""}, **more
        )
        answer.raise_for_status()
        return answer

    def _cookies(self) -> list[Any]:
        """Those that a browser sends to the student's server, the most special last."""
        path = f"/user/{self.name}/"
        return sorted(
            (each for each in self.session.cookies if path.startswith(each.path)), key=lambda c: len(c.path)
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=int, action="append", help="how many at once (1, 4 and 8)")
    parser.add_argument("--minutes", type=float, default=15, help="the most that one number may take (15)")
    parser.add_argument("--hand-ins", action="store_true", help="look only at how soon feedback comes")
    options = parser.parse_args()
    numbers = options.students or [1, 4, 8]
    hub, passwords = start_hub(max(numbers))
    try:
        students = [Student(name, word) for name, word in passwords.items() if name != "trial-teacher"]
        idle = memory_used()
        for student in students:
            student.sign_in()
        waits = [student.signed_in for student in students]
        print(f"sign-in to JupyterLab: median {statistics.median(waits):.1f} s, at most {max(waits):.1f}")
        at_rest = [memory_of(student.name) for student in students]
        print(f"a server at rest: {statistics.median(at_rest):.0f} MiB; the machine before: {idle:.0f} MiB")
        cells = [cell.source for cell in source_notebook.read_source().cells if cell.cell_type == "code"]
        for student in students:
            fetch(student.name)
        hand_ins(students[0])
        if options.hand_ins:
            return
        print(
            "| students | whole notebook, median (s) | slowest (s) | a student at most (MiB) | "
            "the machine's free memory at least (GiB) | answers: median, slowest (s) |"
        )
        print("|---|---|---|---|---|---|", flush=True)
        for number in numbers:
            measure(students[:number], cells, 60 * options.minutes)
    finally:
        subprocess.run([PYTHON, ROOT / "admin", "hub", "--remove"], check=True, stdout=subprocess.DEVNULL)
        hub.wait()


def measure(students: list[Student], cells: list[str], seconds: float) -> None:
    """One row: all of these run the notebook at once; memory and answers are looked at meanwhile."""
    ended = threading.Event()
    most, free, answers = [0.0], [float("inf")], []

    def look() -> None:
        while not ended.wait(2):
            most[0] = max(most[0], *(memory_of(student.name) for student in students))
            free[0] = min(free[0], memory_free())
            answers.append(students[0].latency())

    with ThreadPoolExecutor(len(students) + 1) as pool:
        looking = pool.submit(look)
        until = time.monotonic() + seconds
        running = [pool.submit(student.run, cells, until) for student in students]
        try:
            for each in running:
                each.result()
        finally:
            ended.set()
        looking.result()
    for student in students:
        student.stop()
    times = [student.seconds for student in students]
    print(
        f"| {len(students)} | {statistics.median(times):.0f} | {max(times):.0f} | {most[0]:.0f} | "
        f"{free[0] / 1024:.1f} | {statistics.median(answers):.2f}, {max(answers):.2f} |",
        flush=True,
    )


def start_hub(students: int) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """A trial's hub that answers, and everybody's password."""
    command = [PYTHON, str(ROOT / "admin"), "hub", "--trial", str(students), "--port", str(PORT)]
    hub = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    passwords: dict[str, str] = {}
    assert hub.stdout
    for line in hub.stdout:
        if found := re.fullmatch(r"  (trial-\S+) +(\S+)\n", line):
            passwords[found[1]] = found[2]
        if "The hub answers" in line:
            return hub, passwords
    raise SystemExit(hub.wait())


def fetch(name: str) -> None:
    """The assignment as its student has fetched it."""
    home = Path(pwd.getpwnam(name).pw_dir)
    released = EXCHANGE / COURSE_ID / "outbound" / ASSIGNMENT
    subprocess.run(["cp", "-r", released, home / "convnet"], check=True)
    subprocess.run(["chown", "-R", f"{name}:", home / "convnet"], check=True)


def hand_ins(student: Student) -> None:
    """How long whole notebooks take from the button to the page of feedback, on a hub at rest."""
    user = pwd.getpwnam(student.name)
    notebook = Path(user.pw_dir) / "convnet" / f"{NOTEBOOK}.ipynb"
    course = Course.at(Path(pwd.getpwnam(COURSE_ACCOUNT).pw_dir) / "course")
    time.sleep(REST)
    right, otherwise = sample_class.CLASS[:2]
    for what, answers in (
        ("all right, the first since the hub's start", right),
        ("all right in other ways", otherwise),
        ("as the first", right),
    ):
        notebook.write_text(sample_class.submission(course, answers))
        before, began = len(feedback()), time.monotonic()
        student.hand_in()
        while len(feedback()) == before:
            time.sleep(0.1)
        print(f"from handing in to feedback, {what}: {time.monotonic() - began:.1f} s", flush=True)


def memory_of(name: str) -> float:
    """MiB of all that a user runs, shared pages in parts (PSS)."""
    uid, whole = pwd.getpwnam(name).pw_uid, 0
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{pid}").st_uid == uid:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                whole += int(re.findall(r"^Pss: +(\d+) kB", text, re.MULTILINE)[0])
        except (OSError, IndexError):
            continue  # it has ended meanwhile
    return whole * 1024 / MIB


def memory_free() -> float:
    """MiB that programs could still have."""
    return int(re.findall(r"MemAvailable: +(\d+)", Path("/proc/meminfo").read_text())[0]) / 1024


def memory_used() -> float:
    whole = int(re.findall(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text())[0]) / 1024
    return whole - memory_free()


if __name__ == "__main__":
    main()
