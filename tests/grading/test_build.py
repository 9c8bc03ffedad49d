"""From the one source to the student notebook and the course."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import determine_grade, is_grade
from nbgrader.validator import Validator

from admin.commands import build as build_command
from admin.commands import doctor
from admin.course import build, figures, source_notebook
from admin.course.layout import ASSIGNMENT, NOTEBOOK, REPOSITORY, Course
from admin.exchange.folder import fingerprint
from checks.task import TABLE

POINTS = {entry.check_cell: entry.points for entry in TABLE.values() if entry.points}


def test_the_committed_notebook_is_what_the_source_makes():
    """Has somebody changed the source, or the student notebook, and not built?"""
    assert build.find_stale() == ""


def test_a_stale_notebook_is_named_with_what_to_type(course, monkeypatch, tmp_path):
    """Does --check see one changed letter, and say in one sentence what to do?"""
    edited = tmp_path / "edited.ipynb"
    edited.write_text((course.release / f"{NOTEBOOK}.ipynb").read_text().replace("onvolution", "onfusion", 1))
    monkeypatch.setattr(build, "STUDENT_NOTEBOOK", edited)
    assert build_command.main(["--check"]) == 1
    sentence = build.find_stale()
    assert "edited.ipynb" in sentence
    assert "python3 -m admin build" in sentence
    assert "\n" not in sentence


def test_stale_and_left_over_pictures_are_named_with_what_to_do(course, monkeypatch, tmp_path, capsys):
    """Does --check see a picture that was changed by hand, and one that nothing makes, in one sentence?"""
    folder = shutil.copytree(figures.FOLDER, tmp_path / "figures")
    (folder / "pooling.webp").write_bytes(b"painted over")
    (folder / "forgotten.webp").write_bytes(b"")
    monkeypatch.setattr(figures, "FOLDER", folder)
    monkeypatch.setitem(build.RELEASED_FILES, "figures", folder)
    assert build_command.main(["--check"]) == 1
    sentence = capsys.readouterr().out.strip()
    assert "pooling.webp is not what the source makes now: python3 -m admin build" in sentence
    assert "forgotten.webp is made by no script of admin/course/figures: delete it" in sentence
    assert "\n" not in sentence


def test_a_course_s_own_copy_of_a_picture_is_compared(course):
    """Is a picture that was changed in a course's release found when that course is named?"""
    copy = course.release / "figures" / "pooling.webp"
    copy.write_bytes(b"painted over")
    assert str(copy) in build.find_stale(course)


def test_a_stale_student_zip_is_named(course):
    """Is an archive for students that holds an older notebook found when that course is named?"""
    assert build.find_stale(course) == ""
    course.student_zip.write_bytes(course.student_zip.read_bytes().replace(b"onvolution", b"onfusion--", 1))
    assert str(course.student_zip) in build.find_stale(course)


def test_building_draws_what_is_stale_and_only_that(course, monkeypatch, tmp_path):
    """Does build mend a spoilt picture, in the repository and in the course, and leave the others alone?"""
    folder = shutil.copytree(figures.FOLDER, tmp_path / "figures")
    (folder / "pooling.webp").write_bytes(b"painted over")
    monkeypatch.setattr(figures, "FOLDER", folder)
    monkeypatch.setattr(figures, "RECORD", Path(shutil.copy(figures.RECORD, tmp_path)))
    monkeypatch.setitem(build.RELEASED_FILES, "figures", folder)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    build.build(course, student_notebook=tmp_path / "student.ipynb")
    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"pooling.webp"}
    assert figures.find_stale() == []
    assert (course.release / "figures" / "pooling.webp").read_bytes() == (
        folder / "pooling.webp"
    ).read_bytes()


def test_building_twice_gives_the_same_bytes(course):
    """Would Git show a change where there is none?"""
    before = fingerprint(course.source), fingerprint(course.release), course.student_zip.read_bytes()
    build.build(course, student_notebook=None)
    after = fingerprint(course.source), fingerprint(course.release), course.student_zip.read_bytes()
    assert after == before


def test_a_course_is_for_its_owner_alone(course, tmp_path):
    """Gradebook, solutions, hand-ins: can other users of the machine look in, now or after the next build?"""
    new = Course.at(tmp_path / "new")
    before = os.umask(0o022)
    try:
        build.build(new, student_notebook=None)
    finally:
        os.umask(before)
    course.root.chmod(0o755)
    build.build(course, student_notebook=None)
    assert [stat.S_IMODE(each.root.stat().st_mode) for each in (new, course)] == [0o700, 0o700]


def test_the_doctor_names_a_course_that_others_can_read(course, monkeypatch, capsys):
    """Is an open course folder a fault that `doctor` names, with what to do, and a closed one none?"""
    monkeypatch.setattr(doctor, "LOOKS", ())  # the rest takes half a minute
    course.root.chmod(0o750)
    assert doctor.main(["--course", str(course.root)]) == 1
    said = capsys.readouterr().out
    assert "✗ course folder" in said
    assert f"python3 -m admin build --course '{course.root}'" in said
    assert "without-sandbox" not in said, "that is another matter"
    course.root.chmod(0o700)
    assert doctor.main(["--course", str(course.root)]) == 0
    assert "✓ course folder" in capsys.readouterr().out


