"""A call that acquires: by which entry, under which conditions, and what it gives."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from memlint.catalogue.model import Acquire, Category, Condition
from memlint.flow import late
from memlint.flow.handing import Handing
from memlint.flow.state import Status
from memlint.flow.values import NONE, UNKNOWN, Handle, Literal, Pending, Result, Symbol, Value
from memlint.flow.wording import call_text
from memlint.source.walk import statements, walk

_MEMORY = frozenset({"io.BytesIO", "io.StringIO"})


@dataclass(slots=True)
class Acquiring(Handing):
    """The middle of a call."""

    def acquirer(self, names: tuple[str, ...]) -> Acquire | None:
        """The entry by which one of the names acquires with these arguments."""
        catalogue = self.m.world.catalogue
        for name in names:
            for entry in catalogue.acquires.get(catalogue.resolve(name), ()):
                if self.m.mocked and entry.call == "builtins.open":
                    continue
                if entry.receiver or self.applies(entry):
                    return entry
        return None

    def applies(self, entry: Acquire) -> bool:
        """Whether the conditions of an entry hold for these arguments."""
        if not all(self.holds(condition, unknown=False) for condition in entry.when):
            return False
        return not any(self.holds(condition, unknown=True) for condition in entry.unless)

    def holds(self, condition: Condition, *, unknown: bool) -> bool:
        """Whether one condition holds; ``unknown`` is the answer for a value that is not a constant."""
        value = self.arguments.find(condition.argument, condition.position)
        if value is None:
            return False
        if not condition.values:
            return value != NONE
        if isinstance(value, Literal):
            return any(Literal.of(each) == value for each in condition.values)
        return unknown

    def acquired(self, entry: Acquire) -> Value:
        """The call acquires; until it has returned, what it wraps still belongs to the caller."""
        m, state, node = self.m, self.state, self.i.node
        wrapped = [value for value in self.arguments.select(entry.wraps) if not self.are_paths(value)]
        owing = [h for value in wrapped for h in state.handles(value) if state.status.get(h) is Status.HELD]
        kind = m.world.catalogue.kinds[entry.kind]
        makes = kind.category in (Category.WORKER, Category.TASK, Category.LOCK)
        if not makes and not owing:  # wrapping what is open at once is believed to succeed
            self.raises(acquiring=entry)
        if owing and set(owing) <= self.managed():
            return Result(Symbol(m.world.catalogue.result_types((entry.call,)) or (entry.call,)))
        if self.in_memory():
            return Result(Symbol(m.world.catalogue.result_types((entry.call,)) or (entry.call,)))
        name = _path(node.args[0]) if m.asked and node.args and entry.call == "builtins.open" else None
        if name is not None and name in m.asked:
            state.facts[name] = True  # what has been opened by a name had one
        for value in wrapped:
            m.transfer(state, value, node, f"wrapped by `{call_text(node)}`")
        self.lend((entry.call,))
        if entry.passive and not owing:
            return UNKNOWN
        made = self.made(entry)
        late.wrapped(m, made, owing)
        return made

    def in_memory(self) -> bool:
        """Whether what is opened lies in memory, or in a stream that a block opened: an archive there holds nothing."""
        for argument, position in (("file", 0), ("fileobj", None)):
            match self.arguments.find(argument, position):
                case Result(of=Symbol(names)) if _MEMORY & set(names):
                    return True
        first = self.i.node.args[0] if self.i.node.args else None
        if self.m.streams is None and isinstance(first, ast.Name):
            self.m.streams = _streams_of_blocks(self.m.graph.node)
        return isinstance(first, ast.Name) and first.id in (self.m.streams or ())

    def managed(self) -> set[Handle]:
        """Resources that an open ``with`` will release: a wrapper around one owes nothing of its own."""
        return {v for place, v in self.state.slots.items() if place < 0 and isinstance(v, Handle)}

    def made(self, entry: Acquire) -> Value:
        """What an acquiring call gives, now or once it is awaited."""
        receiver = None
        if entry.receiver and isinstance(self.i.node.func, ast.Attribute):
            receiver = _path(self.i.node.func.value)
        if entry.awaited:
            self.m.pending.append((entry, self.i.node, receiver))
            return Pending(len(self.m.pending) - 1)
        return self.m.result(self.state, entry, self.i.node, receiver)

    def lend(self, names: tuple[str, ...]) -> None:
        """Arguments that the callee is known to borrow stay; the others have another owner now."""
        if not self.arguments.telling:
            return
        catalogue = self.m.world.catalogue
        lent: list[Value] = []
        for name in names:
            borrow = catalogue.borrows.get(catalogue.resolve(name))
            if borrow is not None:
                lent += self.arguments.select(borrow.arguments)
        for value, _, _ in self.arguments.every():
            if not any(value is each for each in lent) and not self.are_paths(value):
                self.m.transfer(self.state, value, self.i.node, f"handed to `{call_text(self.i.node)}`")


def _path(node: ast.expr) -> str | None:
    """The dotted path of a receiver, when it is one."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=base, attr=attribute):
            head = _path(base)
            return None if head is None else f"{head}.{attribute}"
        case _:
            return None


def _streams_of_blocks(function: ast.AST) -> frozenset[str]:
    """The names that a block gives to what a callee opened, whatever library that is of: ``with store.open() as f``."""
    return frozenset(
        item.optional_vars.id
        for node in statements([function])
        if isinstance(node, (ast.With, ast.AsyncWith))
        for item in node.items
        if isinstance(item.optional_vars, ast.Name) and any(map(_opens, walk(item.context_expr)))
    )


def _opens(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and "open" in (
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    )
