"""Classes as owners: which fields hold a resource, and whether anything ever releases them.

A field is judged by every mention of its name in the file.  One mention that releases it, hands it on, or could do
either, is enough for silence: what is reported is a field that is only ever used.
"""

from __future__ import annotations

import ast
import enum
import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from memlint.catalogue.model import Catalogue, Category, Context, Kind
from memlint.flow.classes import CLOSERS, Classes
from memlint.flow.machine import FieldStore
from memlint.flow.sites import SiteRecord
from memlint.flow.summaries import Effect, Summary
from memlint.flow.units import Unit
from memlint.source.names import FunctionNode, ModuleNames
from memlint.source.text import Source
from memlint.source.walk import children, walk

_ADDS = frozenset({"append", "add", "appendleft", "insert", "setdefault"})
_LOOKS = frozenset({"isinstance", "hasattr", "bool", "len", "print", "repr", "str", "id", "type", "callable"})
_CONSTRUCTORS = ("__init__", "__post_init__")
_ENTERS = frozenset({"__enter__", "__aenter__"})


_PLAIN_BASES = frozenset(
    {"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "typing.NamedTuple", "enum.Enum"}
)
"""Bases that read no field."""


class FieldFault(enum.Enum):
    """What is wrong with an owned field."""

    UNRELEASED = "unreleased"
    """No method ends the object's life, and nothing releases the field."""
    FORGOTTEN = "forgotten"
    """There is a method that ends the object's life, and nothing releases the field."""
    REPLACED = "replaced"
    """A method stores a new resource over the one that the constructor acquired."""


@dataclass(frozen=True, slots=True)
class FieldLoss:
    """One acquisition into a field that loses it."""

    unit: Unit
    record: SiteRecord
    field: str
    """Source text: ``self.f``."""
    owner: str
    """The class."""
    closer: str | None
    """The method that should have released it."""
    fault: FieldFault


@dataclass(frozen=True)
class Fields:
    """The acquisitions of one file that went into fields, and the means to judge them."""

    source: Source
    names: ModuleNames
    catalogue: Catalogue
    stores: tuple[tuple[Unit, FieldStore, SiteRecord], ...]
    bases: Callable[[str], list[tuple[ModuleNames, ast.ClassDef]] | None]
    """The classes of other files that a qualified base brings; None when one cannot be seen."""
    summary: Callable[[tuple[str, ...]], Summary | None]
    """What a function of the project does, by its candidate qualified names."""
    _classes: Classes = field(default_factory=Classes)

    def losses(self) -> Iterator[FieldLoss]:
        """Every acquisition into a field that nothing releases, or that overwrites a held one."""
        if not self.stores:
            return
        mentions = _Mentions.of(self.source, {store.attribute for _, store, _ in self.stores})
        for unit, store, record in self.stores:
            if not _owned(record.site.kind) or unit.owner not in self.names.classes:
                continue
            inherited = self._inherited(unit.owner)
            if inherited is None:
                continue
            if record.site.kind.child and _made_from_field(record.site.node):
                continue  # it ends with the field that it was made from
            family = self._family(unit.owner or "")
            if self._closed_by_a_base(family):
                continue
            if store.attribute.startswith("_") and self._foreign(family) and not mentions.uses(store.attribute):
                continue  # nobody in sight reads it: it is for a base of another library
            every = [*(self.names.classes[name] for name in family), *inherited]
            told = self._classes.told
            if any(told(node).computed or store.attribute in told(node).fetched for node in every):
                continue
            if any(store.attribute in told(node).read for node in inherited):
                continue  # a base in another file uses the field: it may release it
            field = f"{store.owner}.{store.attribute}"
            classes = [self.names.classes[name] for name in family]
            closer = self._closer(classes + inherited)
            if closer is None and any(told(node).closes_itself for node in classes):
                continue  # by a method of a base that is out of sight
            uses = [use for use in mentions.uses(store.attribute) if not self._of_another(use, family)]
            if not any(self._lets_go(use, record.site.kind) for use in uses):
                fault = FieldFault.UNRELEASED if closer is None else FieldFault.FORGOTTEN
                yield FieldLoss(unit, record, field, unit.owner or "", closer, fault)
            elif not store.container and self._replaces(unit, store, mentions):
                yield FieldLoss(unit, record, field, unit.owner or "", closer, FieldFault.REPLACED)

    def _family(self, owner: str) -> list[str]:
        """A class with its bases and subclasses in this file."""
        family = {owner}
        size = 0
        while size != len(family):
            size = len(family)
            for name, node in self.names.classes.items():
                bases = {self._local(base) for base in node.bases}
                if name in family:
                    family |= {base for base in bases if base in self.names.classes}
                elif bases & {owner}:
                    family.add(name)
        return sorted(name for name in family if name in self.names.classes)

    def _local(self, base: ast.expr) -> str:
        prefix = f"{self.names.module}."
        return next((q.removeprefix(prefix) for q in self.names.qualified(base) if q.startswith(prefix)), "")

    def _inherited(self, owner: str) -> list[ast.ClassDef] | None:
        """The classes of other files of the project that a class inherits; None when one is out of sight."""
        root = self.names.module.partition(".")[0]
        found: list[ast.ClassDef] = []
        for name in self._family(owner):
            for base in self.names.classes[name].bases:
                candidates = self.names.qualified(base)
                if not candidates:
                    return None
                if self._local(base):
                    continue
                for each in candidates:
                    bases = self.bases(each)
                    if bases is None or (not bases and each.partition(".")[0] in (root, "")):
                        return None
                    found += [node for _, node in bases]
        return found

    def _foreign(self, family: list[str]) -> bool:
        """Whether one of the classes has a base from outside the project that could read its fields."""
        for name in family:
            for base in self.names.classes[name].bases:
                candidates = self.names.qualified(base)
                known = self._local(base) or any(self.bases(each) for each in candidates)
                if not known and not _PLAIN_BASES.intersection(candidates):
                    return True
        return False

    def _closed_by_a_base(self, family: list[str]) -> bool:
        """Whether one of the classes extends a library's resource, whose own release may end what its fields hold."""
        types = self.catalogue.types
        bases = [base for name in family for base in self.names.classes[name].bases]
        kinds = [types.get(self.catalogue.resolve(each)) for base in bases for each in self.names.qualified(base)]
        return any(kind is not None and kind.category is Category.HANDLE for kind in kinds)

    def _of_another(self, use: tuple[ast.AST, ...], family: list[str]) -> bool:
        """Whether a mention is of another class's own field of that name: ``self.f`` in a class that sets it too."""
        field = use[0]
        if not isinstance(field, ast.Attribute) or not isinstance(field.value, ast.Name) or field.value.id != "self":
            return False
        inside = next((node for node in use if isinstance(node, ast.ClassDef)), None)
        if inside is None or any(self.names.classes[name] is inside for name in family):
            return False
        return field.attr in self._classes.told(inside).stored

    def _closer(self, family: list[ast.ClassDef]) -> str | None:
        for node in family:
            for statement in node.body:
                if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) and _ends(statement):
                    return f"{node.name}.{statement.name}"
        return None

    def _lets_go(self, use: tuple[ast.AST, ...], kind: Kind) -> bool:
        """Whether one mention of a field releases it, hands it on, or could."""
        parent, above = use[1], use[2] if len(use) > 2 else None
        match parent:
            case ast.Attribute(attr=name):
                if name in kind.release or name in kind.detach or name in CLOSERS:
                    return True
                if kind.category is Category.PROCESS and name in kind.quiet:
                    return True
                return name in ("values", "items", "pop", "popleft", "popitem", "clear", "copy", "remove", "__exit__")
            case ast.withitem():
                return kind.context is not Context.KEEPS
            case ast.Call(func=callee) if callee is not use[0] and "typing.cast" in self.names.qualified(callee):
                return self._lets_go(use[1:], kind)
            case ast.Call(func=callee) if callee is not use[0]:
                return not (self._looks(callee) or self._borrows(parent, use[0], kind))
            case ast.keyword():
                return not (
                    isinstance(above, ast.Call) and (self._looks(above.func) or self._borrows(above, use[0], kind))
                )
            case ast.Return():
                function = next((n for n in use if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))), None)
                return function is None or function.name not in _ENTERS
            case ast.Subscript():
                return isinstance(getattr(parent, "ctx", None), ast.Del) or parent.value is not use[0]
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp() | ast.If() | ast.While() | ast.IfExp() | ast.Assert():
                return isinstance(parent, (ast.BoolOp, ast.IfExp)) and not _is_test(use)
            case ast.FormattedValue() | ast.Expr() | ast.Call():
                return False
            case ast.Await():
                return True
            case _:
                return True

    def _looks(self, callee: ast.expr) -> bool:
        if isinstance(callee, ast.Name) and callee.id in _LOOKS:
            return True
        return any(
            (name in self.catalogue.borrows or name in self.catalogue.quiets)
            and name not in self.catalogue.releases
            and not any(entry.wraps for entry in self.catalogue.acquires.get(name, ()))
            for name in map(self.catalogue.resolve, self.names.qualified(callee))
        )

    def _borrows(self, call: ast.Call, field: ast.AST, kind: Kind) -> bool:
        """Whether a function of the project only uses the field that it is handed."""
        summary = self.summary(self.names.qualified(call.func))
        if summary is None or any(isinstance(each, ast.Starred) for each in call.args):
            return False
        index = next((i for i, each in enumerate(call.args) if each is field), None)
        keyword = next((each.arg for each in call.keywords if each.value is field), None)
        parameter = summary.parameter(index, keyword)
        return parameter is not None and summary.judge(parameter, kind) is Effect.BORROWS

    def _replaces(self, unit: Unit, store: FieldStore, mentions: _Mentions) -> bool:
        """Whether a method stores over what the constructor acquired, without a look at it before."""
        name = getattr(unit.node, "name", "")
        if name in _CONSTRUCTORS or not any(
            getattr(other.node, "name", "") in _CONSTRUCTORS and other.owner == unit.owner
            and each.attribute == store.attribute and not _conditional(other.node, each.node)
            for other, each, _ in self.stores
        ):  # fmt: skip
            return False
        line = getattr(store.node, "lineno", 0)
        for use in mentions.uses(store.attribute):
            if any(n is unit.node for n in use) and getattr(use[0], "lineno", 0) <= line:
                return False
        for node in walk(unit.node):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.lineno < line:
                base = node.func.value
                if isinstance(base, ast.Name) and base.id == store.owner:
                    return False  # another method of the object may have released it
        return True


