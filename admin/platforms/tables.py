"""CSV files of learning platforms: read strictly, and written so that all cells but ours stay."""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from admin.course.layout import CourseError
from admin.text import printable

MAX_BYTES = 20_000_000
DELIMITERS = ",;\t"
# What a spreadsheet takes for a formula when a cell begins with it; the last four are the full-width signs.
FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


@dataclass(frozen=True)
class Table:
    """A CSV file: its header, its other rows, each as long as the header or empty, and how it is written."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str = ","
    mark: str = ""
    """the byte order mark, where the file has one"""
    line_end: str = "\r\n"

    def text(self) -> str:
        lines = [self.header, *self.rows]
        return self.mark + "".join(self._line(line) + self.line_end for line in lines)

    def _line(self, cells: Sequence[str]) -> str:
        # Python's csv, up to 3.12, leaves a lone \\r outside of quotes; and a lone empty cell has to be seen
        special = f'{self.delimiter}"\r\n'
        quoted = ['"{}"'.format(c.replace('"', '""')) if set(c) & set(special) else c for c in cells]
        return '""' if quoted == [""] else self.delimiter.join(quoted)

    def with_cells(self, cells: dict[tuple[int, int], str]) -> Table:
        """The same with other texts in some cells, by row (the one below the header is 0) and column."""
        rows = [list(row) for row in self.rows]
        for (row, column), text in cells.items():
            rows[row][column] = text
        return replace(self, rows=tuple(map(tuple, rows)))


def read_table(path: Path) -> Table:
    """A CSV file in UTF-8, with a comma, semicolon or tab between cells. Raises CourseError."""
    shown = printable(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CourseError(f"{shown} cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise CourseError(f"{shown} is too large for a table: more than {MAX_BYTES / 1e6:.0f} MB")
    if content.startswith(b"PK"):
        raise CourseError(f"{shown} is a spreadsheet or an archive, not a CSV file: save it as CSV (UTF-8)")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise CourseError(f"{shown} is not in UTF-8: download it anew, or save it as CSV (UTF-8)") from None
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    return table_from(text.removeprefix(mark), shown, mark)


def table_from(text: str, shown: str, mark: str = "") -> Table:
    """The table that a text is. Raises CourseError, which calls the file as `shown`."""
    first = text.partition("\n")[0]
    counted = {delimiter: len(next(_rows(first, delimiter), ())) for delimiter in DELIMITERS}
    delimiter = max(counted, key=lambda each: counted[each])
    line_end = "\r\n" if first.endswith("\r") else "\n"
    rows: list[tuple[str, ...]] = []
    try:
        rows += map(tuple, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise CourseError(f"{shown} is damaged below row {len(rows)}: {printable(str(error))}") from None
    if not rows or not any(rows[0]):
        raise CourseError(f"{shown} has no header in its first line")
    for number, row in enumerate(rows, start=1):
        if row and len(row) != len(rows[0]):
            raise CourseError(f"{shown}: row {number} has {len(row)} cells, its header {len(rows[0])}")
    return Table(rows[0], tuple(rows[1:]), delimiter, mark, line_end)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader([text], delimiter=delimiter)
    except csv.Error:
        return


def write_table(path: Path, table: Table) -> None:
    """Write a table, whole or not at all; it is read back first, by the rules of `read_table`.

    Raises CourseError when what would be read is not what was to be written.
    """
    with beside(path) as half:
        half.write_bytes(table.text().encode("utf-8"))
        if not _reads_as(half, table):
            raise CourseError(
                f"{printable(str(path))} was not written: read back, it would say something else"
            )


def _reads_as(path: Path, table: Table) -> bool:
    try:
        return read_table(path) == table
    except CourseError:
        return False


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A new file to write, which takes the place of `path` when all went well. Raises CourseError."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=".half-", suffix=path.suffix, dir=path.parent)
        os.close(descriptor)
        half = Path(name)
        try:
            yield half
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)
    except OSError as error:
        raise CourseError(f"{printable(str(path))} cannot be written: {error.strerror}") from None


def guarded(text: str) -> str:
    """A text for a cell of ours, with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def shown_number(value: float, like: str = "") -> str:
    """A number in hundredths, with a comma where the number `like` has one."""
    text = f"{round(value, 2) + 0:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if "," in like else text


def number_in(text: str) -> float | None:
    """The number that a cell holds, with a point or a comma; None for anything else."""
    text = text.strip()
    return float(text.replace(",", ".")) if NUMBER.fullmatch(text) else None
