"""Names that a cell makes in place of those a task asks for: `normalize_images` for `normalise_images`."""

from __future__ import annotations

import ast
import difflib
import warnings
from collections.abc import Iterator, Sequence

from checks.task import TABLE

# From 0 to 1. `normalise_imgs` is close to `normalise_images` (0.93), `y_train` is not to `x_train` (0.86).
_CLOSE = 0.88

# A cell, and a name, of more characters is no answer that somebody has typed.
_LONGEST_CELL, _LONGEST_NAME = 20_000, 60

_ASKED_FOR = frozenset(name for entry in TABLE.values() for name in entry.gives)


def close_names(code: str) -> dict[str, list[str]]:
    """By task, its first name that a cell's code does not make, and the close one that it makes instead.

    Code of a student's is parsed here: in grading, that is for a process with bounds to do.
    """
    made = {name for name in _made(code) if len(name) <= _LONGEST_NAME}
    others = sorted(made - _ASKED_FOR)
    found: dict[str, list[str]] = {}
    for task, entry in TABLE.items():
        for name in entry.gives:
            if name not in made and (close := _closest(name, others)):
                found.setdefault(task, [name, close])
    return found


def close_names_of_all(codes: Sequence[str]) -> list[dict[str, list[str]]]:
    """The `close_names` of each of several cells."""
    return [close_names(code) for code in codes]


def _closest(name: str, others: list[str]) -> str | None:
    in_another_way = (other for other in others if _plain(other) == _plain(name))
    return next(in_another_way, None) or next(iter(difflib.get_close_matches(name, others, 1, _CLOSE)), None)


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _made(code: str) -> set[str]:
    """The names that a cell makes; not those that stay None, nor a function that is still empty."""
    if len(code) > _LONGEST_CELL:
        return set()
    lines = ["" if line.startswith(("%", "!")) else line for line in code.splitlines()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a backslash in a text, say: Python has told it already
            return {name for node in ast.parse("\n".join(lines)).body for name in _names(node)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()


def _names(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        if not all(_does_nothing(part) for part in node.body):
            yield node.name
    elif not (isinstance(node, ast.Assign) and _is_none(node.value)):
        parts = ast.walk(node)
        yield from (p.id for p in parts if isinstance(p, ast.Name) and isinstance(p.ctx, ast.Store))


def _does_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
