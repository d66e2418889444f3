"""What a call does: acquire, release, borrow, take over, wrap, raise, never return.

The order of questions is the order of certainty: a method of a resource that is followed; a method of a local
container; a callee that the catalogue or the project knows; a method name with a believable receiver; and last
the unknown callee, which takes what it is given (with ``strict``: borrows it).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from memlint.catalogue.model import Category, Context
from memlint.cfg import instructions as ir
from memlint.flow import late
from memlint.flow.acquiring import Acquiring
from memlint.flow.arguments import Arguments
from memlint.flow.callees import CONTAINERS, PARTIAL, SAME, SAME_PATH, Callee, believed
from memlint.flow.exceptions import Flight, operating
from memlint.flow.handing import ENTERING
from memlint.flow.leeway import in_while
from memlint.flow.machine import Machine
from memlint.flow.raising import QUIET_ON_RESOURCES, RaiseLevel
from memlint.flow.sites import ExitKind
from memlint.flow.state import State
from memlint.flow.summaries import Effect, Summary
from memlint.flow.values import (
    UNKNOWN,
    Bag,
    Closing,
    Element,
    Function,
    Handle,
    Method,
    Pair,
    Path,
    Result,
    Running,
    Suppressor,
    Symbol,
    Taken,
    Value,
    View,
    container_number,
)
from memlint.flow.wording import call_text, last_word
from memlint.source.walk import statements

_ADDS = frozenset({"append", "appendleft", "add", "insert", "extend", "update", "put", "put_nowait", "setdefault"})
_TAKES_OUT = frozenset({"pop", "popleft", "popitem", "get", "get_nowait"})
_OF_CONTAINERS = _ADDS | _TAKES_OUT | {"values", "items", "copy", "keys", "__iter__"}


def call(m: Machine, i: ir.Call, state: State) -> bool:
    """Execute one call; False when it never returns."""
    callee = state.slots.get(i.callee, UNKNOWN)
    arguments = Arguments.of(i, state.slots)
    if m.building and any(value == Path(m.receiver or "") for value, _, _ in arguments.every()):
        m.transfer_fields(state, i.node, f"handed on with the object by `{call_text(i.node)}`")
    for handed, _, _ in arguments.every() if arguments.telling else ():
        match handed:
            case Method(Handle() as handle, name) if name in m.kind(handle).release:
                m.reclaim(state, handle)  # callback(f.close): released here, if later
            case Taken(handle):  # wait_for(lock.acquire(), 5): whether it is held is told by the callee
                m.transfer(state, handle, i.node, f"handed to `{call_text(i.node)}`")
    one = _Call(m, i, state, arguments)
    value = one.dispatch(callee)
    if value is None:
        return False
    state.set(i.target, value)
    return True


@dataclass(slots=True)
class _Call(Acquiring):
    """The upper half: which kind of call it is, and what that does."""

    # --- which kind of call --------------------------------------------------------------------------------------

    def dispatch(self, callee: Value) -> Value | None:
        match callee:
            case Symbol(names):
                return self.on_symbol(names, names[0].rpartition(".")[2])
            case Path(text) if "." in text:
                return self.on_path(text)
            case Path(text) if text == self.m.maker and self.m.owner is not None:  # a class method builds its class
                return self.on_symbol((self.m.owner,), self.m.owner.rpartition(".")[2])
            case Method(base, name):
                return self.on_method(base, name)
            case Function(asynchronous=True):
                self.give_away(f"handed to `{call_text(self.i.node)}`")
                return UNKNOWN
            case Function(line, column):
                return self.nested(line, column)
            case _:
                return self.unknown(last_word(self.i.node.func))

    def on_method(self, base: Value, name: str) -> Value | None:
        """A method of something that is followed."""
        match base:
            case Handle():
                return self.on_resource(base, name)
            case Bag() if name in _OF_CONTAINERS:
                return self.on_container(base, name)
            case Bag() | Element() | Pair():
                return self.on_several(base, name)
            case Result(of=symbol):
                return self.on_symbol(self.m.meaning.member(symbol, name).names, name)
            case _:
                return self.unknown(last_word(self.i.node.func))

    def nested(self, line: int, column: int) -> Value:
        """A function that stands inside this one; what it does with its arguments is not followed."""
        for each in statements([self.m.graph.node]):
            if isinstance(each, ast.FunctionDef) and (each.lineno, each.col_offset) == (line, column):
                strict = self.m.world.strict or self.m.world.level is RaiseLevel.STRICT
                if strict or not self.m.world.harmless(each):
                    break
                self.give_away(f"handed to `{call_text(self.i.node)}`")
                return UNKNOWN
        return self.unknown(last_word(self.i.node.func))

    def on_resource(self, handle: Handle, name: str) -> Value | None:
        """A method of a resource."""
        m, state, node = self.m, self.state, self.i.node
        site = m.records[handle.site].site
        kind = site.kind
        if name == "poll" and kind.category is Category.PROCESS and in_while(m.graph.node, node):
            m.transfer(state, handle, node, "watched by `poll()`")
        if name == "poll" and kind.category is Category.PROCESS:
            return Method(handle, "returncode")
        if name in kind.release and kind.awaited_release:
            return Closing(handle)
        late.called(m, state, handle, node, name)
        if name in kind.release or name in ("__exit__", "__aexit__"):
            if kind.category is Category.PROCESS:
                self.times_out()
            late.released(m, state, handle, node)
            if name in kind.release or kind.context is not Context.KEEPS:
                m.release(state, handle, node)
            if name not in kind.quiet:
                self.raises()
            return UNKNOWN
        if name in ("__enter__", "__aenter__", "__index__", "__iter__"):
            return handle
        if name in kind.detach:
            m.transfer(state, handle, node, f"detached by `{name}()`")
            return UNKNOWN
        if name in ENTERING:
            return self.enter_in_stack()
        if kind.category is Category.TASK:
            m.transfer(state, handle, node, f"watched by `{name}()`")
        if kind.category is Category.PROCESS and name in ("kill", "terminate") and (state.handling or m.cleaning_up):
            m.transfer(state, handle, node, f"ended by `{name}()`")
        self.give_away(f"handed to `{call_text(node)}`")
        starts = name == "start"  # what does not start owes nothing
        if not starts and name not in kind.quiet and name not in QUIET_ON_RESOURCES and not name.startswith("is_"):
            self.raises(classes=operating(kind) if kind.category is Category.HANDLE else None)
            state.idle -= {handle}
        if name == "is_alive":
            return Running(handle)
        qualified = tuple(f"{t}.{name}" for t in self.types(handle))
        entry = self.acquirer(qualified)
        if entry is not None and m.world.catalogue.kinds[entry.kind].child:
            return Result(Symbol(m.world.catalogue.kinds[entry.kind].types))  # it ends with this resource
        if entry is not None:
            return self.made(entry)
        return self.returned(qualified) or UNKNOWN

    def returned(self, names: tuple[str, ...]) -> Value | None:
        """A result that is known by class only."""
        catalogue = self.m.world.catalogue
        for name in names:
            known = catalogue.returns.get(catalogue.resolve(name))
            if known is not None:
                return Result(Symbol((known.type,)))
        return None

    def types(self, handle: Handle) -> tuple[str, ...]:
        """The classes that a resource may be of."""
        site = self.m.records[handle.site].site
        if site.entry is None:
            return site.kind.types
        return (site.entry.type or site.entry.call, *site.kind.types)

    def on_several(self, several: Value, name: str) -> Value | None:
        """A method of some element of a container: releasing one stands for releasing all, as loops do."""
        if name == "is_alive":
            return Running(several)
        for handle in sorted(self.state.handles(several), key=lambda h: (h.site, h.older)):
            kind = self.m.kind(handle)
            if name in kind.release:
                self.m.release(self.state, several, self.i.node)
                return UNKNOWN
            if name in kind.detach:
                self.m.transfer(self.state, several, self.i.node, f"detached by `{name}()`")
        if name == "start":
            return UNKNOWN  # as for one: what does not start owes nothing
        return self.unknown(name)

    def on_container(self, bag: Bag, name: str) -> Value | None:
        """A method of a container made in this function."""
        if name in _ADDS:
            for value, _, _ in self.arguments.every():
                self.m.include(self.state, bag, value)
            return UNKNOWN
        return Element(bag.number) if name in _TAKES_OUT else bag

    def on_path(self, text: str) -> Value | None:
        """A method of something unknown: only its name and its receiver's name speak."""
        receiver, _, name = text.rpartition(".")
        if name in _ADDS:
            owner, _, attribute = receiver.rpartition(".")
            for value, _, _ in self.arguments.every():
                self.m.keep(self.state, owner, attribute, value, self.i.node, container=True)
        self.own_fields(receiver)
        summary = self.own_method(receiver, name)
        if summary is not None:
            return self.by_summary(summary, name)
        for entry in self.m.world.catalogue.methods.get(name, ()):
            if believed(receiver, entry.receivers) and (entry.receiver or self.applies(entry)):
                return self.acquired(entry)
        return self.unknown(name, receiver=receiver)

    def own_fields(self, receiver: str) -> None:
        """A method of this object called while cleaning up may release every field."""
        if receiver == self.m.receiver and (self.state.handling or self.m.cleaning_up):
            self.m.transfer_fields(self.state, self.i.node, f"left to `{call_text(self.i.node)}`")

    def own_method(self, receiver: str, name: str) -> Summary | None:
        """The method of this function's own class that ``self.name`` or ``cls.name`` means."""
        if self.m.owner is None or not receiver or receiver not in (self.m.receiver, self.m.maker):
            return None
        return self.m.meaning.summary((f"{self.m.owner}.{name}",))

    # --- known callees -------------------------------------------------------------------------------------------

    def on_symbol(self, names: tuple[str, ...], word: str) -> Value | None:
        """A callee whose qualified name is known."""
        callee = self.m.world.callee(names, word)
        if callee.listed:
            return self.on_listed(names, word, callee)
        summary = self.m.meaning.summary(names)
        return self.by_name(word, callee) if summary is None else self.by_summary(summary, word, callee.through)

    def by_name(self, word: str, callee: Callee) -> Value | None:
        """A callee of which no more is known than its name."""
        for entry in callee.methods:
            if self.applies(entry):
                return self.acquired(entry)
        return self.unknown(word, callee.result, receiver=callee.through)

    def on_listed(self, names: tuple[str, ...], word: str, callee: Callee) -> Value | None:
        """A callee that the catalogue knows."""
        catalogue, m, state, node = self.m.world.catalogue, self.m, self.state, self.i.node
        resolved = callee.resolved
        if any(name in CONTAINERS for name in resolved):
            self.exhaust()
            return self.container()
        if PARTIAL in resolved:
            self.give_away_rest()
            return self.container(Handle)  # it holds what it will hand on when it is called
        if any(name in SAME for name in resolved) and isinstance(self.arguments.find(0), Handle):
            return self.arguments.find(0)
        if any(name in SAME_PATH for name in resolved) and (path := self.arguments.find(0)) and self.are_paths(path):
            return path
        if "typing.cast" in resolved and self.arguments.find(1) is not None:
            return self.arguments.find(1)
        for name in resolved:
            if name in catalogue.noreturns:
                raised = catalogue.noreturns[name].raises
                if raised is not None:
                    m.throw(state, Flight(ExitKind.RAISE, (raised,), node, f"`{call_text(node)}`"))
                return None
            if name in catalogue.releases and (value := self.by_release(name)) is not None:
                return value
        summary = m.meaning.summary(names)
        if summary is not None:
            return self.by_summary(summary, word, callee.through)
        entry = self.acquirer(names)
        if entry is not None:
            return self.acquired(entry)
        for name in resolved:
            if name in catalogue.borrows:
                return self.borrowed(name, resolved)
            if name in catalogue.transfers:
                entry_ = catalogue.transfers[name]
                for value in self.arguments.select(entry_.arguments):
                    m.transfer(state, value, node, f"handed to `{call_text(node)}`")
                self.give_away_rest()
                if word in ENTERING and (entered := self.arguments.find(0)) is not None:
                    return entered
                return Result(Symbol(resolved))
            if name in catalogue.suppresses:
                return self.suppressor(name)
            if name in catalogue.quiets and not any(
                self.holds(each, unknown=True) for each in catalogue.quiets[name].unless
            ):
                return self.quiet(resolved)
        if any(name in catalogue.acquires for name in resolved):
            self.raises()  # known, but not acquiring with these arguments
            self.lend(resolved)
            return callee.result
        return self.by_name(word, callee)

    def exhaust(self) -> None:
        """What is iterated to its end here may release itself (``list(os.scandir(p))``)."""
        for value, _, _ in self.arguments.every():
            if isinstance(value, Handle) and self.m.kind(value).exhausted:
                self.m.release(self.state, value, self.i.node)

    def container(self, *more: type[Value]) -> Value:
        """``list(...)`` and its like make a container that owns what the arguments reach."""
        bag = Bag(container_number(self.i.node))
        self.state.bags.pop(bag.number, None)
        for value, _, _ in self.arguments.every():
            if isinstance(value, (Bag, Element, Pair, *more)):
                self.m.include(self.state, bag, value)
        return bag

    def by_release(self, name: str) -> Value | None:
        """A function that releases its arguments."""
        for entry in self.m.world.catalogue.releases[name]:
            values = self.arguments.select(entry.arguments)
            for value in values:
                kinds = {self.m.kind(handle).name for handle in self.state.handles(value)}
                if kinds and (not entry.kinds or kinds <= set(entry.kinds)):
                    late.released(self.m, self.state, value, self.i.node)
                    self.m.release(self.state, value, self.i.node)
        quiet = name in self.m.world.catalogue.quiets
        if not quiet:
            self.raises()
        self.give_away_rest()
        return Result(Symbol((name,))) if quiet else UNKNOWN

    def borrowed(self, name: str, resolved: tuple[str, ...]) -> Value:
        """A function that uses its arguments and leaves them to the caller."""
        entry = self.m.world.catalogue.borrows[name]
        lent = self.arguments.select(entry.arguments)
        first = self.arguments.find(0)
        quiet = any(each in self.m.world.catalogue.quiets for each in resolved)
        looks = quiet and name.startswith("builtins.")  # hasattr(f, "name")
        if isinstance(first, Handle) and first in lent and not looks:
            late.called(self.m, self.state, first, self.i.node, late.ANYTHING)
        if not quiet:
            self.raises()
        self.lend((name,))
        if entry.view:
            for value in lent:
                if isinstance(value, (Handle, View)):
                    return View(value)
                if isinstance(value, (Bag, Element)):
                    return value
        return self.returned(resolved) or Result(Symbol(resolved))

    def quiet(self, resolved: tuple[str, ...]) -> Value:
        """A function that cannot realistically raise; such functions only look at what they are given."""
        if self.m.world.level is RaiseLevel.STRICT:
            self.raises()
        self.give_away_rest()
        return self.returned(resolved) or Result(Symbol(resolved))

    def suppressor(self, name: str) -> Value:
        """A context manager that swallows exceptions."""
        entry = self.m.world.catalogue.suppresses[name]
        if entry.exceptions:
            return Suppressor(entry.exceptions)
        named = [value.names[0] for value, _, _ in self.arguments.every() if isinstance(value, Symbol)]
        for value, _, _ in self.arguments.every():
            if isinstance(value, Pair):
                named += [item.names[0] for item in value.items if isinstance(item, Symbol)]
        return Suppressor(tuple(named))

    def by_summary(self, summary: Summary, word: str, receiver: str = "") -> Value | None:
        """A function of the project, by what is known of its body."""
        m, state, node = self.m, self.state, self.i.node
        if summary.more is not None and any(self.asks(value) for value, _, _ in self.arguments.every()):
            summary = summary.more() or summary
        view: Value | None = None
        effects = [
            (value, self.effect(summary, value, summary.parameter(index, keyword)))
            for value, index, keyword in self.arguments.every()
        ]
        for value, effect in effects:
            if effect is Effect.RELEASES:
                m.release(state, value, node)
            elif effect is Effect.TAKES and not (isinstance(value, Bag) and self.are_paths(value)):
                m.transfer(state, value, node, f"handed to `{call_text(node)}`")
            elif effect in (Effect.LENDS, Effect.TAKES):
                self.give_one_away(value, f"handed to `{call_text(node)}`")
        quiet = summary.asynchronous or self.is_quiet_method(word, receiver) or self.takes_one_end(word)
        if not quiet and not (state.status and m.world.level is not RaiseLevel.STRICT and summary.harmless()):
            self.raises(making=self.names_class(word) and not summary.gives)
        for value, effect in effects:
            if effect is Effect.RELEASES_UNLESS_RAISED:
                m.release(state, value, node)
            elif effect is Effect.RETURNS and state.handles(value):
                view = value
            elif effect is Effect.VIEWS and isinstance(value, (Handle, View)):
                view = View(value)
        if not summary.returns:
            m.throw(state, Flight(ExitKind.RAISE, None, node, f"`{call_text(node)}`"))
            return None
        if summary.gives and not summary.manager:
            return m.given(state, summary.gives, node)
        return view if view is not None else UNKNOWN

    def asks(self, value: Value) -> bool:
        """Whether it matters what a function does with an argument."""
        reached = value.of if isinstance(value, View) else value
        return isinstance(value, (Handle, View, Element)) and bool(self.state.handles(reached))

    def effect(self, summary: Summary, value: Value, parameter: str | None) -> Effect:
        """What a function of the project does to one argument."""
        if parameter is None or not self.asks(value):
            return Effect.TAKES
        reached = value.of if isinstance(value, View) else value
        kind = self.m.kind(next(iter(self.state.handles(reached))))
        effect = summary.judge(parameter, kind)
        if effect is Effect.BORROWS and kind.category is Category.TASK:
            return Effect.TAKES  # a callee that looks at a task has seen how it ended
        return effect
