"""MEM202 unbounded-read."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from memlint.flow.analysis import Analysis
from memlint.rules.definitions import Definitions, StructureRule, definitions, own_nodes
from memlint.rules.triggers import AnyWord

_OPENERS = frozenset({
    "builtins.open", "bz2.open", "codecs.open", "gzip.open", "io.open", "lzma.open", "urllib.request.urlopen",
})  # fmt: skip
_REQUESTS = frozenset({"requests.get", "requests.post", "requests.request", "httpx.get", "httpx.post", "httpx.request"})
_LOOKS = frozenset({"content", "text", "json"})
"""Attributes of an answer that need all of it."""
_SYSTEM = re.compile(r"/(?:proc|sys|etc|dev)/")
"""Files that the system keeps small."""


@dataclass(slots=True)
class _Names:
    """What the names of one function stand for."""

    streams: set[str] = field(default_factory=set)
    """Open files and responses that serve piece by piece."""
    answers: set[str] = field(default_factory=set)
    """Responses that were read whole when they were got."""


class UnboundedRead(StructureRule):
    """A stream is read whole where the next line of code takes it piece by piece."""

    code = "MEM202"
    name = "unbounded-read"
    summary = "A file or response is read whole into memory, and then taken line by line or copied on."
    trigger = AnyWord((b"readlines", b"read(", b".content"))

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a read: of a loop over lines, or of a copy from one stream to another."""
        found = definitions(analysis.source)
        for function in found.functions:
            nodes = list(own_nodes(function.node))
            if not any(isinstance(each, ast.Attribute) and each.attr in _WHOLE for each in nodes):
                continue
            names = _read_names(nodes, found)
            for node in nodes:
                for read, message in _reads(node, names, found):
                    yield function.symbol, read, message


_SPLITS = ("split", "splitlines")
_WHOLE = frozenset({"read", "readlines", "content"})


def _reads(node: ast.AST, names: _Names, found: Definitions) -> Iterator[tuple[ast.AST, str]]:
    match node:
        case ast.For(iter=iterated) | ast.GeneratorExp(generators=[ast.comprehension(iter=iterated), *_]):
            pass
        case ast.ListComp(generators=[ast.comprehension(iter=iterated, ifs=[_, *_]), *_]):
            pass
        case ast.SetComp(generators=[ast.comprehension(iter=iterated), *_]):
            pass
        case ast.Call(func=ast.Attribute(attr="write", value=target), args=[argument]):
            yield from _copied(target, argument, names, found)
            return
        case _:
            return
    stream = _by_line(iterated)
    if stream is not None and _is_stream(stream, names, found):
        yield iterated, f"`{ast.unparse(stream)}` is read whole before its first line is used"


def _copied(target: ast.expr, argument: ast.expr, names: _Names, found: Definitions) -> Iterator[tuple[ast.AST, str]]:
    """A stream that is read whole as the argument of another stream's ``write``."""
    if not _is_stream(target, names, found):
        return
    match argument:
        case ast.Call(func=ast.Attribute(value=source, attr="read"), args=[], keywords=[]):
            if _is_stream(source, names, found):
                yield argument, f"`{ast.unparse(source)}` is read whole to be written to another stream"
        case ast.Attribute(value=source, attr="content"):
            if _is_answer(source, names, found):
                yield argument, f"`{ast.unparse(source)}` is held whole to be written to a file"


def _by_line(iterated: ast.expr) -> ast.expr | None:
    """The stream of ``f.readlines()``, ``f.read().splitlines()`` and ``f.read().split("\\n")``."""
    match iterated:
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]):
            return _by_line(inner)
        case ast.Call(func=ast.Attribute(value=stream, attr="readlines"), args=[]):
            return stream
        case ast.Call(func=ast.Attribute(value=ast.Call() as read, attr=split), args=arguments) if split in _SPLITS:
            if not isinstance(read.func, ast.Attribute) or read.func.attr != "read" or read.args:
                return None
            at = arguments[0] if arguments else None
            lines = split == "splitlines" or (isinstance(at, ast.Constant) and at.value in ("\n", b"\n"))
            return read.func.value if lines else None
    return None


def _is_stream(node: ast.expr, names: _Names, found: Definitions) -> bool:
    """Whether an expression is an open file or response, by the call that made it."""
    match node:
        case ast.Name(id=name):
            return name in names.streams
        case ast.Call():
            return _opens(node, found)
    return False


def _is_answer(node: ast.expr, names: _Names, found: Definitions) -> bool:
    match node:
        case ast.Name(id=name):
            return name in names.answers
        case ast.Call(func=func):
            return bool(_REQUESTS & set(found.names.qualified(func)))
    return False


def _opens(call: ast.expr, found: Definitions) -> bool:
    """Whether a call opens something of any size."""
    match call:
        case ast.Call(func=func, args=arguments):
            first = arguments[0] if arguments else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                return bool(_OPENERS & set(found.names.qualified(func))) and not _SYSTEM.match(first.value)
            return bool(_OPENERS & set(found.names.qualified(func)))
    return False


def _read_names(nodes: list[ast.AST], found: Definitions) -> _Names:
    """What the function's names are bound to; one that is bound to anything else, too, is nothing known."""
    names, others = _Names(), set[str]()
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.withitem(context_expr=value, optional_vars=ast.Name(id=name)):
                pass
            case _:
                continue
        if _opens(value, found):
            names.streams.add(name)
        elif isinstance(value, ast.Call) and _REQUESTS & set(found.names.qualified(value.func)):
            names.answers.add(name)
        else:
            others.add(name)
    names.streams -= others
    names.answers -= others | names.streams
    looked_at = Counter(
        n.value.id for n in nodes if isinstance(n, ast.Attribute) and n.attr in _LOOKS and isinstance(n.value, ast.Name)
    )
    names.answers -= {name for name, count in looked_at.items() if count > 1}
    return names
