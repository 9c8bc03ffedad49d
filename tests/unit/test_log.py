"""Lines of nbgrader's log that quote what students made."""

from __future__ import annotations

import io

import pytest
from nbgrader.apps.nbgraderapp import NbGraderApp
from traitlets.config import PyFileConfigLoader

from admin.course.layout import CONFIG

HOSTILE = "a\n[AutogradeApp | INFO] mira 90/90\r\x1b[2J\x1b]0;title\x07\x9b31m\u202e.ipynb"


@pytest.fixture
def lines():
    """Logs something with our configuration, as any of nbgrader's commands does; returns the lines."""
    config = PyFileConfigLoader(CONFIG.name, path=str(CONFIG.parent)).load_config()
    application = NbGraderApp(config=config)
    buffer = io.StringIO()

    def logged(message: str, *arguments: object, **options: object) -> list[str]:
        application.log.handlers[0].setStream(buffer)
        application.log.error(message, *arguments, **options)
        return buffer.getvalue().splitlines()

    return logged


def test_a_name_makes_no_second_line_and_commands_no_terminal(lines):
    """A file's name with a newline, a title, colours: one line, with nothing to obey?"""
    (line,) = lines("Copying %s -> %s", HOSTILE, "there")
    assert line.isprintable()
    assert "[AutogradeApp | INFO] mira 90/90" in line
    assert line.endswith(".ipynb -> there")


@pytest.mark.parametrize("how", ["message", "exception"])
def test_a_traceback_keeps_its_lines_and_cannot_forge_one(lines, how):
    """An error's own text with a newline: is every line after the first indented, and printable?"""
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        text = f"Traceback (most recent call last)\n  File …\n{error}"
        written = lines(text) if how == "message" else lines("failed", exc_info=True)
    assert len(written) > 2
    assert all(line.isprintable() for line in written)
    assert all(line.startswith("    ") for line in written[1:])
