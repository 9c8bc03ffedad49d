"""How `nbgrader autograde` reads a student's notebook."""

from __future__ import annotations

import warnings
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.warnings import DuplicateCellId, MissingIDFieldWarning


class QuietNotebookExporter(NotebookExporter):
    """nbgrader's exporter, which reads without a warning of cells that were copied.

    Such cells are common; RepairCells and DeduplicateIds put them right. nbformat's warning names a file of
    the installation, and nothing that a reader could do.
    """

    def from_file(self, file_stream: Any, resources: Any = None, **options: Any) -> Any:
        with warnings.catch_warnings():
            for category in (DuplicateCellId, MissingIDFieldWarning):
                warnings.simplefilter("ignore", category)
            notebook = nbformat.read(file_stream, as_version=4)
        return self.from_notebook_node(notebook, resources=resources, **options)
