"""What each instruction does to a state."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from memlint.catalogue.model import Category, Context
from memlint.cfg import instructions as ir
from memlint.cfg.graph import Block
from memlint.findings import StepKind
from memlint.flow import late
from memlint.flow.bodies import only_uses
from memlint.flow.calls import call
from memlint.flow.machine import Machine
from memlint.flow.raising import RaiseLevel
from memlint.flow.sites import ExitKind, Fate, Mark
from memlint.flow.state import REACHING, State, Status
from memlint.flow.truth import same, truth
from memlint.flow.values import (
    NONE,
    UNKNOWN,
    Bag,
    Closing,
    Element,
    Function,
    Handle,
    Literal,
    Method,
    Pair,
    Path,
    Pending,
    Result,
    Running,
    Symbol,
    Taken,
    Value,
    View,
    container_number,
)
from memlint.flow.wording import call_text


def execute(m: Machine, block: Block, state: State) -> bool:
    """Execute a block; False when its end is not reached."""
    m.begin(block)
    for instruction in block.instructions:  # noqa: SIM110 - a generator costs as much as an instruction
        if not _STEPS[instruction.__class__](m, instruction, state):
            return False
    return True


def _constant(m: Machine, i: ir.Constant, state: State) -> bool:
    state.slots[i.target] = Literal(i.value.__class__.__name__, i.value)
    return True


def _load(m: Machine, i: ir.Load, state: State) -> bool:
    state.slots[i.target] = state.places.get(i.name) or m.meaning.variable(i.name)
    return True


def _bind(m: Machine, i: ir.Bind, state: State) -> bool:
    value = state.slots.get(i.source, UNKNOWN)
    state.forget_facts(i.name)
    if i.name in m.graph.outer:
        m.transfer(state, value, i.node, f"bound to `{i.name}`, which outlives this call")
    elif i.name in m.graph.captured:
        _capture(m, state, value, i.node, i.name, f"bound to `{i.name}`, which a nested function captures")
    elif isinstance(m.graph.node, ast.Module):
        m.transfer(state, value, i.node, f"bound to the module's `{i.name}`")
    for handle in state.handles(value) if value.__class__ in REACHING else ():
        record = m.records[handle.site]
        if record.subject is None:
            record.subject = i.name.partition("#")[0]
    _store(state, i.name, value)
    m.check_lost(state, i.node, Fate.REPLACED)
    return True


def _capture(m: Machine, state: State, value: Value | None, node: ast.AST, name: str, text: str) -> None:
    """A nested function that only uses a resource owns it no more than an unknown callee does."""
    if isinstance(value, Handle) and only_uses(m.graph.node, name, m.kind(value)):
        m.lend(state, value, node, text)
    else:
        m.transfer(state, value, node, text)


def _store(state: State, name: str, value: Value) -> None:
    prefix = f"{name}."
    for place in [p for p in state.places if "." in p and p.startswith(prefix)]:
        del state.places[place]
    if value is UNKNOWN or value.__class__ is Path:
        state.places.pop(name, None)
    else:
        state.places[name] = value


def _move(m: Machine, i: ir.Move, state: State) -> bool:
    state.set(i.target, state.slots.get(i.source, UNKNOWN))
    return True


def _unbind(m: Machine, i: ir.Unbind, state: State) -> bool:
    state.forget_facts(i.name)
    state.places.pop(i.name, None)
    m.check_lost(state, i.node, Fate.REPLACED)
    return True


def _import(m: Machine, i: ir.Import, state: State) -> bool:
    state.places[i.name] = Symbol((i.qualified,))
    return True


def _get_attribute(m: Machine, i: ir.GetAttribute, state: State) -> bool:
    base = state.slots.get(i.base, UNKNOWN)
    value: Value
    match base:
        case Symbol():
            value = m.meaning.member(base, i.name)
        case Path(text):
            path = m.meaning.attribute(base, i.name)
            value = state.places.get(path.text) or (_property(m, i, state) if text == m.receiver else None) or path
        case Handle() if i.name == "closed":
            value = Literal.of(state.status.get(base) is Status.RELEASED)
        case Handle() | Bag() | Element() | Pair() | Result() | View() | Method():
            value = Method(base, i.name)
        case _:
            value = UNKNOWN
    state.set(i.target, value)
    return True


def _property(m: Machine, i: ir.GetAttribute, state: State) -> Value | None:
    """An attribute of this method's own object, if it is known: a property may make something."""
    if m.owner is None:
        return None
    gives, of = m.meaning.field(m.owner, i.name)
    return m.given(state, gives, i.node) if gives else of


