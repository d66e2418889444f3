"""A function's syntax becomes its control-flow graph."""

from __future__ import annotations

import ast

from memlint.cfg.graph import RETURNED, CodeNode, FunctionNode, Graph
from memlint.cfg.instructions import (
    Advance,
    Bind,
    Choose,
    EndStatement,
    Forget,
    Import,
    Include,
    Iterate,
    Leave,
    Opaque,
    Raise,
    SetReturn,
    Unbind,
)
from memlint.cfg.protected import Loop, ProtectedBuilder
from memlint.cfg.scope import scope_of
from memlint.source.names import imported

LARGEST = 4000
"""Blocks a function may have; the largest in the standard library has some 900."""


def build(node: CodeNode, *, package: str = "", only: list[ast.stmt] | None = None, largest: int = LARGEST) -> Graph:
    """The graph of ``node``.

    ``package`` is what relative imports are relative to.  ``only`` restricts a module to some of its top
    statements (those that hold something), for a module's other statements cost time and tell nothing.

    Raises :class:`memlint.cfg.graph.TooLarge` when the bound on blocks is passed.
    """
    return StatementBuilder(package, largest).graph(node, only)


class StatementBuilder(ProtectedBuilder):
    """The upper half of the builder: every kind of statement."""

    def __init__(self, package: str, largest: int) -> None:
        super().__init__(largest)
        self._package = package

    def graph(self, node: CodeNode, only: list[ast.stmt] | None) -> Graph:
        """Lower the whole of ``node``."""
        self.blocks[1].end = Leave(raised=False)
        self.blocks[2].end = Leave(raised=True)
        self.block = self.blocks[0]
        if isinstance(node, ast.Lambda):
            self.emit(SetReturn(node.body, self.value(node.body)))
        else:
            self.statements(node.body if only is None else only)
        self.jump(self.blocks[RETURNED])
        scope = scope_of(node)
        return Graph(
            node=node,
            blocks=self.blocks,
            parameters=scope.parameters,
            locals=frozenset(scope.bound),
            outer=frozenset(scope.outer),
            captured=frozenset(scope.captured & scope.bound),
            generator=scope.generator,
            asynchronous=isinstance(node, ast.AsyncFunctionDef),
            loops=tuple(self.loops),
        )

    def statements(self, body: list[ast.stmt]) -> None:
        """Emit statements until control surely leaves."""
        for statement in body:
            if self.block.end is not None:
                return
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Expr(value=value):
                self.value(value)
                self.emit(EndStatement(node))
            case ast.Assign(targets=targets, value=value):
                source = self.value(value)
                for target in targets:
                    self.assign(target, source)
                self.emit(EndStatement(node))
            case ast.AnnAssign(target=target, value=annotated):
                if annotated is not None:
                    self.assign(target, self.value(annotated))
                    self.emit(EndStatement(node))
            case ast.AugAssign():
                self._augmented(node)
            case ast.Return(value=returned):
                self.emit(SetReturn(node, None if returned is None else self.value(returned)))
                self.unwind(0, "return", self.blocks[RETURNED])
            case ast.Raise(exc=raised):
                self._raise(node, raised)
            case ast.If(test=test, body=body, orelse=orelse):
                self._if(test, body, orelse)
            case ast.While():
                self._while(node)
            case ast.For() | ast.AsyncFor():
                self._for(node)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                self.with_items(node, items)
            case ast.Try() | ast.TryStar():
                self.try_statement(node)
            case ast.Match():
                self._match(node)
            case ast.Break() | ast.Continue():
                self._leave_loop(node)
            case ast.Assert(test=test):
                self._assert(node, test)
            case ast.Delete(targets=targets):
                for target in targets:
                    self._delete(target)
                self.emit(EndStatement(node))
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._definition(node)
            case _:
                pass  # global, nonlocal, pass and type aliases have no effect on values

    def _augmented(self, node: ast.AugAssign) -> None:
        source = self.value(node.value)
        if isinstance(node.target, ast.Name):
            held = self.value(ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target))
            if isinstance(node.op, (ast.Add, ast.BitOr)):
                self.emit(Include(node, held, source))
            result = self.temporary()
            self.emit(Opaque(node, result, (held,)))
            self.emit(Bind(node.target, node.target.id, result))
        else:
            self.assign(node.target, source)
        self.emit(EndStatement(node))

    def _raise(self, node: ast.Raise, raised: ast.expr | None) -> None:
        source = None if raised is None else self.value(raised)
        if node.cause is not None:
            self.value(node.cause)
        classes = raised.func if isinstance(raised, ast.Call) else raised
        self.close(Raise(node, source, classes))

    def _if(self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        then, after = self.new_block(), self.new_block()
        other = self.new_block() if orelse else after
        self.branch(test, then, other)
        self.block = then
        self.emit(EndStatement(test))
        self.statements(body)
        self.jump(after)
        if orelse:
            self.block = other
            self.emit(EndStatement(test))
            self.statements(orelse)
            self.jump(after)
        self.block = after
        self.emit(EndStatement(test))

    def _while(self, node: ast.While) -> None:
        head, body, after = self.new_block(), self.new_block(), self.new_block()
        done = self.new_block() if node.orelse else after
        self.jump(head)
        self.block = head
        self.branch(node.test, body, done)
        self.block = body
        self.emit(EndStatement(node.test))
        self.open.append(Loop(after, head))
        self.statements(node.body)
        self.open.pop()
        self.loops.append((head.number, len(self.blocks) - 1))
        self.jump(head)
        if node.orelse:
            self.block = done
            self.statements(node.orelse)
            self.jump(after)
        self.block = after
        self.emit(EndStatement(node.test))

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        asynchronous = isinstance(node, ast.AsyncFor)
        iterator, item = self.pinned(), self.temporary()
        self.emit(Iterate(node.iter, iterator, self.value(node.iter), asynchronous))
        self.emit(EndStatement(node.iter))
        head, body, done, broken = (self.new_block() for _ in range(4))
        after = self.new_block()
        self.jump(head)
        head.end = Advance(node.iter, iterator, item, body.number, done.number, asynchronous)
        self.block = body
        self.assign(node.target, item)
        self.emit(EndStatement(node.target))
        self.open.append(Loop(broken, head))
        self.statements(node.body)
        self.open.pop()
        self.loops.append((head.number, len(self.blocks) - 1))
        self.jump(head)
        self.block = done
        self.emit(Forget(node.iter, iterator))
        self.statements(node.orelse)
        self.jump(after)
        self.block = broken
        self.emit(Forget(node.iter, iterator))
        self.jump(after)
        self.block = after

    def _leave_loop(self, node: ast.Break | ast.Continue) -> None:
        index = max((i for i, each in enumerate(self.open) if isinstance(each, Loop)), default=None)
        if index is None:
            return  # outside a loop: Python itself refuses to compile it
        loop = self.open[index]
        assert isinstance(loop, Loop)
        target = loop.after if isinstance(node, ast.Break) else loop.head
        self.unwind(index + 1, target.number, target)

    def _match(self, node: ast.Match) -> None:
        self.value(node.subject)
        self.emit(EndStatement(node.subject))
        after = self.new_block()
        for case in node.cases:
            taken, missed = self.new_block(), self.new_block()
            certain = case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
            self.close(Choose(case.pattern, (taken.number,) if certain else (taken.number, missed.number)))
            self.block = taken
            for name in _captures(case.pattern):
                place = self.temporary()
                self.emit(Opaque(case.pattern, place))
                self.emit(Bind(case.pattern, name, place))
            if case.guard is not None:
                allowed = self.new_block()
                self.branch(case.guard, allowed, missed)
                self.block = allowed
            self.emit(EndStatement(case.pattern))
            self.statements(case.body)
            self.jump(after)
            self.block = missed
        self.jump(after)
        self.block = after

    def _assert(self, node: ast.Assert, test: ast.expr) -> None:
        held, failed = self.new_block(), self.new_block()
        self.branch(test, held, failed)
        self.block = failed
        self.close(Raise(node, None, ast.copy_location(ast.Name("AssertionError", ast.Load()), node)))
        self.block = held
        self.emit(EndStatement(node))

    def _delete(self, target: ast.expr) -> None:
        match target:
            case ast.Name(id=name):
                self.emit(Unbind(target, name))
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for each in targets:
                    self._delete(each)
            case ast.Attribute(value=base) | ast.Subscript(value=base):
                self.value(base)
            case _:
                pass

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for name, qualified in imported(node, self._package):
            self.emit(Import(node, name, qualified))

    def _definition(self, node: FunctionNode | ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self.value(decorator)
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                self.value(base)
        else:
            for default in (*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)):
                self.value(default)
        self.emit(Bind(node, node.name, self.define(node)))
        self.emit(EndStatement(node))


def _captures(pattern: ast.pattern) -> list[str]:
    names = []
    for node in ast.walk(pattern):
        name = getattr(node, "rest", None) if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
        if isinstance(name, str):
            names.append(name)
    return names
