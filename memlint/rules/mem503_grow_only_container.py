"""MEM503 grow-only-container."""

from __future__ import annotations

import ast
import functools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from memlint.flow.analysis import Analysis
from memlint.flow.growth import (
    ADDS,
    BOUND_TO_CONTAINER,
    REMOVES,
    Insertion,
    container,
    insertions,
    mentions,
    reference,
    removes,
)
from memlint.rules.definitions import Class, Definitions, Function, FunctionNode, StructureRule, definitions, own_nodes
from memlint.source.names import top_statements
from memlint.source.walk import walk

_ONCE = frozenset({
    "__class_getitem__", "__init_subclass__", "__prepare__", "__set_name__", "configure", "main", "setup",
})  # fmt: skip
"""Methods and functions that run once a class or once a process."""
_BY_CALLER = (
    "add", "connect", "declare", "define", "import", "init", "install", "load", "register", "subscribe", "unregister",
)  # fmt: skip
"""First words of functions that the importing program calls, as often as it has things to register."""
_FEW = frozenset({"cls", "klass", "class_", "type_", "typ", "tp", "module", "model", "dtype", "func", "function"})
"""Names of keys of which a program has as many as it has classes, modules or functions."""
_FEW_WORDS = frozenset({
    "alg", "algorithm", "arch", "code", "codec", "country", "encoding", "eno", "errno", "executable", "ext",
    "extension", "fmt", "format", "kind", "lang", "language", "layer", "locale", "mode", "modname", "name", "opcode",
    "option", "platform", "scheme", "site", "suffix", "version",
})  # fmt: skip
"""Last words of key names that stand for something of which the world, or the program, has a few."""
_FEW_ATTRIBUTES = frozenset({"__class__", "__name__", "__qualname__", "__module__", "__code__", "__func__"})


@dataclass(frozen=True, slots=True)
class _Root:
    """A container that lives as long as the process."""

    name: str
    """As functions of the file refer to it."""
    label: str
    node: ast.AST
    kind: str
    symbol: str


class GrowOnlyContainer(StructureRule):
    """A container at module or class level is added to by functions and never emptied."""

    code = "MEM503"
    name = "grow-only-container"
    summary = "A container at module or class level is only ever added to."
    trigger = BOUND_TO_CONTAINER

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a container, at the line that makes it."""
        found = definitions(analysis.source)
        text = analysis.source.text
        roots = {root: _spellings(root) for root in _roots(found, text)}
        if not roots:
            return
        wanted = {spelling for spellings in roots.values() for spelling in spellings}
        index = _index(found, wanted, _lines(analysis.source.lines, {root.name for root in roots}))
        for root, spellings in roots.items():
            grows = _growth(spellings, index, found)
            if grows is None:
                continue
            if any(_bounded(node, spelling) for spelling in spellings for node, _ in index.get(spelling, ())):
                continue
            message = f"`{root.label}` is only ever added to: line {grows.line} adds, nothing removes or bounds"
            yield root.symbol, root.node, message


def _may_grow(name: str, text: str) -> bool:
    """Whether the text has anything that looks like an addition: most containers are tables and done here."""
    return re.search(rf"\b{name}\s*(?:\[|[+|]=|\.\s*(?:{'|'.join(sorted(ADDS))})\b)", text) is not None


_Index = dict[str, list[tuple[ast.AST, Function | None]]]


def _lines(lines: Sequence[str], names: set[str]) -> list[int]:
    """The lines (from 1) that hold any of the names."""
    pattern = re.compile(rf"\b(?:{'|'.join(sorted(names))})\b")
    return [number for number, line in enumerate(lines, 1) if pattern.search(line)]


def _index(found: Definitions, wanted: set[str], lines: list[int]) -> _Index:
    """What is done with each container, and in which function."""
    index: _Index = {}
    places: list[tuple[ast.AST, Function | None]] = [(found.tree, None)]
    places += [(each.node, None) for each in found.classes if _holds(each.node, lines)]
    places += [(each.node, each) for each in found.functions if _holds(each.node, lines)]
    for place, function in places:
        for name, node in mentions(own_nodes(place), wanted):
            index.setdefault(name, []).append((node, function))
    return index


def _holds(node: ast.stmt, lines: list[int]) -> bool:
    return bisect_left(lines, node.lineno) < bisect_right(lines, node.end_lineno or node.lineno)


def _roots(found: Definitions, text: str) -> Iterator[_Root]:
    for name, statement, kind in _containers(top_statements(found.tree.body), found, text):
        yield _Root(name, name, statement, kind, "<module>")
    for each in found.classes:
        if not each.nested:
            yield from _class_roots(each, found, text)


def _class_roots(each: Class, found: Definitions, text: str) -> Iterator[_Root]:
    containers = list(_containers(each.node.body, found, text))
    if not containers:
        return
    own = {name for method in each.methods.values() for node in walk(method) if (name := _rebound_field(node))}
    for name, statement, kind in containers:
        if name not in own:
            yield _Root(name, f"{each.node.name}.{name}", statement, kind, each.symbol)


def _containers(body: Iterable[ast.stmt], found: Definitions, text: str) -> Iterator[tuple[str, ast.stmt, str]]:
    """The names that statements bind to a container to which something may be added, each with its kind."""
    for statement in body:
        for name, value in _bindings(statement):
            kind = container(value, found.names)
            if kind is not None and not name.startswith("__") and _may_grow(name, text):
                yield name, statement, kind


def _rebound_field(node: ast.AST) -> str | None:
    """The attribute under which instances may get a container of their own."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, (ast.Store, ast.Del)):
        return node.attr
    return None