def _set_attribute(m: Machine, i: ir.SetAttribute, state: State) -> bool:
    base = state.slots.get(i.base, UNKNOWN)
    value = state.slots.get(i.source, UNKNOWN)
    if isinstance(base, Handle) and i.name in m.kind(base).release_on_set and value != Literal.of(False):
        m.transfer(state, base, i.node, f"ends by itself: `{i.name}` is set")
    if isinstance(base, Path):
        path = f"{base.text}.{i.name}"
        state.forget_facts(path)
        m.keep(state, base.text, i.name, value, i.node)
        _store(state, path, value if isinstance(value, (Literal, Handle, Symbol)) else UNKNOWN)
        if m.building and base.text == m.receiver and isinstance(value, Handle):
            m.keep_unbuilt(value.site)  # until the constructor has returned, nobody else can release it
        else:
            m.transfer(state, value, i.node, f"stored in `{path}`")
    else:
        m.transfer(state, value, i.node, f"stored in an attribute `{i.name}`")
    return True


def _get_item(m: Machine, i: ir.GetItem, state: State) -> bool:
    base, key = state.slots.get(i.base, UNKNOWN), state.slots.get(i.key, UNKNOWN)
    value: Value = UNKNOWN
    match base:
        case Bag(number) | Element(number):
            value = Element(number)
        case Pair(items):
            index = key.value if isinstance(key, Literal) else None
            within = isinstance(index, int) and -len(items) <= index < len(items)
            value = items[index] if within and isinstance(index, int) else base
        case Symbol():
            value = base  # a generic alias: Pool[Connection]
    state.set(i.target, value)
    return True


def _set_item(m: Machine, i: ir.SetItem, state: State) -> bool:
    base, value = state.slots.get(i.base, UNKNOWN), state.slots.get(i.source, UNKNOWN)
    key = state.slots.get(i.key, UNKNOWN)  # a mapping holds its keys as well: tasks and sockets often are some
    if isinstance(base, Bag):
        m.include(state, base, value)
        m.include(state, base, key)
    else:
        if isinstance(base, Path):
            owner, _, attribute = base.text.rpartition(".")
            m.keep(state, owner, attribute, value, i.node, container=True)
        m.transfer(state, value, i.node, "stored in a container")
        m.transfer(state, key, i.node, "a key of a container")
    return True


def _build(m: Machine, i: ir.Build, state: State) -> bool:
    values = [(state.slots.get(place, UNKNOWN), starred) for place, starred in i.items]
    if i.shape == "tuple" and not any(starred for _, starred in values):
        state.set(i.target, Pair(tuple(value for value, _ in values)))
        return True
    bag = Bag(container_number(i.node))
    state.bags.pop(bag.number, None)
    for value, _ in values:
        m.include(state, bag, value)
    state.set(i.target, bag)
    return True


def _include(m: Machine, i: ir.Include, state: State) -> bool:
    container, value = state.slots.get(i.container, UNKNOWN), state.slots.get(i.source, UNKNOWN)
    if isinstance(container, Bag):
        m.include(state, container, value)
    else:
        m.transfer(state, value, i.node, "added to a container")
    return True


def _unpack(m: Machine, i: ir.Unpack, state: State) -> bool:
    source = state.slots.get(i.source, UNKNOWN)
    for index, target in enumerate(i.targets):
        value: Value = UNKNOWN
        match source:
            case Pair(items) if i.starred is None and len(items) == len(i.targets):
                value = items[index]
            case Pair(items) if i.starred is not None and index < i.starred:
                value = items[index] if index < len(items) else UNKNOWN
            case Pair() if state.handles(source):
                value = source
            case Bag(number) | Element(number):
                value = source if index == i.starred else Element(number)
        state.set(target, value)
    return True


def _iterate(m: Machine, i: ir.Iterate, state: State) -> bool:
    source = state.slots.get(i.source, UNKNOWN)
    late.called(m, state, source, i.node, "__iter__")
    state.set(i.target, source)
    return True


