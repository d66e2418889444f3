"""MEM604 non-atomic-archive-write."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from memlint.flow.analysis import Analysis
from memlint.rules.definitions import Definitions, Function, StructureRule, definitions, own_nodes
from memlint.rules.triggers import AnyWord

_OPENERS = frozenset({"builtins.open", "io.open", "codecs.open", "gzip.open", "bz2.open", "lzma.open"})
_ATOMIC = frozenset(
    {"replace", "rename", "renames", "move", "copy", "copy2", "copyfile", "mkstemp", "NamedTemporaryFile"}
)
"""Words of functions that keep another copy, or put the new one in place when it is complete."""


class NonAtomicArchiveWrite(StructureRule):
    """The only copy of something is emptied before its successor is written."""

    code = "MEM604"
    name = "non-atomic-archive-write"
    summary = "A file is read, changed and written again in place, so that a failure in between loses both."
    trigger = AnyWord((b"open(", b"write_text", b"write_bytes"))

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a function that reads a path and opens it again to write."""
        found = definitions(analysis.source)
        for function in found.functions:
            place = _in_place(function, found)
            if place is not None:
                path, read, write = place
                yield (
                    function.symbol,
                    write,
                    f"`{path}` is emptied here, and what line {read} read of it is in memory only",
                )


def _in_place(function: Function, found: Definitions) -> tuple[str, int, ast.Call] | None:
    """A path that the function reads and then writes, with what it read, on one and the same way."""
    reads: dict[str, ast.Call] = {}
    writes: list[tuple[str, ast.Call]] = []
    bound: Counter[str] = Counter()
    for node in own_nodes(function.node):
        match node:
            case ast.Call():
                path, mode = _opened(node, found)
                if path is not None and mode == "r":
                    reads.setdefault(path, node)
                elif path is not None and mode == "w":
                    writes.append((path, node))
                if _keeps_another(node, found):
                    return None
            case ast.Name(id=name, ctx=ast.Store()):
                bound[name] += 1
    for path, write in sorted(writes, key=lambda each: each[1].lineno):
        read = reads.get(path)
        if read is None or read.lineno >= write.lineno or bound[path.partition(".")[0]] > 1:
            continue
        if not _apart(function.node, read, write) and _writes_what_was_read(function.node, read, write):
            return path, read.lineno, write
    return None


def _keeps_another(call: ast.Call, found: Definitions) -> bool:
    """Whether a call copies a file, or puts a complete one in its place; a text's ``replace`` has two arguments."""
    word = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if word == "replace":
        return len(call.args) == 1 or "os.replace" in found.names.qualified(call.func)
    return word in _ATOMIC


def _leaves(body: list[ast.stmt]) -> bool:
    last = body[-1]
    return isinstance(last, (ast.Return, ast.Raise, ast.Continue)) or (
        isinstance(last, ast.With) and _leaves(last.body)
    )


def _apart(function: ast.AST, read: ast.Call, write: ast.Call) -> bool:
    """Whether no run does both: they stand in different branches, or the branch that reads leaves."""
    for node in own_nodes(function):
        if not isinstance(node, (ast.If, ast.Try)):
            continue
        others = [node.orelse] if isinstance(node, ast.If) else [handler.body for handler in node.handlers]
        if _within(node.body, read):
            if any(_within(other, write) for other in others):
                return True
            if not _within(node.body, write) and _leaves(node.body):
                return True
    return False


def _within(body: list[ast.stmt], node: ast.AST) -> bool:
    return any(child is node for statement in body for child in ast.walk(statement))


def _writes_what_was_read(function: ast.AST, read: ast.Call, write: ast.Call) -> bool:
    """Whether names that got something from the read stand where something is written."""
    statements = [
        each
        for each in own_nodes(function)
        if isinstance(each, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For, ast.With, ast.Expr))
    ]
    got: set[str] = set()
    for _ in range(4):
        before = len(got)
        for statement in statements:
            for source, targets in _flows(statement):
                if any(
                    child is read or (isinstance(child, ast.Name) and child.id in got) for child in ast.walk(source)
                ):
                    got.update(
                        n.id
                        for target in targets
                        for n in ast.walk(target)
                        if isinstance(n, ast.Name) and n.id != "self"
                    )
        if len(got) == before:
            break
    for place in own_nodes(function):
        if isinstance(place, (ast.With, ast.Expr)) and any(child is write for child in ast.walk(place)):
            body: list[ast.stmt] = place.body if isinstance(place, ast.With) else [place]
            if isinstance(place, ast.With) and _within(body, write):
                continue  # an outer block
            handles = {each.id for each in _entered(place)}
            names = {n.id for each in body for n in ast.walk(each) if isinstance(n, ast.Name)}
            return bool(names & got - handles)
    return bool(got)


def _entered(place: ast.AST) -> Iterator[ast.Name]:
    """The names that a block binds to what it enters."""
    for item in place.items if isinstance(place, ast.With) else ():
        if isinstance(item.optional_vars, ast.Name):
            yield item.optional_vars


def _flows(statement: ast.AST) -> Iterator[tuple[ast.expr, list[ast.expr]]]:
    """What a statement takes from, and where it puts it."""
    match statement:
        case ast.Assign(targets=targets, value=value):
            yield value, targets
        case ast.AugAssign(target=target, value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
            yield value, [target]
        case ast.For(target=target, iter=iterated):
            yield iterated, [target]
        case ast.With(items=items):
            for item in items:
                if item.optional_vars is not None:
                    yield item.context_expr, [item.optional_vars]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner), args=[argument, *_])):
            yield argument, [owner]


def _opened(call: ast.Call, found: Definitions) -> tuple[str | None, str]:
    """The path that a call reads or empties, as it is written, and ``r`` or ``w``."""
    match call:
        case ast.Call(func=ast.Attribute(value=owner, attr="read_text" | "read_bytes")):
            return _path(owner), "r"
        case ast.Call(func=ast.Attribute(value=owner, attr="write_text" | "write_bytes")):
            return _path(owner), "w"
        case ast.Call(func=ast.Attribute(value=owner, attr="open"), args=arguments) if not _OPENERS & set(
            found.names.qualified(call.func)
        ):
            return _path(owner), _mode(arguments[0] if arguments else _keyword(call, "mode"))
        case ast.Call(func=func, args=[path, *rest]) if _OPENERS & set(found.names.qualified(func)):
            return _path(path), _mode(rest[0] if rest else _keyword(call, "mode"))
    return None, ""


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _mode(node: ast.expr | None) -> str:
    mode = node.value if isinstance(node, ast.Constant) else "r" if node is None else ""
    if not isinstance(mode, str) or "+" in mode:
        return ""
    return mode[:1]


def _path(node: ast.expr) -> str | None:
    return ast.unparse(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
