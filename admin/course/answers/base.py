"""What an answer is, and answers that differ in the body of one function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """A way to fill in the answer cell of a task, with what its check must give: points, and a key.

    `or_key` may stand in the place of `key` where it depends on the course of a training.
    """

    task: str
    name: str
    code: str
    points: float
    key: str = ""
    or_key: str = ""

    def is_told(self, keys: Iterable[str]) -> bool:
        """Whether one of these keys tells the answer's mistake, or there is none to tell."""
        return not self.key or bool({self.key, self.or_key} & set(keys))


def functions(task: str, head: str, bodies: dict[str, tuple[str, float, str]]) -> list[Answer]:
    """Answers that differ in the function's body alone."""
    indented = {
        name: "\n".join(f"    {line}" for line in body.splitlines()) for name, (body, _, _) in bodies.items()
    }
    return [Answer(task, name, f"{head}\n{indented[name]}", p, key) for name, (_, p, key) in bodies.items()]
