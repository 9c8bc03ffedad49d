"""The set-up on a machine where nothing is there yet: the real program, the real venv and pip.

They work on a copy of the program whose requirements are cut down to one small package of the lock: what is
tested is how it gets there, not how large TensorFlow is.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Not the environment's Python, in which the tests run, but the one behind it: what a user has.
PYTHON = getattr(sys, "_base_executable", None) or sys.executable

# A command of the copy: it says where it runs. Only the top folder as import root makes `beside` importable.
COMMAND = """
import os, sys, six, beside
def main(argv):
    print("ran", argv, "in", os.getcwd(), "by", sys.prefix, "with six", six.__version__)
    return 7
"""
REQUIREMENTS = "-c admin/constraints.txt\nsix\n"
# Reaches no index, whatever this machine's pip is told elsewhere.
NO_NETWORK = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "1",
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh copy, in a folder with a space in its name."""
    return copy_to(tmp_path / "a course" / "convnet")


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that is set up; for tests that would only wait for venv otherwise."""
    return copy_to(tmp_path_factory.mktemp("used") / "convnet")


@pytest.fixture
def ready(used: Path) -> Path:
    """The used copy, as a user has it between two commands: whatever the test before did is mended."""
    (used / "requirements.txt").write_text(REQUIREMENTS)
    assert_ran(run(used, "build"), used)
    return used


def copy_to(clone: Path) -> Path:
    """The program, small requirements, and commands that only say where they run."""
    (clone / "admin/commands").mkdir(parents=True)
    for name in ("__init__.py", "__main__.py", "bootstrap.py", "constraints.txt"):
        shutil.copy(ROOT / "admin" / name, clone / "admin")
    (clone / "requirements.txt").write_text(REQUIREMENTS)
    (clone / "tests").mkdir()
    (clone / "tests/requirements.txt").write_text(
        "-c ../admin/constraints.txt\n-r ../requirements.txt\niniconfig\n"
    )
    (clone / "admin/commands/build.py").write_text(COMMAND)
    (clone / "admin/commands/test.py").write_text("import iniconfig\n" + COMMAND)
    (clone / "beside.py").write_text("")
    return clone


def start(clone: Path, *arguments: str, cwd: Path | None = None, **variables: object) -> subprocess.Popen:
    """Start `python3 -m admin …` in the clone, or `python3 PATH/admin …` where `cwd` is another folder."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return subprocess.Popen(
        [PYTHON, *(["-m", "admin"] if cwd is None else [str(clone / "admin")]), *arguments],
        cwd=cwd or clone,
        env=environment | {name: str(value) for name, value in variables.items()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(clone: Path, *arguments: str, **options) -> subprocess.CompletedProcess:
    """The same, to its end."""
    return finish(start(clone, *arguments, **options))


def finish(process: subprocess.Popen) -> subprocess.CompletedProcess:
    stdout, stderr = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def wait_until(there: Callable[[], bool], process: subprocess.Popen) -> None:
    """Until it is there, at most a minute; the process has to live still."""
    deadline = time.monotonic() + 60
    while not there():
        assert process.poll() is None, f"ended before: {process.communicate()}"
        assert time.monotonic() < deadline
        time.sleep(0.002)


def assert_ran(done: subprocess.CompletedProcess, clone: Path) -> None:
    """The command ran to its end in the clone's environment, and its exit code came through."""
    assert done.returncode == 7, done.stderr
    assert f"by {clone / '.venv'} with six 1." in done.stdout


def assert_one_sentence(done: subprocess.CompletedProcess, *words: str) -> None:
    """It failed with one line that has these words, behind at most the progress; no traceback."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert all(word in done.stderr.strip().splitlines()[-1] for word in words), done.stderr


def test_the_first_run_sets_up_and_the_next_one_starts_at_once(clone: Path):
    """Does one command do it all, in a folder with a space, and cost next to nothing when repeated?"""
    first = run(clone, "build", "--check")
    assert_ran(first, clone)
    assert "ran ['--check']" in first.stdout
    assert "looking for packages" in first.stderr, "no progress is shown"

    begin = time.perf_counter()
    second = run(clone, "build")
    seconds = time.perf_counter() - begin
    assert_ran(second, clone)
    assert second.stderr == ""
    assert seconds < 3, "0.1 s on a quiet machine, and a new set-up takes more"


def test_it_runs_from_elsewhere_and_keeps_what_disturbs_out(ready: Path, tmp_path: Path):
    """Is it the same from another folder, in somebody's environment, and with PYTHONPATH and its like set?"""
    (tmp_path / "six.py").write_text("__version__ = 'the wrong one'")
    variables = {"PYTHONPATH": tmp_path, "PYTHONSAFEPATH": 1, "VIRTUAL_ENV": tmp_path}
    variables |= {"PIP_USER": 1, "PIP_TARGET": tmp_path / "target"}
    (ready / "requirements.txt").write_text(REQUIREMENTS + "defusedxml\n")
    done = run(ready, "build", cwd=tmp_path, **variables)
    assert_ran(done, ready)
    assert "Installed" in done.stderr
    assert f"in {tmp_path} by" in done.stdout, "relative paths are seen from where the user is"
    assert not (tmp_path / "target").exists()


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["pyvenv.cfg", "lib/python*/site-packages/pygments"])
def test_a_killed_set_up_is_finished_by_the_next_run(clone: Path, moment: str):
    """Killed while venv works, or with half a package there: does the next run finish?"""
    (clone / "requirements.txt").write_text(REQUIREMENTS + "pygments\n")
    process = start(clone, "build")
    wait_until(lambda: any((clone / ".venv").glob(moment)), process)
    os.killpg(process.pid, signal.SIGKILL)
    finish(process)
    assert not (clone / ".venv/ready").exists()

    assert_ran(run(clone, "build"), clone)
    packages = next((clone / ".venv").glob("lib/python*/site-packages"))
    record = next(packages.glob("pygments-*.dist-info/RECORD"))
    assert all((packages / line.split(",")[0]).exists() for line in record.read_text().splitlines())


