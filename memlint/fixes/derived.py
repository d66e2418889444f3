"""What is computed from a resource, and for how long that needs it.

A block ends a resource's life at a certain line.  What was read from it and stands alone may live on; what reads
from it later may not.
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterator

from memlint.catalogue.model import Catalogue, Kind
from memlint.fixes.kinds import CONSUMERS, FACTS, RETURN_WHEN_DONE, TEXTS, VALUES
from memlint.fixes.places import SCOPES, callee
from memlint.source.names import ModuleNames


class Need(enum.IntEnum):
    """How much a value needs the resource."""

    NONE = 0
    """It stands alone: text that was read, a number."""
    UNKNOWN = 1
    """It came from a method or an attribute of which nothing is known."""
    VIEW = 2
    """It reads from the resource later (``csv.reader``), or is the resource."""


class Derived:
    """The names that hold something computed from a resource, as statements are read in order."""

    def __init__(self, resource: str | ast.expr, kind: Kind, catalogue: Catalogue, names: ModuleNames) -> None:
        self.resource = resource
        """The variable that holds it, or the expression that gives it where it has none."""
        self.needs: dict[str, Need] = {resource: Need.VIEW} if isinstance(resource, str) else {}
        self.leaves: dict[Need, ast.AST] = {}
        """For each need, a place at which such a value is returned or stored where it outlives the function."""
        self.handed: ast.AST | None = None
        """A place at which one is given to a callee of which nothing is known."""
        self._kind = kind
        self._catalogue = catalogue
        self._names = names

    def read(self, statement: ast.stmt) -> None:
        """Take in what a statement binds and gives away; twice, for what loops carry back."""
        for _ in range(2):
            for node in _inside(statement):
                self._take(node)

    def mentions(self, node: ast.AST) -> bool:
        """Whether ``node`` reads any of the names."""
        return any(
            each is self.resource
            or (isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load) and each.id in self.needs)
            for each in ast.walk(node)
        )

    def _is_resource(self, node: ast.expr) -> bool:
        return node is self.resource or (isinstance(node, ast.Name) and node.id == self.resource)

    def _take(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, self.need(value), node)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
                self._bind(target, self.need(value), node)
            case ast.NamedExpr(target=target, value=value):
                self._bind(target, self.need(value), node)
            case ast.For(target=target, iter=each) | ast.AsyncFor(target=target, iter=each):
                self._bind(target, self.element(each), node)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                for item in items:
                    need = self.need(item.context_expr)
                    if item.optional_vars is not None:
                        self._bind(item.optional_vars, need, node)
            case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value):
                self._leave(self.need(value), node)
            case ast.Raise(exc=ast.expr() as value) | ast.YieldFrom(value=value):
                self._leave(self.need(value), node)
            case ast.Call():
                self._given(node)

    def _bind(self, target: ast.expr, need: Need, place: ast.AST) -> None:
        if need is Need.NONE:
            return
        for each in ast.walk(target):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                if each.id != self.resource:
                    self.needs[each.id] = max(need, self.needs.get(each.id, Need.NONE))
            elif isinstance(each, (ast.Attribute, ast.Subscript)) and isinstance(each.ctx, ast.Store):
                root = _root(each)
                if isinstance(each, ast.Subscript) and root is not None:
                    self.needs[root] = max(need, self.needs.get(root, Need.NONE))
                else:
                    self._leave(need, place)

    def _leave(self, need: Need, place: ast.AST) -> None:
        if need is not Need.NONE:
            self.leaves.setdefault(need, place)

    def _given(self, call: ast.Call) -> None:
        """What is given to a callee that may keep it: added to a container of ours, or handed to somebody else."""
        values = [*call.args, *(keyword.value for keyword in call.keywords)]
        need = max((self.need(_unstarred(value)) for value in values), default=Need.NONE)
        if need is Need.NONE or self._borrows(call) is not None:
            return
        if any(name.startswith(RETURN_WHEN_DONE) for name in callee(call, self._names)):
            return
        if isinstance(call.func, ast.Attribute):
            root = _root(call.func.value)
            if root is not None and isinstance(call.func.value, ast.Name) and root not in self._names.imports:
                if root not in self.needs:
                    self.needs[root] = need
                return
        if any(self._is_resource(_unstarred(value)) for value in values):
            return  # the analysis knows what becomes of the resource itself
        self.handed = self.handed or call

    def need(self, node: ast.expr) -> Need:
        """How much the value of an expression needs the resource."""
        if node is self.resource:
            return Need.VIEW
        match node:
            case ast.Name(id=name):
                return self.needs.get(name, Need.NONE)
            case ast.Constant() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return Need.NONE
            case ast.Attribute(value=base, attr=attribute):
                return self._member(base, attribute in FACTS)
            case ast.Call():
                return self._call(node)
            case ast.ListComp(elt=elements) | ast.SetComp(elt=elements):
                return self._comprehended(node.generators, elements)
            case ast.DictComp(key=key, value=value):
                return self._comprehended(node.generators, key, value)
            case ast.GeneratorExp(generators=generators):
                return Need.VIEW if any(self.mentions(each) for each in (node.elt, *generators)) else Need.NONE
            case ast.Lambda():
                return Need.VIEW if self.mentions(node) else Need.NONE
            case ast.IfExp(body=body, orelse=orelse):
                return max(self.need(body), self.need(orelse))
            case ast.Subscript(value=base):
                return self.need(base)
            case ast.FormattedValue(value=value):
                return self._written(value)
            case ast.NamedExpr(value=value) | ast.Await(value=value) | ast.Starred(value=value):
                return self.need(value)
        return max((self.need(each) for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)),
                   default=Need.NONE)  # fmt: skip

    def _written(self, value: ast.expr) -> Need:
        """What the text of a value needs: that of the resource nothing, that of a path to it what the path needs."""
        need = self.need(value)
        return Need.NONE if need is Need.VIEW else need

    def element(self, node: ast.expr) -> Need:
        """How much what comes of iterating over a value needs the resource."""
        need = self.need(node)
        if need is Need.VIEW:
            return Need.NONE if self._kind.name in TEXTS else Need.UNKNOWN
        return need

    def _comprehended(self, generators: list[ast.comprehension], *elements: ast.expr) -> Need:
        before = dict(self.needs)
        try:
            for each in generators:
                self._bind(each.target, self.element(each.iter), each)
            return max(self.need(element) for element in elements)
        finally:
            self.needs = before

    def _member(self, base: ast.expr, plain: bool) -> Need:
        need = self.need(base)
        if plain or need is Need.NONE:
            return Need.NONE
        return Need.UNKNOWN

    def _call(self, call: ast.Call) -> Need:
        values = [_unstarred(each) for each in (*call.args, *(keyword.value for keyword in call.keywords))]
        given = max((self.need(value) for value in values), default=Need.NONE)
        own = Need.NONE
        if isinstance(call.func, ast.Attribute):
            own = self._member(call.func.value, call.func.attr in VALUES)
        if given is Need.NONE:
            return own
        return max(own, self._after(call, given))

    def _after(self, call: ast.Call, given: Need) -> Need:
        """What a callee gives that was given something that needs the resource."""
        if isinstance(call.func, ast.Attribute) and call.func.attr == "join" and given is not Need.VIEW:
            return given  # a text made of others, which may name the resource
        view = self._borrows(call)
        if view is not None:
            return Need.VIEW if view else Need.NONE
        return given

    def _borrows(self, call: ast.Call) -> bool | None:
        """Whether a callee is known to borrow, and if so whether its result reads later."""
        for name in callee(call, self._names):
            qualified = self._catalogue.resolve(name)
            if qualified.removeprefix("builtins.") in CONSUMERS and qualified.startswith("builtins."):
                return False
            borrow = self._catalogue.borrows.get(qualified)
            if borrow is not None:
                return borrow.view
        if isinstance(call.func, ast.Attribute) and call.func.attr == "join":
            return False  # of a string: it has read its argument
        return None


def _inside(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement in source order; of nested definitions only that they are there."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, SCOPES):
            waiting[:0] = ast.iter_child_nodes(node)


def _root(node: ast.expr) -> str | None:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _unstarred(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Starred) else node