def _enter(m: Machine, i: ir.Enter, state: State) -> bool:
    manager = state.slots.get(i.manager, UNKNOWN)
    value: Value = UNKNOWN
    match manager:
        case Handle():
            value = late.entered(m, manager)
            _entered(m, i, manager, state)
        case Result():
            value = manager
        case Pending(call):
            value = m.awaited(state, call)
            state.set(i.manager, value)
    if i.asynchronous and state.held():
        outside = state.copy()
        if isinstance(made := state.slots.get(i.manager), Handle):
            outside.status.pop(made, None)  # what fails to open owes nothing
        m.may_raise(outside, i.node, "entering it")
        m.may_raise(outside, i.node, "entering it", kind=ExitKind.CANCEL, classes=("asyncio.CancelledError",))
    state.set(i.target, value)
    return True


def _entered(m: Machine, i: ir.Enter, manager: Handle, state: State) -> None:
    """A block enters a resource: not all can be entered, nor all by this block, nor once they are released."""
    record = m.records[manager.site]
    kind, entry = record.site.kind, record.site.entry
    late.called(m, state, manager, i.node, "__enter__")
    own, other = kind.context, kind.async_context
    if i.asynchronous:
        own, other = other, own
    if own is Context.NONE and other is not Context.NONE and entry is not None and not entry.receivers:
        record.wrong_block = i.node


def _exit(m: Machine, i: ir.Exit, state: State) -> bool:
    manager = state.slots.get(i.manager, UNKNOWN)
    if isinstance(manager, Handle):
        kind = m.kind(manager)
        context = kind.async_context if i.asynchronous else kind.context
        if context is not Context.KEEPS:
            m.by_block.add(manager.site)
            m.release(state, manager, i.node, "released by the block")
        else:
            m.records[manager.site].kept_by_block = i.node
    return True


def _compare(m: Machine, i: ir.Compare, state: State) -> bool:
    left, right = state.slots.get(i.left, UNKNOWN), state.slots.get(i.right, UNKNOWN)
    equal = same(left, right, identity=i.operator in ("is", "is not"))
    value: Value = UNKNOWN
    ended = m.ending(left)
    if ended is not None and right == NONE and i.operator in ("is", "is not", "==", "!="):
        value = Running(ended, i.operator in ("is not", "!="))
    elif equal is not None:
        value = Literal.of(equal is (i.operator in ("is", "==")))
    state.set(i.target, value)
    return True


def _negate(m: Machine, i: ir.Negate, state: State) -> bool:
    value = state.slots.get(i.source, UNKNOWN)
    if isinstance(value, Running):
        state.set(i.target, Running(value.of, not value.ended))
        return True
    known = truth(value, state)
    state.set(i.target, UNKNOWN if known is None else Literal.of(not known))
    return True


def _opaque(m: Machine, i: ir.Opaque, state: State) -> bool:
    bags = [v for p in i.operands if isinstance(v := state.slots.get(p), (Bag, Pair, Element))]
    if bags:
        result = Bag(container_number(i.node))
        held = frozenset(handle for bag in bags for handle in state.handles(bag))
        if held:
            state.bags[result.number] = held
        state.set(i.target, result)
    else:
        paths = [v for p in i.operands if isinstance(v := state.slots.get(p), Result)]
        state.set(i.target, paths[0] if paths and _joins_path(i.node) else UNKNOWN)
    return True


def _view(m: Machine, i: ir.View, state: State) -> bool:
    source = state.slots.get(i.source, UNKNOWN)
    state.set(i.target, View(source) if isinstance(source, (Handle, View, Bag)) else UNKNOWN)
    return True


def _define(m: Machine, i: ir.Define, state: State) -> bool:
    for name in i.captured:
        _capture(m, state, state.places.get(name), i.node, name, f"captured by a nested function as `{name}`")
    line, column = getattr(i.node, "lineno", 0), getattr(i.node, "col_offset", 0)
    state.set(i.target, Function(line, column, isinstance(i.node, ast.AsyncFunctionDef)))
    return True


def _set_return(m: Machine, i: ir.SetReturn, state: State) -> bool:
    state.returning = state.slots.get(i.source, UNKNOWN) if i.source is not None else NONE
    for item in state.returning.items if isinstance(state.returning, Pair) else (state.returning,):
        if isinstance(item, Handle) and item.site not in m.shelved:
            m.reclaim(state, item)
    late.returned(m, state, i.node)
    if any(state.status.get(handle) is Status.HELD for handle in state.handles(state.returning)):
        m.giving.add(id(i.node))
    elif not _gives_none(state.returning) and not late.watched(m, state, state.returning):
        m.withholding.add(id(i.node))
    state.drop_temporaries()
    m.check_lost(state, i.node, Fate.DISCARDED)
    if state.held():
        state.mark(Mark(StepKind.LEAVE, i.node, "returns here"))
    return True