def test_what_an_interruption_left_is_not_trusted(ready: Path):
    """pip takes a package for installed whose code was never written to the end. Do we?"""
    (ready / ".venv/ready").unlink()
    next((ready / ".venv").glob("lib/python*/site-packages/six.py")).write_text("")
    assert_ran(run(ready, "build"), ready)


@pytest.mark.slow
def test_a_set_up_waits_for_the_one_that_runs_already(ready: Path):
    """Do two at once get in each other's way, even when the first is killed and only its pip lives on?"""
    (ready / "requirements.txt").write_text(REQUIREMENTS + "pygments\n")
    (ready / ".venv/pip.log").unlink()
    first = start(ready, "build")
    wait_until((ready / ".venv/pip.log").exists, first)
    second = start(ready, "build")
    time.sleep(0.2)
    first.kill()  # not its pip
    finish(first)
    done = finish(second)
    assert_ran(done, ready)
    assert "waiting" in done.stderr


def test_new_requirements_are_installed_into_what_is_there(ready: Path):
    """Does `test` add its extras, and a changed requirements.txt its package, without starting over?"""
    extras = run(ready, "test")
    assert_ran(extras, ready)
    assert "Making" not in extras.stderr
    assert run(ready, "build").stderr == "", "what has the extras has the rest"

    (ready / "requirements.txt").write_text(REQUIREMENTS + "webencodings\n")
    assert_ran(run(ready, "build"), ready)
    assert any((ready / ".venv").glob("lib/python*/site-packages/webencodings"))


def test_no_network_is_one_sentence_and_harms_nothing(ready: Path):
    """On a train: is it said why an update fails, and does what worked before still work?"""
    (ready / "requirements.txt").write_text(REQUIREMENTS + "tinycss2\n")
    assert_one_sentence(run(ready, "build", **NO_NETWORK), "network", "run the same command again")
    (ready / "requirements.txt").write_text(REQUIREMENTS)
    done = run(ready, "build", **NO_NETWORK)
    assert_ran(done, ready)
    assert done.stderr == ""


@pytest.mark.slow
def test_a_moved_folder_gets_a_new_environment(ready: Path, tmp_path: Path):
    """The scripts of an environment name its place. Is it made anew where the folder has moved to?"""
    moved = shutil.copytree(ready, tmp_path / "moved", symlinks=True)
    done = run(moved, "build")
    assert_ran(done, moved)
    assert "Making .venv" in done.stderr


def test_a_package_that_does_not_exist_is_one_sentence(ready: Path):
    """When pip gives up for another reason: is it named, with the place of the log?"""
    (ready / "requirements.txt").write_text("six==0.0.0\n")
    assert_one_sentence(run(ready, "build"), "six==0.0.0", "pip.log")


