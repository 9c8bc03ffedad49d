"""What an answer is, and answers that differ in the body of one function."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """A way to fill in the answer cell of a task, with what its check must give: points, and a key."""

    task: str
    name: str
    code: str
    points: float
    key: str = ""


def functions(task: str, head: str, bodies: dict[str, tuple[str, float, str]]) -> list[Answer]:
    """Answers that differ in the function's body alone."""
    indented = {
        name: "\n".join(f"    {line}" for line in body.splitlines()) for name, (body, _, _) in bodies.items()
    }
    return [Answer(task, name, f"{head}\n{indented[name]}", p, key) for name, (_, p, key) in bodies.items()]
