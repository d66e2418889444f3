"""Expressions become instructions, in the order in which Python evaluates them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from memlint.cfg.graph import RAISED, RETURNED, Block, TooLarge
from memlint.cfg.instructions import (
    Advance,
    Await,
    Bind,
    Branch,
    Build,
    Call,
    Compare,
    Constant,
    Define,
    Forget,
    GetAttribute,
    GetItem,
    Include,
    Instruction,
    Iterate,
    Jump,
    Load,
    Move,
    Negate,
    Opaque,
    SetAttribute,
    SetItem,
    Slot,
    Terminator,
    Unpack,
    View,
    Yield,
)
from memlint.cfg.scope import free_names

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_EAGER_CONSUMERS = (ast.ListComp, ast.SetComp, ast.DictComp)


class ExpressionBuilder:
    """The lower half of the builder: the open block, fresh places, and every kind of expression."""

    def __init__(self, largest: int) -> None:
        self.blocks: list[Block] = []
        self.largest = largest
        self.landing = RAISED
        self.depth = 0
        self.cleanup = False
        self._temporary = 0
        self._pinned = 0
        self._renamed: dict[str, str] = {}
        self._comprehensions = 0
        for _ in (RETURNED - 1, RETURNED, RAISED):
            self.block = self.new_block()

    # --- blocks and places ---------------------------------------------------------------------------------------

    def new_block(self) -> Block:
        """A new, empty block in the present exception context."""
        if len(self.blocks) >= self.largest:
            raise TooLarge(f"more than {self.largest} blocks")
        block = Block(len(self.blocks), self.landing, self.depth, self.cleanup)
        self.blocks.append(block)
        return block

    def emit(self, instruction: Instruction) -> None:
        """Add an instruction to the open block."""
        self.block.instructions.append(instruction)

    def close(self, end: Terminator) -> None:
        """End the open block; what follows in the source is reachable only through another block."""
        if self.block.end is None:
            self.block.end = end

    def jump(self, target: Block) -> None:
        """End the open block by going to ``target``."""
        self.close(Jump(target.number))

    def temporary(self) -> int:
        """A place that dies at the end of the statement."""
        self._temporary += 1
        return self._temporary

    def pinned(self) -> int:
        """A place that lives until it is forgotten."""
        self._pinned -= 1
        return self._pinned

    # --- expressions ---------------------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Slot:
        """Emit the evaluation of ``node`` and return the place of its value."""
        method = _LOWERING.get(node.__class__)
        if method is None:
            return self._computed(node, ast.iter_child_nodes(node))
        return method(self, node)

    def _computed(self, node: ast.AST, children: Iterable[ast.AST], *, keeps: bool = False) -> int:
        operands = tuple([self.value(child) for child in children if isinstance(child, ast.expr)])
        target = self.temporary()
        self.emit(Opaque(node, target, operands if keeps else ()))
        return target

    def _constant(self, node: ast.Constant) -> int:
        target = self.temporary()
        self.emit(Constant(node, target, node.value))
        return target

    def _name(self, node: ast.Name) -> int:
        target = self.temporary()
        self.emit(Load(node, target, self._renamed.get(node.id, node.id)))
        return target

    def _attribute(self, node: ast.Attribute) -> int:
        base = self.value(node.value)
        target = self.temporary()
        self.emit(GetAttribute(node, target, base, node.attr))
        return target

    def _subscript(self, node: ast.Subscript) -> int:
        base, key = self.value(node.value), self.value(node.slice)
        target = self.temporary()
        self.emit(GetItem(node, target, base, key))
        return target

    def _binop(self, node: ast.BinOp) -> int:
        return self._computed(node, (node.left, node.right), keeps=True)

    def _starred(self, node: ast.Starred) -> Slot:
        return self.value(node.value)

    def _call(self, node: ast.Call) -> int:
        callee = self.value(node.func)
        sole = len(node.args) == 1 and not node.keywords
        arguments: list[tuple[Slot, bool]] = []
        for argument in node.args:
            if sole and isinstance(argument, ast.GeneratorExp):
                arguments.append((self._consumed(argument), False))
            else:
                arguments.append((self.value(argument), isinstance(argument, ast.Starred)))
        keywords = [(keyword.arg, self.value(keyword.value)) for keyword in node.keywords]
        target = self.temporary()
        self.emit(Call(node, target, callee, tuple(arguments), tuple(keywords)))
        return target

    def _await(self, node: ast.Await) -> int:
        source = self.value(node.value)
        target = self.temporary()
        self.emit(Await(node, target, source))
        return target

    def _yield(self, node: ast.Yield) -> int:
        source = None if node.value is None else self.value(node.value)
        target = self.temporary()
        self.emit(Yield(node, target, source))
        return target

    def _yieldfrom(self, node: ast.YieldFrom) -> int:
        source = self.value(node.value)
        target = self.temporary()
        self.emit(Yield(node, target, source, delegated=True))
        return target

    def _tuple(self, node: ast.Tuple | ast.List | ast.Set) -> int:
        items = tuple([(self.value(item), isinstance(item, ast.Starred)) for item in node.elts])
        target = self.temporary()
        shape = {ast.Tuple: "tuple", ast.List: "list", ast.Set: "set"}[type(node)]
        self.emit(Build(node, target, shape, items))  # type: ignore[arg-type]
        return target

    _list = _tuple
    _set = _tuple

    def _dict(self, node: ast.Dict) -> int:
        keys = [(self.value(key), False) for key in node.keys if key is not None]  # it holds them as well
        items = (*keys, *[(self.value(v), k is None) for k, v in zip(node.keys, node.values, strict=True)])
        target = self.temporary()
        self.emit(Build(node, target, "dict", items))
        return target

    def _compare(self, node: ast.Compare) -> int:
        operator = _COMPARISONS.get(type(node.ops[0])) if len(node.ops) == 1 else None
        if operator is None:
            return self._computed(node, (node.left, *node.comparators))
        left, right = self.value(node.left), self.value(node.comparators[0])
        target = self.temporary()
        self.emit(Compare(node, target, operator, left, right))  # type: ignore[arg-type]
        return target

    def _unaryop(self, node: ast.UnaryOp) -> int:
        if not isinstance(node.op, ast.Not):
            return self._computed(node, (node.operand,))
        source = self.value(node.operand)
        target = self.temporary()
        self.emit(Negate(node, target, source))
        return target

    def _boolop(self, node: ast.BoolOp) -> int:
        result, after = self.temporary(), None
        for operand in node.values[:-1]:
            place = self.value(operand)
            self.emit(Move(operand, result, place))
            after = after or self.new_block()
            more = self.new_block()
            on = (more, after) if isinstance(node.op, ast.And) else (after, more)
            self.close(Branch(operand, place, on[0].number, on[1].number))
            self.block = more
        self.emit(Move(node.values[-1], result, self.value(node.values[-1])))
        assert after is not None
        self.jump(after)
        self.block = after
        return result

    def _ifexp(self, node: ast.IfExp) -> int:
        result = self.temporary()
        then, other, after = self.new_block(), self.new_block(), self.new_block()
        self.branch(node.test, then, other)
        for block, branch in ((then, node.body), (other, node.orelse)):
            self.block = block
            self.emit(Move(branch, result, self.value(branch)))
            self.jump(after)
        self.block = after
        return result

    def _namedexpr(self, node: ast.NamedExpr) -> Slot:
        source = self.value(node.value)
        self.assign(node.target, source)
        return source

    def _lambda(self, node: ast.Lambda) -> int:
        for default in (*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)):
            self.value(default)
        return self.define(node)

    def define(self, node: ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
        """Emit the making of a nested function or class."""
        captured = frozenset(self._renamed.get(name, name) for name in free_names(node))
        target = self.temporary()
        self.emit(Define(node, target, captured))
        return target

    # --- comprehensions ------------------------------------------------------------------------------------------

    def _listcomp(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> int:
        container = self.pinned()
        shape = "set" if isinstance(node, ast.SetComp) else "dict" if isinstance(node, ast.DictComp) else "list"
        self.emit(Build(node, container, shape, ()))  # type: ignore[arg-type]
        element = node.value if isinstance(node, ast.DictComp) else node.elt
        outside = dict(self._renamed)
        self._turns(node, list(node.generators), element, container)
        self._renamed = outside
        target = self.temporary()
        self.emit(Move(node, target, container))
        self.emit(Forget(node, container))
        return target

    _setcomp = _listcomp
    _dictcomp = _listcomp
    _consumed = _listcomp

    def _turns(self, node: ast.AST, generators: list[ast.comprehension], element: ast.expr, container: int) -> None:
        if not generators:
            self.emit(Include(node, container, self.value(element)))
            return
        first, rest = generators[0], generators[1:]
        iterator = self.pinned()
        self.emit(Iterate(first.iter, iterator, self.value(first.iter), bool(first.is_async)))
        self._comprehensions += 1
        for name in ast.walk(first.target):
            if isinstance(name, ast.Name):
                self._renamed[name.id] = f"{name.id}#{self._comprehensions}"
        head, body, done = self.new_block(), self.new_block(), self.new_block()
        self.jump(head)
        item = self.temporary()
        head.end = Advance(first.iter, iterator, item, body.number, done.number, bool(first.is_async))
        self.block = body
        self.assign(first.target, item)
        for test in first.ifs:
            kept = self.new_block()
            self.branch(test, kept, head)
            self.block = kept
        self._turns(node, rest, element, container)
        self.jump(head)
        self.block = done
        self.emit(Forget(node, iterator))

    def _generatorexp(self, node: ast.GeneratorExp) -> int:
        source = self.value(node.generators[0].iter)
        target = self.temporary()
        self.emit(View(node, target, source))
        return target

    # --- tests and targets ---------------------------------------------------------------------------------------

    def branch(self, test: ast.expr, true: Block, false: Block) -> None:
        """End the open block by a test, one branch an atomic condition."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.branch(operand, false, true)
            case ast.BoolOp(op=operator, values=values):
                for operand in values[:-1]:
                    more = self.new_block()
                    if isinstance(operator, ast.And):
                        self.branch(operand, more, false)
                    else:
                        self.branch(operand, true, more)
                    self.block = more
                self.branch(values[-1], true, false)
            case _:
                place = self.value(test)
                self.close(Branch(test, place, true.number, false.number))

    def assign(self, target: ast.expr, source: Slot) -> None:
        """Emit the binding of one assignment target."""
        match target:
            case ast.Name(id=name):
                self.emit(Bind(target, self._renamed.get(name, name), source))
            case ast.Attribute(value=base, attr=attribute):
                self.emit(SetAttribute(target, self.value(base), attribute, source))
            case ast.Subscript(value=base, slice=key):
                place = self.value(base)
                self.emit(SetItem(target, place, self.value(key), source))
            case ast.Starred(value=inner):
                self.assign(inner, source)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self._unpack(target, targets, source)
            case _:
                raise AssertionError(f"not an assignment target: {type(target).__name__}")

    def _unpack(self, node: ast.expr, targets: Sequence[ast.expr], source: Slot) -> None:
        starred = next((i for i, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
        places = tuple([self.temporary() for _ in targets])
        self.emit(Unpack(node, source, places, starred))
        for target, place in zip(targets, places, strict=True):
            self.assign(target, place)


_LOWERING: dict[type[ast.AST], Callable[[ExpressionBuilder, Any], Slot]] = {
    kind: getattr(ExpressionBuilder, f"_{kind.__name__.lower()}")
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.expr) and hasattr(ExpressionBuilder, f"_{kind.__name__.lower()}")
}
"""The method for each kind of expression; what has none is computed from its parts."""
