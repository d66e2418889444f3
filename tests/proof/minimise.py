"""Makes a program smaller while it keeps a property."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

SUITES = ("body", "orelse", "finalbody", "handlers")


def minimise(text: str, interesting: Callable[[str], bool]) -> str:
    """The smallest program that removing and unwrapping statements one by one leads to."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(ast.parse(text)):
            shorter = ast.unparse(ast.fix_missing_locations(candidate)) + "\n"
            if len(shorter) < len(text) and _compiles(shorter) and interesting(shorter):
                text, smaller = shorter, True
                break
    return text


def _compiles(text: str) -> bool:
    try:
        compile(text, "<program>", "exec")
    except SyntaxError:
        return False
    return True


def _smaller(tree: ast.Module) -> Iterator[ast.Module]:
    for index, name, position in list(_statements(tree)):
        for replace in (_nothing, _inside, _plain):
            candidate = copy.deepcopy(tree)
            parent = list(ast.walk(candidate))[index]
            suite: list[ast.stmt] = getattr(parent, name)
            instead = replace(suite[position])
            if instead is None:
                continue
            suite[position : position + 1] = instead
            if not suite and name == "body":
                suite.append(ast.Pass())
            if isinstance(parent, ast.Try) and not parent.handlers and not parent.finalbody:
                continue
            yield candidate


def _statements(tree: ast.Module) -> Iterator[tuple[int, str, int]]:
    for index, node in enumerate(ast.walk(tree)):
        for name in SUITES:
            suite = getattr(node, name, None)
            if isinstance(suite, list):
                for position in range(len(suite)):
                    if not isinstance(suite[position], ast.Import):
                        yield index, name, position


def _nothing(_: ast.stmt) -> list[ast.stmt] | None:
    return []


def _inside(node: ast.stmt) -> list[ast.stmt] | None:
    """The statements of a compound statement without it."""
    if isinstance(node, (ast.FunctionDef, ast.ExceptHandler)):
        return None
    suites = [getattr(node, name, []) for name in ("body", "orelse", "finalbody")]
    return [statement for suite in suites for statement in suite] or None


def _plain(node: ast.stmt) -> list[ast.stmt] | None:
    """A helper's call without the helper's own meaning: ``res.acquire`` for ``make``, ``res.work()`` for others."""
    match node:
        case ast.Assign(targets=[ast.Name() as target], value=ast.Call(func=ast.Name(id=name), args=args)):
            if name.startswith("make"):
                acquire = ast.Attribute(ast.Name("res", ast.Load()), "acquire", ast.Load())
                return [ast.Assign([target], ast.Call(acquire, args, []), lineno=node.lineno)]
    return None