def test_a_locked_package_that_is_not_for_this_python_is_named(ready: Path, tmp_path: Path):
    """pip blames the package at the top. Is it the one that turns this Python away that is named?"""
    publish(tmp_path, "innocent", "Requires-Dist: culprit")
    publish(tmp_path, "culprit", "Requires-Python: >=3.99", 'data-requires-python="&gt;=3.99"')
    (ready / "requirements.txt").write_text("-c lock.txt\ninnocent\n")
    (ready / "lock.txt").write_text("innocent==1.0\nculprit==1.0\n")
    done = run(ready, "build", PIP_INDEX_URL=tmp_path.as_uri())
    here = "Python {}.{}.{}".format(*sys.version_info)
    assert_one_sentence(done, "culprit==1.0", "innocent 1.0", here, "pip.log")


def publish(index: Path, name: str, metadata: str, attribute: str = "") -> None:
    """A package without code that says this about itself, and its page in an index."""
    folder, wheel = index / name, f"{name}-1.0-py3-none-any.whl"
    folder.mkdir()
    (folder / "index.html").write_text(f'<a href="{wheel}" {attribute}>{wheel}</a>')
    files = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{metadata}\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(folder / wheel, "w") as archive:
        for file, content in files.items():
            archive.writestr(f"{name}-1.0.dist-info/{file}", content)


@pytest.mark.parametrize(
    ("file", "pretence", "words"),
    [
        (
            "sitecustomize.py",
            "import sys; sys.version_info = (3, 10, 0, 'final', 0)",
            ["3.11", "this is 3.10"],
        ),
        (
            "sitecustomize.py",
            "import sys; sys.version_info = (3, 14, 0, 'final', 0)",
            ["3.13", "this is 3.14"],
        ),
        (
            "sitecustomize.py",
            "import sys; sys.version_info = (3, 11, 0, 'candidate', 1)",
            ["3.11.2 or newer", "this is 3.11.0"],
        ),
        (
            "ensurepip.py",
            "raise ImportError('not on Debian')",
            ["no venv module", "apt install python3-venv"],
        ),
        (
            "sitecustomize.py",
            "import shutil; shutil.disk_usage = lambda path: shutil._ntuple_diskusage(9e9, 8.2e9, 8e8)",
            ["2.5 GB", "0.8 GB are free"],
        ),
    ],
    ids=["old Python", "new Python", "a candidate of 3.11", "no venv", "little room"],
)
def test_what_is_missing_is_one_sentence(
    clone: Path, tmp_path: Path, file: str, pretence: str, words: list[str]
):
    """Is it said in one line what the machine lacks, before anything is made?"""
    pretend = tmp_path / "pretend"
    pretend.mkdir()
    (pretend / file).write_text(pretence)
    done = run(clone, "build", PYTHONPATH=pretend)
    assert_one_sentence(done, *words)
    assert len(done.stderr.splitlines()) == 1
    assert not (clone / ".venv").exists()


def test_what_a_link_leads_to_is_not_emptied(clone: Path, tmp_path: Path):
    """`.venv` is a link to somebody's folder: is that said, and the folder left alone?"""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "kept").write_text("kept")
    (clone / ".venv").symlink_to(theirs)
    assert_one_sentence(run(clone, "build"), "is a link", str(theirs), "Remove the link")
    assert [path.name for path in theirs.iterdir()] == ["kept"]


def test_a_disk_that_fills_up_is_one_sentence(tmp_path: Path):
    """When the room ends half-way, does it say so instead of what venv and pip say?"""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("only root can mount a small disk")
    try:
        clone = copy_to(disk / "convnet")
        code = (clone / "admin/bootstrap.py").read_text()
        (clone / "admin/bootstrap.py").write_text(code.replace("NEEDED_GB = 2.5", "NEEDED_GB = 0"))
        assert_one_sentence(run(clone, "build"), "Not enough disk space")
    finally:
        subprocess.run(["umount", disk], check=True)


def test_an_unknown_command_gets_the_list(clone: Path):
    """No command, a wrong one, a question: is the list shown at once, without any set-up?"""
    for arguments, code in (([], 2), (["exam"], 2), (["--help"], 0), (["build", "--help"], 0)):
        done = run(clone, *arguments)
        assert done.returncode == code
        assert "usage: python3 -m admin" in done.stdout + done.stderr
    assert not (clone / ".venv").exists()
