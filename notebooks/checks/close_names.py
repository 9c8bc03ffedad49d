"""Names that a cell makes in place of those a task asks for: `normalize_images` for `normalise_images`."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator

from checks.task import TABLE

# From 0 to 1. `normalise_imgs` is close to `normalise_images` (0.93), `y_train` is not to `x_train` (0.86).
_CLOSE = 0.88

_ASKED_FOR = frozenset(name for entry in TABLE.values() for name in entry.gives)


def close_name(task: str, code: str) -> tuple[str, str] | None:
    """The first name of a task that a cell's code does not make, and the close one that it makes instead."""
    made = _made(code)
    others = sorted(made - _ASKED_FOR)
    for name in TABLE[task].gives:
        if name not in made and (close := _closest(name, others)):
            return name, close
    return None


def _closest(name: str, others: list[str]) -> str | None:
    in_another_way = (other for other in others if _plain(other) == _plain(name))
    return next(in_another_way, None) or next(iter(difflib.get_close_matches(name, others, 1, _CLOSE)), None)


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _made(code: str) -> set[str]:
    """The names that a cell makes; not those that stay None, nor a function that is still empty."""
    lines = ["" if line.startswith(("%", "!")) else line for line in code.splitlines()]
    try:
        return {name for node in ast.parse("\n".join(lines)).body for name in _names(node)}
    except (SyntaxError, ValueError):
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