def _bindings(statement: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            yield name, value


def _spellings(root: _Root) -> tuple[str, ...]:
    """How the file's functions may refer to the container."""
    if root.symbol == "<module>":
        return (root.name,)
    owner = root.label.partition(".")[0]
    return (f"{owner}.{root.name}", f"self.{root.name}", f"cls.{root.name}")


def _bounded(node: ast.AST, of: str) -> bool:
    """Whether ``node`` removes from the container, looks at its size, binds it again or hands it out."""
    if removes(node, of):
        return True
    match node:
        case ast.Call(func=ast.Name(id="len"), args=[argument]):
            return reference(argument) == of
        case ast.Call(func=func, args=arguments, keywords=keywords):
            if isinstance(func, ast.Name) and func.id in _READERS:
                return False
            values = [*arguments, *(keyword.value for keyword in keywords)]
            return any(_given(_unstarred(value), of) for value in values)
        case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value):
            return reference(value) == of
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) | ast.NamedExpr(value=value):
            return reference(value) == of  # another name for it, which may do anything
        case ast.Global(names=names):
            return of in names
        case ast.Delete(targets=targets):
            return any(reference(target) == of for target in targets)
        case ast.ImportFrom() | ast.Import():
            return False
    return False


_READERS = frozenset({
    "all", "any", "bool", "dict", "enumerate", "filter", "frozenset", "isinstance", "iter", "list", "map", "max", "min",
    "print", "repr", "reversed", "set", "sorted", "str", "sum", "tuple", "zip",
})  # fmt: skip
"""Builtins that read a container and keep no reference that could empty it."""


def _given(value: ast.expr, of: str) -> bool:
    """Whether an argument is the container, or one of its methods that remove (``add_done_callback(c.discard)``)."""
    if isinstance(value, ast.Attribute) and value.attr in REMOVES and reference(value.value) == of:
        return True
    return reference(value) == of


def _unstarred(value: ast.expr) -> ast.expr:
    return value.value if isinstance(value, ast.Starred) else value


def _growth(spellings: tuple[str, ...], index: _Index, found: Definitions) -> Insertion | None:
    """The first insertion that may happen any number of times with another entry."""
    for spelling in spellings:
        for node, function in index.get(spelling, ()):
            if function is None or _runs_once(function, found):
                continue
            for insertion in insertions([node], spelling):
                if insertion.varies and not _few(insertion.key) and spelling not in _locals(function):
                    return insertion
    return None


def _locals(function: Function) -> set[str]:
    """Names that mean something else in the function."""
    bound = {a.arg for a in ast.walk(function.node.args) if isinstance(a, ast.arg)}
    stored = {n.id for n in own_nodes(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return bound | stored


def _runs_once(function: Function, found: Definitions) -> bool:
    """Whether a function runs as often as the program has definitions, not as often as it has work."""
    name = function.node.name
    if name in _ONCE or name.removeprefix("_").startswith(_BY_CALLER):
        return True
    bases = function.owner.bases if function.owner is not None else []
    if any("builtins.type" in found.names.qualified(base) for base in bases):
        return True  # a metaclass: once a class
    defined = [*(each.node for each in found.functions), *(each.node for each in found.classes)]
    if any(_decorated_with(name, node) for node in defined):
        return True
    return _is_decorator(function) or _only_on_import(function, found)


def _decorated_with(name: str, node: FunctionNode | ast.ClassDef) -> bool:
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if (isinstance(target, ast.Name) and target.id == name) or (
            isinstance(target, ast.Attribute) and target.attr == name
        ):
            return True
    return False


def _only_on_import(function: Function, found: Definitions) -> bool:
    """Whether all calls in the file stand at module level: a table that is filled while the module is imported."""
    inside, on_import = _called(found)
    name = function.node.name
    return function.owner is None and not function.nested and name in on_import and name not in inside


@functools.lru_cache(maxsize=1)
def _called(found: Definitions) -> tuple[frozenset[str], frozenset[str]]:
    """The names that functions of a file call, and those that the module itself calls."""
    return (
        frozenset(name for function in found.functions for name in _calls(own_nodes(function.node))),
        frozenset(_calls(own_nodes(found.tree))),
    )


def _calls(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def _is_decorator(function: Function) -> bool:
    """Whether it returns what it was given, or a function of its own."""
    arguments = [*function.node.args.posonlyargs, *function.node.args.args]
    given = {a.arg for a in arguments if a.arg not in ("self", "cls")}
    inner = [node for node in ast.walk(function.node) if node is not function.node]
    nested = {node.name for node in inner if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    returned = {
        node.value.id
        for node in own_nodes(function.node)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Name)
    }
    return bool(returned & nested) or (len(arguments) <= 2 and bool(returned & given))


def _few(key: ast.expr | None) -> bool:
    """Whether a key is one of the program's own classes, modules or functions, of which there are few."""
    if key is None:
        return False
    for node in ast.walk(key):
        match node:
            case ast.Name(id=name) if name.lower() in _FEW or name.endswith(("_cls", "_class", "_type", "_func")):
                return True
            case ast.Name(id=name) if name.rpartition("_")[2] in _FEW_WORDS:
                return True
            case ast.Attribute(attr=attribute) if attribute in _FEW_ATTRIBUTES:
                return True
            case ast.Call(func=ast.Name(id="type")):
                return True
    return False
