"""What stands at the head of a module: docstring, imports, and what a fix adds there."""

from __future__ import annotations

import ast
import itertools
import sys
from collections.abc import Iterable

import libcst as cst

from memlint.fixes.layout import whole, with_lines
from memlint.fixes.proposal import DefineGlobal, Import
from memlint.source.text import Source

_EMPTY = cst.EmptyLine(indent=False)


def heading_ends(source: Source) -> int:
    """The last line of a module's first imports; else of its docstring, else of the comments that it begins with."""
    body = source.tree.body
    place = next((n for n, each in enumerate(body) if _imports(each) and not _future(each)), None)
    if place is not None:
        while place + 1 < len(body) and _imports(body[place + 1]):
            place += 1
        return body[place].end_lineno or 0
    described = body[:1] if ast.get_docstring(source.tree) is not None else []
    kept = [*described, *filter(_future, body)]
    comments = itertools.takewhile(lambda line: line.startswith("#"), source.lines)
    return max((each.end_lineno or 0 for each in kept), default=sum(1 for _ in comments))


def _imports(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def with_heading(module: cst.Module, wanted: Iterable[Import | DefineGlobal], *, followed: str) -> str:
    """The text of a module's head with imports and statements added; ``followed`` is the line that comes behind it."""
    had_imports = any(map(_is_import, module.body))
    for each in wanted:
        if isinstance(each, Import):
            module = _with_import(module, each.module)
        else:
            added = whole(cst.parse_statement(each.text, config=module.config_for_parsing))
            module = module.with_changes(body=[*module.body, with_lines(added, (_EMPTY,))])
            had_imports = False  # what comes next is no more import than this
    text, newline = module.code, module.default_newline
    text += "" if text.endswith(newline) else newline
    return text if had_imports or not followed.strip() else text + newline


def _with_import(module: cst.Module, name: str) -> cst.Module:
    """``import name``, of the standard library, in its alphabetical place among the plain imports of that library."""
    body = [whole(each) for each in module.body]
    first = next((n for n, each in enumerate(body) if _is_import(each) and not _is_future(each)), len(body))
    plain = [(n, said) for n in range(first, len(body)) if (said := _plain_import(body[n])) is not None]
    if any(said == name for _, said in plain):
        return module
    new = whole(cst.parse_statement(f"import {name}", config=module.config_for_parsing))
    own = [(place, said) for place, said in plain if _standard(said)]
    smaller = [place for place, said in own if said < name]
    place = smaller[-1] + 1 if smaller else own[0][0] if own else first
    if place == len(body) and not plain:
        new = with_lines(new, (_EMPTY,) if body or module.header else ())
    elif place == first:  # what stood at the head of the imports stays there
        old = body[first]
        new = with_lines(new, old.leading_lines or ((_EMPTY,) if place else ()))
        body[first] = with_lines(old, () if _standard(_imported(old)) else (_EMPTY,))
    return module.with_changes(body=[*body[:place], new, *body[place:]])


def _standard(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


def _imported(node: cst.CSTNode) -> str:
    """The module that an import statement names first; nothing for a relative one."""
    plain = _plain_import(node)
    if plain is not None:
        return plain
    if isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], cst.ImportFrom):
        module = node.body[0].module
        return cst.Module([]).code_for_node(module) if module is not None and not node.body[0].relative else ""
    return ""


def _is_import(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], (cst.Import, cst.ImportFrom))


def _plain_import(node: cst.CSTNode) -> str | None:
    if isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], cst.Import):
        return cst.Module([]).code_for_node(node.body[0].names[0].name)
    return None


def _is_future(node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.SimpleStatementLine) or not isinstance(node.body[0], cst.ImportFrom):
        return False
    module = node.body[0].module
    return isinstance(module, cst.Name) and module.value == "__future__"