def instance_kind(
    qualified: str, node: ast.ClassDef, methods: Mapping[str, FunctionNode], stores: list[tuple[FieldStore, Kind]]
) -> Kind | None:
    """The kind of a class's instances, when its constructor surely acquires and one of its methods releases."""
    closers = [name for name in _PUBLIC_CLOSERS if name in methods]
    ends = [*closers, *(name for name in ("__exit__", "__aexit__") if name in methods)]
    for store, kind in stores:
        if not _owned(kind) or kind.lazy or _conditional(methods["__init__"], store.node):
            continue
        releasing = [name for name in ends if _releases(methods[name], store.attribute, kind)]
        if not releasing:
            continue
        others = [name for name in methods if name[0] != "_" and name not in closers]
        also = [name for name in others if _releases(methods[name], store.attribute, kind)]
        awaited = any(isinstance(methods[name], ast.AsyncFunctionDef) for name in closers or also)
        also = [name for name in also if isinstance(methods[name], ast.AsyncFunctionDef) is awaited]
        return Kind(
            name=qualified,
            label=f"a {node.name}",
            category=Category.HANDLE,
            release=(*closers, *also),
            context=Context.RELEASES if "__exit__" in methods or node.bases else Context.NONE,
            async_context=Context.RELEASES if "__aexit__" in methods or node.bases else Context.NONE,
            types=(qualified,),
            awaited_release=awaited,
            why=f"its constructor acquires `{store.owner}.{store.attribute}`, which `{releasing[0]}` releases",
        )
    return None


