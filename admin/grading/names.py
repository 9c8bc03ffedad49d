"""Which names a cell needs and which it makes, read off its code without running it."""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

# Lines that are IPython's and not Python's, such as `%matplotlib inline` and `!ls`.
_MAGIC = re.compile(r"^(\s*)[%!?].*$", re.MULTILINE)

_LINE_END = re.compile(r"\r\n|\r|\n")  # as Python counts lines; str.splitlines knows more ends


@dataclass(frozen=True)
class Names:
    """Of a cell: `reads`, which something before it has to make, and `makes`."""

    reads: frozenset[str]
    makes: frozenset[str]


def names_of(code: str) -> Names:
    """The names of a cell at its top level, and those that its functions look up there.

    Code that is no Python makes nothing. A name that is both made and read counts as both.
    """
    try:
        top = symtable.symtable(_MAGIC.sub(r"\1pass", code), "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Names(frozenset(), frozenset())
    symbols = list(top.get_symbols())
    reads = {symbol.get_name() for symbol in symbols if symbol.is_referenced()}
    makes = {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
    for symbol in _of_functions(top):
        if symbol.is_global() and symbol.is_referenced():
            reads.add(symbol.get_name())
        if symbol.is_declared_global() and symbol.is_assigned():
            makes.add(symbol.get_name())
    return Names(frozenset(reads), frozenset(makes))


def _of_functions(table: symtable.SymbolTable) -> Iterator[symtable.Symbol]:
    for child in table.get_children():
        yield from child.get_symbols()
        yield from _of_functions(child)


def parts_of_all(codes: Sequence[str]) -> list[list[dict[str, Any]]]:
    """In the bounded process: the statements of each cell with their names, as plain values."""
    return [
        [
            {"code": code, "reads": sorted(names.reads), "makes": sorted(names.makes)}
            for code in statements(cell)
            for names in [names_of(code)]
        ]
        for cell in codes
    ]


def statements(code: str) -> list[str]:
    """The code in pieces of a statement, or of those that share a line; in one piece when it is no Python."""
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [code]
    lines = _LINE_END.split(code)
    pieces: list[tuple[int, int]] = []
    for node in body:
        end = node.end_lineno or len(lines)
        if pieces and node.lineno <= pieces[-1][1]:  # it begins in the last line of the one before it
            pieces[-1] = pieces[-1][0], end
        else:
            pieces.append((pieces[-1][1] if pieces else 0, end))
    return ["\n".join(lines[start:end]) for start, end in pieces]