def test_cells_are_worth_what_the_contract_says(built):
    """Do the gradebook's cells and points stay the ones that instructors rely on?"""
    assert built.out_of() == POINTS


def test_the_release_is_complete_and_empty(built):
    """Is everything that the notebook needs beside it, and no output or answer in it?"""
    names = {path.relative_to(built.release).parts[0] for path in built.release.rglob("*")}
    assert names == {
        f"{NOTEBOOK}.ipynb",
        "checks",
        "tools",
        "problem_unittests.py",
        "custom.css",
        "on_paper.css",
        "data",
        "figures",
        "play",
    }
    notebook = nbformat.read(built.release / f"{NOTEBOOK}.ipynb", 4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    assert notebook.metadata.generated


def test_nothing_released_contains_a_solution(built):
    """Can a student find any text between the source's solution markers in what is released?"""
    source = source_notebook.SOURCE.read_text()
    regions = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", source, flags=re.DOTALL)
    assert len(regions) >= 12
    outside = one_line(re.sub(r"### BEGIN SOLUTION\n.*?### END SOLUTION", "", source, flags=re.DOTALL))
    released = {
        path.name: one_line(path.read_text())
        for path in built.release.rglob("*")
        if path.suffix in (".ipynb", ".py", ".css", ".md")
    }
    cells = nbformat.read(built.release / f"{NOTEBOOK}.ipynb", 4).cells
    notebook = one_line("\n".join(cell.source for cell in cells))
    for region in regions:
        whole = one_line(region.replace("\n# ", "\n"))
        assert not [name for name, text in released.items() if whole in text], region
        # single lines, too, unless the lesson itself shows them
        lines = [one_line(line.removeprefix("# ")) for line in region.splitlines()]
        telling = [line for line in lines if len(line) > 12 and line not in outside]
        assert not [line for line in telling if line in notebook]
    assert not any("SOLUTION" in text for name, text in released.items() if name.endswith(".ipynb"))


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.slow
def test_nbgrader_validates_the_source(built, tmp_path):
    """Do the solutions of the source get all points from `nbgrader validate`?"""
    folder = shutil.copytree(built.source, tmp_path / "source")
    assert Validator(config=built.config()).validate(str(folder / f"{NOTEBOOK}.ipynb")) == {}


@pytest.mark.slow
def test_the_release_works_in_an_empty_folder_and_is_worth_nothing(built, tmp_path):
    """Fetched, or unzipped anywhere: does the empty notebook run to its end without an error, for 0?"""
    executed = {}

    class Kept(Validator):
        def _preprocess(self, nb):
            executed["notebook"] = super()._preprocess(nb)
            return executed["notebook"]

    folder = shutil.copytree(built.release, tmp_path / "elsewhere")
    failed = Kept(config=built.config()).validate(str(folder / f"{NOTEBOOK}.ipynb"))["failed"]
    assert len(failed) == len(POINTS) + 1  # the checks, and the untouched discussion
    cells = executed["notebook"].cells
    errors = [cell.source for cell in cells for out in cell.get("outputs", []) if out.output_type == "error"]
    assert errors == []
    assert sum(determine_grade(cell)[0] or 0 for cell in cells if is_grade(cell)) == 0


def test_building_again_keeps_the_grades(course):
    """May an instructor mend a sentence of the notebook in the middle of the term?"""
    give_points(course, "amara", 7)
    build.build(course, student_notebook=None)
    assert course.points("amara")["check_one_hot"] == 7


def test_a_new_graded_cell_does_not_orphan_grades(course, monkeypatch, tmp_path, capsys):
    """Is the gradebook left alone, and the instructor told why, when a graded cell would disappear?"""
    give_points(course, "amara", 7)
    source = tmp_path / "source.py"
    source.write_text(source_notebook.SOURCE.read_text().replace('"check_one_hot"', '"check_two_hot"'))
    monkeypatch.setattr(source_notebook, "SOURCE", source)
    before = fingerprint(course.release)
    assert build_command.main(["--course", str(course.root)]) == 1
    sentence = capsys.readouterr().err.strip()
    assert "new: check_two_hot; gone: check_one_hot" in sentence
    assert "\n" not in sentence
    assert fingerprint(course.release) == before
    assert course.points("amara")["check_one_hot"] == 7


def test_the_course_folder_leads_to_our_settings(course):
    """Does a plain `nbgrader`, typed in the course folder, find our configuration and this very folder?"""
    script = (
        "from nbgrader.apps import AutogradeApp; app = AutogradeApp(); app.initialize([]);"
        "print(app.config.Autograde.sanitize_preprocessors, app.coursedir.root)"
    )
    words = subprocess.run(
        [sys.executable, "-c", script], cwd=course.root, capture_output=True, text=True, check=True
    ).stdout
    assert "admin.grading.repair.RepairCells" in words
    assert str(course.root) in words
    assert str(REPOSITORY / "course") not in words


def give_points(course: Course, student: str, points: float) -> None:
    """A submission with some points in the gradebook, as if it had been graded."""
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student(student)
        gradebook.update_or_create_submission(ASSIGNMENT, student)
        gradebook.find_grade("check_one_hot", NOTEBOOK, ASSIGNMENT, student).auto_score = points
        gradebook.db.commit()
