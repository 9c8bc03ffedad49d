"""Our grader as Gradescope's autograder: unpacked where its containers have it, started as they start it.

Gradescope is not here. What its documentation says of the folders, the programs and results.json is.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from admin.commands import export
from admin.course import sample_class
from admin.course.layout import REPOSITORY, Course
from admin.course.sample_class import CLASS
from admin.grading.cases import secret_of
from tests.needs import needs_sandbox

EMPTY = next(student for student in CLASS if student.empty)
BROKEN = next(student for student in CLASS if student.broken)
NO_NAMESPACES = ("unshare", "--user", "--map-root-user", "sh", "-c")
FORBID = "echo 0 > /proc/sys/user/max_user_namespaces && exec "


@dataclass(frozen=True)
class Container:
    """A folder like /autograder, after setup.sh: the environment is this one."""

    root: Path
    course: Course

    def grade(self, submission: str | None, before: Sequence[str] = ()) -> dict[str, Any]:
        """Hand in a notebook with this text, or nothing; what is in results.json then."""
        folder = self.root / "submission"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if submission is not None:
            (folder / "my notebook.ipynb").write_text(submission, encoding="utf-8")
        program = str(self.root / "run_autograder")
        command = [*before[:-1], f"{before[-1]}{program}"] if before else [program]
        done = subprocess.run(
            command,
            cwd=self.root,
            env=os.environ | {"AUTOGRADER": str(self.root)},
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert "Traceback" not in done.stderr, done.stderr
        results: dict[str, Any] = json.loads((self.root / "results" / "results.json").read_text("utf-8"))
        assert isinstance(results["score"], int | float)
        assert isinstance(results["output"], str)
        return results


@pytest.fixture(scope="module")
def container(built: Course, tmp_path_factory: pytest.TempPathFactory) -> Container:
    root = tmp_path_factory.mktemp("autograder")
    archive = root / "autograder.zip"
    command = ["--course", str(built.root), "--to", "gradescope-autograder", str(archive)]
    assert export.main(command) == 0
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            Path(packed.extract(entry, root / "source")).chmod(entry.external_attr >> 16 & 0o777)
    shutil.copy(root / "source" / "run_autograder", root)
    (root / "source" / ".venv").symlink_to(REPOSITORY / ".venv")
    return Container(root, built)


def test_the_archive_has_what_grading_needs_and_nobodys_work(container: Container) -> None:
    """Two programs at its top that can be started, the course's secret, a gradebook without students?"""
    with zipfile.ZipFile(container.root / "autograder.zip") as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert [modes[name] & 0o777 for name in ("setup.sh", "run_autograder")] == [0o755, 0o755]
    inside = Course(container.root / "source" / "course")
    assert {name.split("/")[1] for name in modes if name.startswith("course/")} == {
        *("gradebook.db", "grading", "release", "source"),
    }
    assert secret_of(inside.root) == secret_of(container.course.root)
    with inside.gradebook() as gradebook:
        assert gradebook.students == []
    assert inside.out_of() == container.course.out_of()


@needs_sandbox
def test_a_notebook_is_graded_by_task_without_the_points_of_a_person(container: Container) -> None:
    """Under whatever name; does each task have its points, its number and what its check says?"""
    results = container.grade(sample_class.submission(container.course, EMPTY))
    assert (results["score"], results["output"]) == (0, "0 of 90 points")
    tests = results["tests"]
    assert [test["number"] for test in tests] == [str(number) for number in range(1, 12)]
    assert sum(test["max_score"] for test in tests) == 90
    assert all(test["score"] == 0 and test["visibility"] == "visible" for test in tests)
    assert tests[2]["output"].startswith("one_hot: 0 of 10 points\n  ✗ ")


@pytest.mark.parametrize(("text", "words"), [("broken", "Not a notebook: "), (None, "No notebook: ")])
def test_what_is_no_notebook_is_worth_nothing_and_told_why(
    container: Container, text: str | None, words: str
) -> None:
    results = container.grade(text and sample_class.submission(container.course, BROKEN))
    assert results["score"] == 0
    assert results["output"].startswith(words)
    assert results["output"].endswith("\n0 of 90 points")


def test_without_the_sandbox_nothing_is_run(container: Container) -> None:
    """Where no namespaces can be made, as in many containers: one sentence, and nobody's code is run?"""
    if subprocess.run([*NO_NAMESPACES, f"{FORBID}true"], capture_output=True).returncode:
        pytest.skip("no namespace can be made here, or not closed to others")
    shutil.rmtree(container.root / "source" / "course" / "autograded", ignore_errors=True)
    submission = sample_class.submission(container.course, EMPTY)
    results = container.grade(submission, (*NO_NAMESPACES, FORBID))
    assert (results["score"], results["tests"]) == (0, [])
    assert results["output"].startswith("Not graded: this container does not allow the sandbox")
    assert not (container.root / "source" / "course" / "autograded").exists()


def test_when_all_else_fails_there_is_a_results_file(container: Container) -> None:
    venv = container.root / "source" / ".venv"
    target = venv.readlink()
    venv.unlink()
    try:
        assert container.grade(None)["output"].startswith("Not graded: the autograder itself failed.")
    finally:
        venv.symlink_to(target)


def test_options_that_are_about_grades_are_refused(
    built: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--course", str(built.root), "--to", "gradescope-autograder", str(tmp_path / "x.zip")]
    assert export.main([*command, "--student", "mira"]) == 1
    assert "takes only FILE and --course" in capsys.readouterr().err
    assert export.main(["--course", str(tmp_path), *command[2:]]) == 1
    assert "python3 -m admin build" in capsys.readouterr().err
    assert not (tmp_path / "x.zip").exists()
