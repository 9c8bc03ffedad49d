"""A sample class of eight, made of the student notebook and the answers in `admin/course/answers/`.

What each of them should get follows from the list of answers alone, so grading them tests the whole course.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import nbformat

from admin.course.answers import Answer, answer
from admin.course.cells import grade_id
from admin.course.discussions import discussion
from admin.course.layout import NOTEBOOK, Course, CourseError
from checks.task import DISCUSSION, TABLE

MARKER = "sample_class.json"
MODEL_ANSWER = "the model answer"
LOOP = """# Train until it is good enough.
batch_size = None
epochs = None
accuracy = 0
while accuracy < 1:
    pass
"""


@dataclass(frozen=True)
class Student:
    """One of the class: the names of their answers by task; the model answer where none is named."""

    name: str
    story: str
    answers: dict[str, str] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)  # task: source of an answer that is worth 0
    discussion: str = ""
    empty: bool = False
    broken: bool = False


CLASS: tuple[Student, ...] = (
    Student("amara", "everything right", discussion=discussion((0, 0, 0, 0))),
    Student(
        "bjarne",
        "everything right, written in other ways",
        {
            "normalise_images": "a table of 256 values",
            "channel_axis": "expand_dims",
            "one_hot": "a comparison",
            "net_1": "functional",
            "train_net_1": "large batches",
            "net_2": "a class of its own",
            "train_net_2": "NumPy's whole numbers",
            "cifar_labels": "by index",
            "cifar_images": "by hand",
            "cifar_model": "net_1 with Adam",
            "cifar_training": "two figures' worth in one column",
        },
        discussion=discussion((1, 1, 1, 1)),
    ),
    Student(
        "chiara",
        "misconceptions about pixels and labels",
        {
            "normalise_images": "divides by 256",
            "one_hot": "maximum plus one",
            "cifar_images": "divides by 256",
        },
        discussion=discussion((2, 2, 2, 2)),
    ),
    Student(
        "deniz",
        "misconceptions about the nets",
        {"net_1": "swapped filters", "net_2": "net_1 again", "cifar_model": "another net"},
        discussion=discussion((3, 0, 2, 4)),
    ),
    Student(
        "emeka",
        "misconceptions about training",
        {
            "train_net_1": "swapped",
            "train_net_2": "one epoch",
            "cifar_model": "SGD",
            "cifar_training": "test pictures as validation",
        },
        discussion=discussion((4, 3, 3, 3)),
    ),
    Student("fatima", "handed in the empty notebook", empty=True),
    Student(
        "ali",
        "an endless loop in task 7",
        cells={"train_net_2": LOOP},
        discussion=discussion((2, 4, 4, 1)),
    ),
    Student("h. lindqvist", "a file that ends in the middle", broken=True),
)


def tasks() -> list[str]:
    """The tasks that a check judges, in the notebook's order."""
    return [entry.name for entry in TABLE.values() if entry.points]


def out_of(task: str) -> float:
    """What the model answer of a task gets: all points of its check."""
    return answer(task, MODEL_ANSWER).points


def chosen(student: Student, task: str) -> Answer:
    """The answer that a student gives to a task."""
    return answer(task, student.answers.get(task, MODEL_ANSWER))


def expected(student: Student) -> dict[str, float]:
    """Points by task that grading must give, from the list of answers."""
    if student.empty or student.broken:
        return dict.fromkeys(tasks(), 0.0)
    return {task: 0.0 if task in student.cells else chosen(student, task).points for task in tasks()}


def expected_keys(student: Student) -> dict[str, str]:
    """What the findings must hold: the key of each of the student's wrong answers, by task."""
    if student.empty or student.broken:
        return {}
    given = [chosen(student, task) for task in tasks() if task not in student.cells]
    return {each.task: each.key for each in given if each.key}


def write(course: Course) -> None:
    """Put the class into submitted/. Raises CourseError, and writes nothing, where other submissions are."""
    refuse_real_submissions(course)
    hand_in(course, CLASS)


def hand_in(course: Course, students: Sequence[Student]) -> None:
    """Put these students' work into submitted/, and note that they are a sample class."""
    course.root.mkdir(parents=True, exist_ok=True)
    (course.root / MARKER).write_text(json.dumps([student.name for student in students], indent=1) + "\n")
    for student in students:
        folder = course.submitted(student.name)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{NOTEBOOK}.ipynb").write_text(submission(course, student), encoding="utf-8")


def refuse_real_submissions(course: Course, students: Sequence[Student] = CLASS) -> None:
    """Raise CourseError if anybody but the sample class is in the course."""
    names = {student.name for student in students}
    others = sorted(set(course.students()) - names)
    if course.database.exists():
        with course.gradebook() as gradebook:
            others += sorted({student.id for student in gradebook.students} - names - set(others))
    if course.students() and not (course.root / MARKER).exists():
        others = others or course.students()
    if others:
        names_of_some = ", ".join(others[:3]) + (" …" if len(others) > 3 else "")
        raise CourseError(
            f"{course.shown()} is a real course ({names_of_some}), and the sample class "
            "stays out of it: python3 -m admin demo --course DIR makes one elsewhere"
        )


def submission(course: Course, student: Student) -> str:
    """The text of the file that a student hands in."""
    notebook = nbformat.read(course.release / f"{NOTEBOOK}.ipynb", as_version=nbformat.current_nbformat)
    if not student.empty:
        for cell in notebook.cells:
            name = grade_id(cell)
            if name in student.cells:
                cell.source = student.cells[name]
            elif name in tasks():
                cell.source = chosen(student, name).code.rstrip("\n")
            elif name == DISCUSSION.name and student.discussion:
                cell.source = student.discussion
    text = nbformat.writes(notebook) + "\n"
    return text[: len(text) * 3 // 5] if student.broken else text
