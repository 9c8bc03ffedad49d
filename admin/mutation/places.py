"""Where and how code can be changed in one place: mutants of a text of Python, by its syntax tree."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_NAMES = {"any": "all", "all": "any", "min": "max", "max": "min", "zeros": "ones", "ones": "zeros"}
# In a model answer, a word that Keras knows stands for another one that it knows as well.
_WORDS = {
    "relu": "tanh",
    "softmax": "sigmoid",
    "valid": "same",
    "same": "valid",
    "categorical_crossentropy": "mean_squared_error",
    "accuracy": "loss",
    "loss": "accuracy",
    "val_loss": "loss",
    "val_accuracy": "accuracy",
    "adam": "sgd",
}
_DROPPED = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise, ast.Continue, ast.Break)
_KINDS: dict[str, tuple[type[ast.AST], ...]] = {
    "comparison": (ast.Compare,),
    "condition": (ast.BoolOp, ast.If, ast.IfExp, ast.comprehension),
    "arithmetic": (ast.BinOp,),
    "argument": (ast.Call,),
    "return": (ast.Return,),
    "statement": _DROPPED,
}
KINDS = (*_KINDS, "number", "other")
"""What a change is of; "other" are names such as any, the values True and False, `not`, signs, and words."""


@dataclass(frozen=True)
class Place:
    """One change: where it is, as it is read, and the lines of the statement that it is in."""

    line: int
    text: str
    change: str
    lines: range
    number: int
    """Which of the text's changes it is; `changed` makes it again from that."""
    function: str
    """The function that it is in, after those around it: "outer.inner"; empty outside of all."""
    kind: str
    """One of `KINDS`."""


@dataclass(frozen=True)
class _Site:
    node: ast.AST
    put: Callable[[ast.AST], None]
    statement: ast.stmt
    function: str


def places(source: str, words: bool = False) -> list[Place]:
    """All changes of a text; with `words`, also what a student may mix up: words of Keras, and the order."""
    lines = source.splitlines()
    found = []
    for number, (site, new) in enumerate(_changes(ast.parse(source), words)):
        line = getattr(site.node, "lineno", site.statement.lineno)
        change = f"{_shown(site.node)} → {'nothing' if isinstance(new, ast.Pass) else _shown(new)}"
        text, extent = lines[line - 1].strip(), _lines(site.statement)
        found.append(Place(line, text, change, extent, number, site.function, _kind(site.node)))
    return found


def changed(source: str, number: int, words: bool = False) -> ast.Module:
    """The text's tree after its change of this number."""
    tree = ast.parse(source)
    for count, (site, new) in enumerate(_changes(tree, words)):
        if count == number:
            site.put(ast.copy_location(new, site.node))
            return ast.fix_missing_locations(tree)
    raise IndexError(f"there are not {number} changes")


def _kind(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return "other" if isinstance(node.value, bool) else "number"
    return next((kind for kind, types in _KINDS.items() if isinstance(node, types)), "other")


def _shown(node: ast.AST) -> str:
    text = f"if {ast.unparse(node.test)}" if isinstance(node, ast.If) else " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else f"{text[:60]} … {text[-26:]}"


def _lines(statement: ast.stmt) -> range:
    """The lines of a statement, without those of a block that it opens."""
    blocks = [block[0].lineno for name in ("body", "orelse") if (block := getattr(statement, name, None))]
    end = min(blocks) - 1 if blocks else statement.end_lineno or statement.lineno
    return range(statement.lineno, max(end, statement.lineno) + 1)


def _changes(tree: ast.Module, words: bool) -> Iterator[tuple[_Site, ast.AST]]:
    """Each site with each node that may stand there instead, always in the same order."""
    for site in _sites(tree, None, ""):
        for new in _instead_of(site.node, bool(site.function), words):
            yield site, new
        for new in _mixed_up(site.node) if words else ():
            yield site, new


def _sites(parent: ast.AST, statement: ast.stmt | None, function: str) -> Iterator[_Site]:
    for name, value in ast.iter_fields(parent):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        inside = function
        if isinstance(parent, ast.FunctionDef) and name == "body":
            inside = f"{function}.{parent.name}".lstrip(".")
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if not isinstance(child, ast.AST) or _is_left_out(child):
                continue
            around = child if isinstance(child, ast.stmt) else statement
            if around is not None:
                yield _Site(child, _putter(parent, name, index, value), around, inside)
            yield from _sites(child, around, inside)


def _putter(parent: ast.AST, name: str, index: int, value: object) -> Callable[[ast.AST], None]:
    def put(new: ast.AST) -> None:
        if isinstance(value, list):
            value[index] = new
        else:
            setattr(parent, name, new)

    return put


def _is_left_out(node: ast.AST) -> bool:
    """Docstrings, texts, and `strict` of `zip`: it asserts that lengths are the same, and they are."""
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_docstring or isinstance(node, ast.JoinedStr) or _is_strict(node)


def _is_strict(node: ast.AST) -> bool:
    return isinstance(node, ast.keyword) and node.arg == "strict"


def _instead_of(node: ast.AST, in_function: bool, words: bool) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            for instead in _COMPARISONS[type(operator)]:
                yield _with(node, ops=[*node.ops[:index], instead(), *node.ops[index + 1 :]])
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for index in range(len(node.values)):
            rest = [*node.values[:index], *node.values[index + 1 :]]
            yield _with(node, values=rest) if len(rest) > 1 else rest[0]
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        yield _with(node, op=_ARITHMETIC[type(node.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from (ast.Constant(value) for value in _other_values(node.value, words))
    elif isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        if name in _NAMES and isinstance(node.ctx, ast.Load):
            other = _NAMES[name]
            yield _with(node, id=other) if isinstance(node, ast.Name) else _with(node, attr=other)
    elif isinstance(node, ast.Call):
        if not (isinstance(node.func, ast.Name) and node.func.id == "say"):
            for keyword in node.keywords:
                if not _is_strict(keyword):
                    yield _with(node, keywords=[each for each in node.keywords if each is not keyword])
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield _with(node, ifs=[])
    elif in_function:
        yield from _instead_of_statement(node)


def _mixed_up(node: ast.AST) -> Iterator[ast.AST]:
    """What a student may write instead of a part of a model answer: another order or part, nothing done."""
    if isinstance(node, ast.Call) and node.args:
        yield node.args[0]
        if len(node.args) > 1:
            yield _with(node, args=[node.args[1], node.args[0], *node.args[2:]])
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        yield _with(node, elts=node.elts[::-1])
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        for part, other in (("train", "test"), ("test", "train")):
            if part in node.id.split("_"):
                yield _with(node, id=node.id.replace(part, other))


def _instead_of_statement(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.If):
        yield from (_with(node, test=ast.Constant(value)) for value in (True, False))
    elif isinstance(node, ast.Return) and node.value and not _is_none(node.value):
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, _DROPPED):
        yield ast.Pass()


def _other_values(value: object, words: bool) -> tuple[str | float, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return value + 1, value - 1
    if isinstance(value, float):
        return (value * 2, value / 2) if value else (1.0,)
    return (_WORDS[value],) if words and isinstance(value, str) and value in _WORDS else ()


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _with(node: ast.AST, **fields: object) -> ast.AST:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new
