"""Chains of tests that leave nothing over: every member of an enumeration or value of a ``Literal`` has its branch."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from memlint.flow.sites import SiteRecord

_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum"})


def leaves_nothing_over(function: ast.AST, module: ast.Module, record: SiteRecord) -> bool:
    """Whether some chain over a parameter has a branch for each of its values, and each releases the resource.

    The way on which no branch is taken is then none that a program can go.
    """
    arguments = getattr(function, "args", None)
    if arguments is None or record.subject is None:
        return False
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    values = {each.arg: known for each in every if (known := _values(each.annotation, module))}
    if not values:
        return False
    for node in ast.walk(function):
        for name, branches in _chain(node):
            wanted = values.get(name)
            if wanted and wanted <= branches.keys() and all(_releases(body, record) for body in branches.values()):
                return True
    return False


def _values(annotation: ast.expr | None, module: ast.Module) -> frozenset[str]:
    """The values that an annotation allows, as they are written in a test."""
    match annotation:
        case ast.Subscript(value=ast.Name(id="Literal") | ast.Attribute(attr="Literal"), slice=inside):
            return frozenset(ast.unparse(e) for e in (inside.elts if isinstance(inside, ast.Tuple) else [inside]))
        case ast.Name(id="bool"):
            return frozenset({"True", "False"})
        case ast.Name(id=name):
            for statement in module.body:
                if isinstance(statement, ast.ClassDef) and statement.name == name and _is_enum(statement):
                    return frozenset(f"{name}.{member}" for member in _members(statement))
    return frozenset()


def _is_enum(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).rpartition(".")[2] in _ENUMS for base in node.bases)


def _members(node: ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name) and not target.id.startswith("_"):
                    yield target.id


def _chain(node: ast.AST) -> Iterator[tuple[str, dict[str, list[ast.stmt]]]]:
    """The name that an ``if`` chain without ``else``, or a ``match``, asks for, and the branch of each value."""
    match node:
        case ast.If(test=ast.Compare(left=ast.Name(id=name))):
            branches: dict[str, list[ast.stmt]] = {}
            link: ast.If | None = node
            while link is not None:
                value = _asked(link.test, name)
                if value is None:
                    return
                branches[value] = link.body
                link = link.orelse[0] if len(link.orelse) == 1 and isinstance(link.orelse[0], ast.If) else None
            yield name, branches
        case ast.Match(subject=ast.Name(id=name), cases=cases):
            yield name, {value: case.body for case in cases if case.guard is None for value in _matched(case.pattern)}


def _asked(test: ast.expr, name: str) -> str | None:
    match test:
        case ast.Compare(left=ast.Name(id=left), ops=[ast.Is() | ast.Eq()], comparators=[value]) if left == name:
            return ast.unparse(value)
    return None


def _matched(pattern: ast.pattern) -> Iterator[str]:
    match pattern:
        case ast.MatchValue(value=value):
            yield ast.unparse(value)
        case ast.MatchSingleton(value=value):
            yield repr(value)
        case ast.MatchOr(patterns=patterns):
            for each in patterns:
                yield from _matched(each)


def _releases(body: list[ast.stmt], record: SiteRecord) -> bool:
    """Whether a branch names a release of the resource, hands it back, or does not come to its end."""
    for statement in body:
        for node in ast.walk(statement):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
                    if name == record.subject and method in record.site.kind.release:
                        return True
                case ast.Return(value=ast.Name(id=name)) if name == record.subject:
                    return True
                case ast.Raise():
                    return True
    return False
