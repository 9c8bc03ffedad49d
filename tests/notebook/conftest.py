"""Executed notebooks, each made once: they take most of these tests' time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions
from traitlets.config import Config

from admin.course import build, source_notebook

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def solution() -> NotebookNode:
    """The source as a notebook, solutions inside; read only, by agreement."""
    return source_notebook.read_source()


@pytest.fixture(scope="session")
def student(solution: NotebookNode) -> NotebookNode:
    """What a student gets: the same without solutions."""
    config = Config()
    config.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
    notebook, _ = ClearSolutions(config=config).preprocess(nbformat.from_dict(solution), {})
    return notebook


@pytest.fixture(scope="session")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what is released beside the notebook, and nothing else of the project."""
    folder = tmp_path_factory.mktemp("released")
    for name, origin in build.RELEASED_FILES.items():
        if origin.is_dir():
            shutil.copytree(origin, folder / name)
        else:
            shutil.copyfile(origin, folder / name)
    return folder


@pytest.fixture(scope="session")
def execute(beside: Path) -> Callable[..., NotebookNode]:
    """Runs a copy of a notebook in a kernel of its own; errors stay in the outputs."""

    def run(notebook: NotebookNode, bounded: bool, folder: Path = beside) -> NotebookNode:
        copy = nbformat.from_dict(notebook)
        environment = {key: value for key, value in os.environ.items() if key != "NBGRADER_EXECUTION"}
        # An empty cache and no server: the same pictures on every machine, with or without a network.
        environment |= {"KERAS_HOME": str(folder / "keras"), "https_proxy": "http://localhost:9"}
        if bounded:
            environment["NBGRADER_EXECUTION"] = "validate"
        NotebookClient(
            copy, timeout=600, allow_errors=True, resources={"metadata": {"path": str(folder)}}
        ).execute(env=environment)
        return copy

    return run