def _gives_none(value: Value) -> bool:
    """Whether a result is None, or has None in a place where a resource may be."""
    return value == NONE or (isinstance(value, Pair) and NONE in value.items)


def _forget(m: Machine, i: ir.Forget, state: State) -> bool:
    state.slots.pop(i.place, None)
    m.check_lost(state, i.node, Fate.DISCARDED)
    return True


def _end_statement(m: Machine, i: ir.EndStatement, state: State) -> bool:
    if state.slots:
        state.drop_temporaries()
    if state.status:
        m.check_lost(state, i.node, Fate.DISCARDED)
    return True


def _catch(m: Machine, i: ir.Catch, state: State) -> bool:
    assert state.flight is not None
    state.handling = (*state.handling, state.flight)
    state.flight = None
    return True


def _await(m: Machine, i: ir.Await, state: State) -> bool:
    source = state.slots.get(i.source, UNKNOWN)
    tasks = all(m.kind(handle).category is Category.TASK for handle in state.handles(source))
    if isinstance(source, Closing) or tasks:
        m.release(state, source, i.node)
    before = state
    if isinstance(source, Taken):
        before = state.copy()
        before.answer(source, held=False)  # an acquisition that is cancelled holds nothing
    elif isinstance(source, Handle) and not tasks:
        before = state.copy()
        before.status.pop(source, None)  # nor does one that turns out to be awaited
    text = call_text(i.node.value) if isinstance(i.node, ast.Await) else "await"
    if not _only_waits(m, source):
        m.may_raise(before, i.node, f"`await {text}`")
    m.may_raise(before, i.node, f"`await {text}`", kind=ExitKind.CANCEL, classes=("asyncio.CancelledError",))
    value: Value = source if isinstance(source, (Taken, Handle)) and not tasks else UNKNOWN
    state.set(i.target, m.awaited(state, source.call) if isinstance(source, Pending) else value)
    return True


def _only_waits(m: Machine, source: Value) -> bool:
    """Whether what is awaited is known to end by itself or by a cancellation only."""
    if m.world.level is RaiseLevel.STRICT or not isinstance(source, Result):
        return False
    catalogue = m.world.catalogue
    return any(catalogue.resolve(name) in catalogue.quiets for name in source.of.names)


def _yield(m: Machine, i: ir.Yield, state: State) -> bool:
    value = state.slots.get(i.source, UNKNOWN) if i.source is not None else NONE
    if isinstance(value, Taken):  # the consumer waits for it and resumes: `yield lock.acquire()`
        state.set(i.target, value)
        return True
    if not m.lends:
        m.transfer(state, value, i.node, "yielded to the consumer")
    if m.lends and not m.resumed:
        m.may_raise(state, i.node, "the `with` body")
    elif not m.resumed and not i.delegated:
        m.may_raise(state, i.node, "the generator", kind=ExitKind.CLOSE, classes=("builtins.GeneratorExit",))
    state.set(i.target, UNKNOWN)
    return True


def _call(m: Machine, i: ir.Call, state: State) -> bool:
    return call(m, i, state)


def _joins_path(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)


_STEPS: Mapping[type, Callable[..., bool]] = {
    ir.Constant: _constant,
    ir.Load: _load,
    ir.Bind: _bind,
    ir.Move: _move,
    ir.Unbind: _unbind,
    ir.Import: _import,
    ir.GetAttribute: _get_attribute,
    ir.SetAttribute: _set_attribute,
    ir.GetItem: _get_item,
    ir.SetItem: _set_item,
    ir.Call: _call,
    ir.Await: _await,
    ir.Yield: _yield,
    ir.Build: _build,
    ir.Include: _include,
    ir.Unpack: _unpack,
    ir.Iterate: _iterate,
    ir.Enter: _enter,
    ir.Exit: _exit,
    ir.Compare: _compare,
    ir.Negate: _negate,
    ir.Opaque: _opaque,
    ir.View: _view,
    ir.Define: _define,
    ir.SetReturn: _set_return,
    ir.Forget: _forget,
    ir.EndStatement: _end_statement,
    ir.Catch: _catch,
}
"""The instruction that each step executes; each step takes the one that it is listed under."""
