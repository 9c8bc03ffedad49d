"""`grade --cluster`: a real scheduler and real workers give what grading here gives, whoever is lost."""

from __future__ import annotations

import dataclasses
import functools
import io
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from admin.cluster.head import ClusterPool
from admin.course import sample_class
from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK, REPOSITORY, Course, CourseError
from admin.grading import cases
from admin.grading.findings import read_broken, read_findings
from admin.grading.plan import plan, read_state, state_file
from admin.grading.run import grade
from tests.grading.clusters import ADMIN, PLAIN_WORKER, Cluster, opened, wait_for
from tests.needs import needs_sandbox, skip_or_fail

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    needs_sandbox,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
# Of the sample class: right and wrong answers (with one training: they take long), none, a broken file
WITHOUT = dict.fromkeys(("train_net_2", "cifar_training"), "")
SOME = [
    dataclasses.replace(student, cells=WITHOUT)
    for student in sample_class.CLASS
    if student.name in ("chiara", "fatima", "h. lindqvist")
]
# No namespace of these kinds can be made below this one: a machine on which nobody can be shut in.
WITHOUT_NAMESPACES = [
    *("unshare", "--user", "--map-root-user", "sh", "-c"),
    'for kind in user mnt; do echo 0 > /proc/sys/user/max_${kind}_namespaces; done; exec "$@"',
    "sh",
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers, as an instructor starts them."""
    with opened(tmp_path_factory.mktemp("cluster"), workers=2) as running:
        yield running


def grade_at(address: str, course: Course, patience: float = 60) -> tuple[int, str]:
    """The exit code of grading on a cluster, and what was said."""
    screen = io.StringIO()
    console = Console(file=screen, width=300)
    code = grade(
        course, console=console, elsewhere=functools.partial(ClusterPool, address, patience=patience)
    )
    return code, screen.getvalue()


def hand_in(course: Course, *students: str, cells: dict[str, str] | None = None) -> None:
    """The released notebook, by each of them; `cells` by task."""
    notebook = nbformat.read(course.release / f"{NOTEBOOK}.ipynb", 4)
    for cell in notebook.cells:
        cell.source = (cells or {}).get(grade_id(cell), cell.source)
    for student in students:
        course.submitted(student).mkdir(parents=True)
        nbformat.write(notebook, course.submitted(student) / f"{NOTEBOOK}.ipynb")


def all_graded(course: Course) -> bool:
    return not plan(course, course.students())


def test_a_cluster_gives_the_same_points_and_findings_as_this_machine(course, tmp_path, cluster):
    """Some of the sample class, a broken file among them: is all that is recorded the same?"""
    sample_class.hand_in(course, SOME)
    cases.secret_of(course.root)
    here = Course.at(tmp_path / "here")
    shutil.copytree(course.root, here.root)
    assert grade(here, console=Console(file=io.StringIO())) == 0
    code, said = grade_at(cluster.address, course)
    assert code == 0, said
    assert "with 2 workers" in said
    for student in (each.name for each in SOME):
        assert read_findings(course.root, student) == read_findings(here.root, student)
        assert read_broken(course.root, student) == read_broken(here.root, student)
        assert course.points(student) == here.points(student)
        assert outputs(course, student) == outputs(here, student)
    assert sum(filter(None, course.points("chiara").values())) > 0
    secret = cases.secret_of(course.root)
    assert not any(secret in file.read_bytes() for file in held(cluster))


def outputs(course: Course, student: str) -> list[object]:
    """What the graded notebook shows, but for where in memory something lay."""
    notebook = nbformat.read(course.autograded(student) / f"{NOTEBOOK}.ipynb", 4)
    return [len(cell.get("outputs", [])) for cell in notebook.cells]


def held(cluster: Cluster) -> list[Path]:
    """The files that the workers have."""
    folders = cluster.client.run(lambda dask_worker: dask_worker.local_directory).values()
    files = [path for folder in folders for path in Path(folder).rglob("convnet-*/**/*") if path.is_file()]
    assert files
    return files


def test_a_lost_worker_s_submissions_go_elsewhere(course, cluster):
    """kill -9 of a worker that is at work: is everybody graded by those that are left?"""
    hand_in(course, "ada", "ben", "cleo")
    killed = []

    def kill_one() -> None:
        worker = wait_for(cluster.at_work)[0]
        cluster.kill(worker)
        killed.append(worker)

    killing = threading.Thread(target=kill_one)
    killing.start()
    code, said = grade_at(cluster.address, course)
    killing.join()
    assert code == 0, said
    assert killed[0] not in cluster.workers()
    assert all_graded(course)


def test_the_next_grade_takes_up_what_a_killed_one_has_left(course, cluster):
    """kill -9 of grade itself: is what it recorded left alone, and the rest graded?"""
    hand_in(course, "ada", "ben", "cleo", "dora")
    command = [*ADMIN, "grade", "--course", str(course.root), "--cluster", cluster.address]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as head:
        recorded = wait_for(lambda: [s for s in course.students() if state_file(course, s).exists()], 200)
        head.kill()
    recorded = [s for s in course.students() if state_file(course, s).exists()]
    assert 0 < len(recorded) < 4
    before = {student: state_file(course, student).stat().st_mtime_ns for student in recorded}
    code, said = grade_at(cluster.address, course)
    assert code == 0, said
    assert f"{len(recorded)} unchanged" in said
    assert {student: state_file(course, student).stat().st_mtime_ns for student in recorded} == before
    assert all_graded(course)


def test_what_nobody_waits_for_is_stopped(course, cluster):
    """Ctrl-C in the middle of an endless cell: does the worker end it at once, and is nothing recorded?"""
    hand_in(course, "ada", cells={"normalise_images": "while True: pass"})
    command = [*ADMIN, "grade", "--course", str(course.root), "--cluster", cluster.address]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as head:
        wait_for(cluster.running, 120)
        head.send_signal(signal.SIGINT)
        _, said = head.communicate(timeout=90)
    assert head.returncode == 130, said
    assert b"Traceback" not in said
    wait_for(lambda: not cluster.running(), 15)
    assert read_state(course, "ada") == {}


def test_workers_that_are_not_fit_are_refused_with_a_sentence(course, cluster, tmp_path):
    """Another version, no sandbox, none of ours: is each named, with what to do, and do the others grade?"""
    hand_in(course, "ada")
    fit = set(cluster.workers())
    strangers = {
        "another version of the course's code": (PLAIN_WORKER, another_version(tmp_path)),
        "can't be shut in there": ([*without_namespaces(), *PLAIN_WORKER], REPOSITORY),
        "is not one of this course": (PLAIN_WORKER, tmp_path),
    }
    begun = [
        cluster.begin(f"stranger-{number}", [*command, cluster.address, "--no-nanny"], cwd=folder)
        for number, (command, folder) in enumerate(strangers.values())
    ]
    wait_for(lambda: len(cluster.workers()) == len(fit) + len(strangers), 300)
    code, said = grade_at(cluster.address, course)
    assert code == 0, said
    for sentence in strangers:
        (line,) = [line for line in said.splitlines() if sentence in line]
        assert any(f"The worker {worker} is not used" in line for worker in set(cluster.workers()) - fit), (
            line
        )
        assert "python3 -m admin" in line
    assert "with 2 workers" in said
    assert all_graded(course)
    for process in begun:
        process.terminate()


def another_version(folder: Path) -> Path:
    """A copy of our code with one line more."""
    copy = folder / "copy"
    ignore = shutil.ignore_patterns("__pycache__", "figures", "docs", "data")
    for name in ("admin", "notebooks"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=ignore)
    shutil.copy(REPOSITORY / "problem_unittests.py", copy)
    with (copy / "notebooks" / "checks" / "task.py").open("a") as file:
        file.write("# of another version\n")
    return copy


def without_namespaces() -> list[str]:
    """What begins the command of a process that can make no namespaces; tried first."""
    tried = subprocess.run([*WITHOUT_NAMESPACES, "true"], capture_output=True, text=True)
    if tried.returncode:
        skip_or_fail(f"no such machine can be had: {tried.stderr}")
    return WITHOUT_NAMESPACES


def test_what_ends_every_worker_is_left_and_the_others_are_graded(course, tmp_path):
    """A submission whose worker dies, on a cluster that tries once: a sentence for it alone?"""
    hand_in(course, "ada", "ben")
    settings = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with opened(tmp_path, workers=1, **settings) as cluster:
        killing = threading.Thread(target=lambda: cluster.kill(wait_for(cluster.at_work)[0]))
        killing.start()
        code, said = grade_at(cluster.address, course)
        killing.join()
        assert code == 1
        assert said.count("each worker that ran it was lost") == 1, said
        assert len(plan(course, course.students())) == 1

        losing = threading.Thread(target=lambda: wait_for(cluster.at_work) and cluster.scheduler.kill())
        losing.start()
        code, said = grade_at(cluster.address, course, patience=3)
        losing.join()
        assert code == 1
        assert "the workers at" in said


def test_a_cluster_without_workers_or_scheduler_is_said_in_a_sentence(course, tmp_path):
    """Nobody at the address, no worker there, none that is fit: one sentence each?"""
    hand_in(course, "ada")
    with pytest.raises(CourseError, match="No Dask scheduler answers at tcp"):
        grade_at("tcp://127.0.0.1:1", course)
    with pytest.raises(CourseError, match="No Dask scheduler answers at nowhere://"):
        grade_at("nowhere://", course)
    with opened(tmp_path, workers=0) as cluster:
        with pytest.raises(CourseError, match="No worker has come"):
            grade_at(cluster.address, course, patience=2)
        cluster.begin("stranger", [*PLAIN_WORKER, cluster.address, "--no-nanny"], cwd=tmp_path)
        wait_for(cluster.workers)
        with pytest.raises(CourseError, match="None of the workers"):
            grade_at(cluster.address, course)
