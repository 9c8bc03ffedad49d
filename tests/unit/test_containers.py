"""The container images, as far as they can be looked at where no engine for containers runs.

By a linter, by what they copy, and by their own commands where these need no image.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from admin.course.student import requirements as of_students

ROOT = Path(__file__).resolve().parents[2]
CONTAINERS = ROOT / "admin" / "hub" / "containers"
IMAGES = sorted(CONTAINERS.glob("*.Containerfile"))
LINTER = Path(sys.executable).with_name("hadolint")


def instructions(image: str) -> list[str]:
    """The instructions of an image's file, each on one line, without comments."""
    lines = (CONTAINERS / f"{image}.Containerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    return [re.sub(r"\s+", " ", each) for each in re.sub(r"\\\n", " ", text).splitlines() if each]


@pytest.mark.skipif(not LINTER.exists(), reason="hadolint has no wheel for this system")
@pytest.mark.parametrize("file", IMAGES, ids=lambda file: file.stem)
def test_the_linter_has_nothing_to_say(file: Path):
    run = subprocess.run([LINTER, "--no-color", file], capture_output=True, text=True)
    assert run.stdout + run.stderr == ""


@pytest.mark.parametrize("image", [file.stem for file in IMAGES])
def test_an_image_is_from_one_pinned_base_and_ends_without_root(image: str):
    """Is each stage from the same digest, and the last user neither root nor one who may become root?"""
    bases = {each.split()[1] for each in instructions(image) if each.startswith("FROM ")}
    assert len(bases) == 1
    assert re.fullmatch(r"docker\.io/library/python:3\.11\.\d+-slim-\w+@sha256:[0-9a-f]{64}", bases.pop())
    assert [each for each in instructions(image) if each.startswith("USER ")] == ["USER 1000:100"]


def test_students_get_nothing_of_the_instructors():
    """Are nbgrader's settings and the student's own all that the last stage takes from this repository?"""
    stages = "\n".join(instructions("student")).split("FROM ")[1:]
    copied = [each.split()[1:-1] for each in stages[-1].splitlines() if each.startswith("COPY ")]
    ours = [name for names in copied if not names[0].startswith("--from=") for name in names]
    assert [name for name in ours if not (ROOT / name).exists()] == []
    files = [path for name in ours for path in (ROOT / name, *(ROOT / name).rglob("*")) if path.is_file()]
    assert {str(path.relative_to(CONTAINERS.parent)) for path in files} == {
        "containers/student/jupyter_server_config.json",
        "containers/student/start",
        "students/jupyter_server_config.d/students.json",
        "students/labconfig/page_config.json",
        "students/nbgrader_config.py",
    }
    assert [names[1] for names in copied if names[0].startswith("--from=")] == ["/opt/convnet"]


def test_the_student_image_installs_the_course_with_the_cuda_build(tmp_path: Path):
    """Its own commands on our files: students' packages, nbgrader, and TensorFlow with CUDA?"""
    run = next(each for each in instructions("student") if each.startswith("RUN { sed"))
    preparing = run.removeprefix("RUN ").partition(" && python3 -m venv")[0]
    (tmp_path / "admin").mkdir()
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    shutil.copy(ROOT / "admin" / "constraints.txt", tmp_path / "admin")
    subprocess.run(["sh", "-ec", preparing], cwd=tmp_path, check=True)
    wanted = [line for line in of_students().splitlines() if "==" in line]
    version = re.search(r"tensorflow-cpu==([\d.]+)", "\n".join(wanted))
    assert version
    others = [line for line in wanted if not line.startswith("tensorflow")]
    nbgrader = re.search(r"^nbgrader==.*$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert nbgrader
    installed = [
        line for line in (tmp_path / "students.txt").read_text().splitlines() if line and line[0] != "#"
    ]
    assert installed[0] == "-c admin/constraints.txt"
    assert sorted(installed[1:]) == sorted([*others, nbgrader[0], f"tensorflow[and-cuda]=={version[1]}"])
    assert f"tensorflow=={version[1]}" in (CONTAINERS / "cuda.txt").read_text().splitlines()
    assert "jupyterhub==" not in (tmp_path / "admin" / "constraints.txt").read_text().splitlines()


def test_a_server_starts_with_the_shared_data_in_its_place(tmp_path: Path):
    """Are the files links in a folder of the student's own, and is the command run in place of the script?"""
    shared, home = tmp_path / "datasets", tmp_path / "home"
    (shared / "cifar-10-batches-py").mkdir(parents=True)
    (shared / "mnist.npz").write_bytes(b"digits")
    home.mkdir()
    variables = {**os.environ, "HOME": str(home), "CONVNET_DATASETS": str(shared)}
    for _ in range(2):  # the second time, the links are there
        server = subprocess.Popen(
            [CONTAINERS / "student" / "start", "sh", "-c", 'echo $$ "$1"', "sh", "two words"],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert server.communicate()[0] == f"{server.pid} two words\n"
    datasets = home / ".keras" / "datasets"
    assert {path.name: path.resolve() for path in datasets.iterdir()} == {
        "cifar-10-batches-py": shared / "cifar-10-batches-py",
        "mnist.npz": shared / "mnist.npz",
    }
    assert os.access(datasets, os.W_OK)


def test_the_grading_image_has_the_sandbox_and_the_course():
    """Is bubblewrap the system's, does it look up the names of the hub, and is all of the course there?"""
    told = "\n".join(instructions("grading"))
    assert re.search(r"install --yes --no-install-recommends bubblewrap=\S+ libnss-extrausers=\S+ ", told)
    assert "passwd: files extrausers" in told
    for name in ("requirements.txt", "problem_unittests.py", "admin", "notebooks"):
        assert re.search(rf"^COPY (.* )?{re.escape(name)} ", told, re.MULTILINE), name
    assert 'ENTRYPOINT ["python3", "-m", "admin"]' in told


@pytest.mark.parametrize("image", [file.stem for file in IMAGES])
def test_what_an_image_copies_is_what_an_engine_gets(image: str):
    """Does .dockerignore let through all that is copied, and neither environment nor course?"""
    first, *rest = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] != "#"]
    let_through = {line.removeprefix("!/") for line in rest if line.startswith("!")}
    assert first == "*"
    sources = [
        name
        for each in instructions(image)
        if each.startswith("COPY ") and "--from=" not in each
        for name in each.split()[1:-1]
        if not name.startswith("--")
    ]
    assert {name.split("/")[0] for name in sources} <= let_through
    assert not {".git", ".venv", "course"} & let_through