_PUBLIC_CLOSERS = ("close", "aclose", "shutdown", "stop", "disconnect", "terminate", "quit")


def _releases(method: FunctionNode, attribute: str, kind: Kind) -> bool:
    return any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr in kind.release
        and isinstance(each.func.value, ast.Attribute)
        and each.func.value.attr == attribute
        for each in walk(method)
    )


def _owned(kind: Kind) -> bool:
    """Kinds that an object has to release; threads end by themselves unless they can be cancelled."""
    if kind.finalizes:
        return False
    if kind.category is Category.WORKER and kind.context is Context.NONE:
        return "cancel" in kind.release
    return kind.category in (Category.HANDLE, Category.WORKER, Category.PROCESS, Category.LEASE)


def _made_from_field(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and "self." in ast.unparse(node.func)


def _ends(method: FunctionNode) -> bool:
    """Whether a method ends its object's life: by its name, and because it can be called without arguments."""
    arguments = method.args
    required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults) - 1
    dunder = method.name in ("__exit__", "__aexit__")
    return method.name in CLOSERS and (dunder or required <= 0)


def _conditional(function: ast.AST, node: ast.AST) -> bool:
    return not any(
        not hasattr(statement, "body") and any(child is node for child in walk(statement))
        for statement in getattr(function, "body", ())
    )


