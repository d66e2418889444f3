"""What stands at the head of a module: docstring, imports, and what a fix adds there."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from memlint.fixes.layout import Statement, whole, with_lines

_EMPTY = cst.EmptyLine(indent=False)


def with_import(module: cst.Module, name: str) -> cst.Module:
    """``import name`` in its alphabetical place among the plain imports at the module's head."""
    body = [whole(each) for each in module.body]
    first, end = _after_docstring(body), after_imports(body)
    plain = [(place, said) for place in range(first, end) if (said := _plain_import(body[place])) is not None]
    if any(said == name for _, said in plain):
        return module
    new = whole(cst.parse_statement(f"import {name}", config=module.config_for_parsing))
    if first == end:
        return module.with_changes(body=_alone(body, first, new))
    smaller = [place for place, said in plain if said < name]
    place = smaller[-1] + 1 if smaller else plain[0][0] if plain else first
    if place == first:  # what stood at the head of the imports stays there
        old = body[first]
        new = with_lines(new, old.leading_lines)
        body[first] = with_lines(old, () if plain else (_EMPTY,))
    return module.with_changes(body=[*body[:place], new, *body[place:]])


def _alone(body: list[Statement], place: int, new: Statement) -> list[Statement]:
    """The first import of a module, with an empty line on either side."""
    if place:
        new = with_lines(new, (_EMPTY,))
    if place < len(body) and not body[place].leading_lines:
        body[place] = with_lines(body[place], (_EMPTY,))
    return [*body[:place], new, *body[place:]]


def after_imports(body: Sequence[cst.CSTNode]) -> int:
    """Where the first block of imports ends."""
    place = _after_docstring(body)
    while place < len(body) and _is_import(body[place]):
        place += 1
    return place


def _after_docstring(body: Sequence[cst.CSTNode]) -> int:
    """Where imports may begin: behind the docstring and ``from __future__``."""
    place = 1 if body and _is_string(body[0]) else 0
    while place < len(body) and _is_future(body[place]):
        place += 1
    return place


def _is_import(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], (cst.Import, cst.ImportFrom))


def _plain_import(node: cst.CSTNode) -> str | None:
    if isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], cst.Import):
        return cst.Module([]).code_for_node(node.body[0].names[0].name)
    return None


def _is_string(node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.SimpleStatementLine) or not isinstance(node.body[0], cst.Expr):
        return False
    return isinstance(node.body[0].value, (cst.SimpleString, cst.ConcatenatedString))


def _is_future(node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.SimpleStatementLine) or not isinstance(node.body[0], cst.ImportFrom):
        return False
    module = node.body[0].module
    return isinstance(module, cst.Name) and module.value == "__future__"
