"""Lines of nbgrader's log, which quote names of files and cells, and errors, that students made.

`nbgrader_config.py` names the formatter; the Jupyter server's configuration may do so, too.
"""

from __future__ import annotations

import copy
import logging

from tornado.log import LogFormatter

from admin.text import printable

MAX_LINE = 2000
MAX_LINES = 200


class PrintableFormatter(LogFormatter):
    """One line for each record, without anything that a terminal obeys; of a traceback, indented lines."""

    def format(self, record: logging.LogRecord) -> str:
        shown = copy.copy(record)
        message = record.getMessage()
        if message.startswith("Traceback (most recent call last)"):
            message = printable_lines(message)
        else:
            message = printable(" ".join(message.splitlines()), MAX_LINE)
        shown.msg, shown.args = message, ()
        if record.exc_info:
            shown.exc_text = printable_lines(self.formatException(record.exc_info))
        return super().format(shown)


def printable_lines(text: str) -> str:
    """A traceback's lines, its last ones if there are very many. LogFormatter indents all but the first."""
    return "\n".join(printable(line, MAX_LINE) for line in text.splitlines()[-MAX_LINES:])