def _is_test(use: tuple[ast.AST, ...]) -> bool:
    """Whether the boolean expression around a mention is only tested."""
    for inner, outer in itertools.pairwise(use):
        if isinstance(outer, (ast.If, ast.While, ast.IfExp)):
            return outer.test is inner
        if isinstance(outer, ast.Assert):
            return True
        if not isinstance(outer, (ast.BoolOp, ast.Compare, ast.UnaryOp)):
            return False
    return False


_Chain: TypeAlias = "tuple[ast.AST, _Chain | None]"
"""A node and the chain of nodes around it."""


def _unrolled(chain: _Chain | None) -> tuple[ast.AST, ...]:
    found: list[ast.AST] = []
    while chain is not None:
        node, chain = chain
        found.append(node)
    return tuple(found)


def _covers(node: ast.AST, lines: Sequence[int]) -> bool:
    """Whether a node stands on one of the lines; a decorator stands above what it decorates."""
    last = getattr(node, "end_lineno", None)
    if last is None or isinstance(node, ast.FormattedValue):
        return True  # it has no place of its own, or (before Python 3.12) a wrong one
    decorators = getattr(node, "decorator_list", ())
    first = min((each.lineno for each in decorators), default=getattr(node, "lineno", 1))
    return bisect_left(lines, first) < bisect_right(lines, last)


@dataclass(frozen=True)
class _Mentions:
    """Where field names are read, each with the chain of nodes around it, innermost first."""

    found: dict[str, list[tuple[ast.AST, ...]]]

    @staticmethod
    def of(source: Source, wanted: set[str]) -> _Mentions:
        """Find every read of one of the attributes in a file."""
        found: dict[str, list[tuple[ast.AST, ...]]] = {name: [] for name in wanted}
        lines = source.calls.read_lines(name.encode() for name in wanted)
        waiting: list[tuple[ast.AST, _Chain | None]] = [(source.tree, None)]
        while waiting:
            node, above = waiting.pop()
            if not _covers(node, lines):
                continue
            chain = (node, above)
            if isinstance(node, ast.Attribute) and node.attr in wanted and isinstance(node.ctx, ast.Load):
                found[node.attr].append(_unrolled(chain))
            waiting += [(child, chain) for child in reversed(children(node))]
        return _Mentions(found)

    def uses(self, attribute: str) -> list[tuple[ast.AST, ...]]:
        """The reads of one attribute."""
        return self.found[attribute]
