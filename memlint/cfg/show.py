"""A graph, printed block by block: one line an instruction, its end, and where its exceptions land."""

from __future__ import annotations

import ast

from memlint.cfg import instructions as ir
from memlint.cfg.graph import ENTRY, RAISED, RETURNED, Graph

_NAMES = {ENTRY: " (entry)", RETURNED: " (returned)", RAISED: " (raised)"}


def show_graph(graph: Graph, symbol: str) -> str:
    """The reachable blocks of a graph, as text."""
    lines = [f"{symbol}: {len(graph.parameters)} parameters, {len(graph.blocks)} blocks"]
    reachable = _reachable(graph)
    for block in graph.blocks:
        if block.number not in reachable:
            continue
        landing = "" if block.number in (RETURNED, RAISED) else f"  raises -> {block.landing}"
        lines.append(f"block {block.number}{_NAMES.get(block.number, '')}{landing}")
        lines += [f"    {show_instruction(instruction)}" for instruction in block.instructions]
        lines.append(f"    => {_end(block.end)}")
    return "\n".join(lines) + "\n"


def _reachable(graph: Graph) -> set[int]:
    seen: set[int] = set()
    pending = [ENTRY]
    while pending:
        number = pending.pop()
        if number in seen:
            continue
        seen.add(number)
        block = graph.blocks[number]
        pending.extend(graph.successors(block))
        if block.instructions or not isinstance(block.end, ir.Jump):
            pending.append(block.landing)
    return seen


def _place(place: ir.Place | None) -> str:
    if place is None:
        return "-"
    if isinstance(place, str):
        return place
    return f"%{place}" if place > 0 else f"@{-place}"


def show_instruction(i: ir.Instruction) -> str:
    """One instruction; ``%n`` is a temporary, ``@n`` a pinned place."""
    line = getattr(i.node, "lineno", None)
    return f"{_effect(i):<44} {'' if line is None else f'line {line}'}".rstrip()


def _effect(i: ir.Instruction) -> str:
    match i:
        case ir.Constant(target=target, value=value):
            return f"{_place(target)} = {value!r}"[:44]
        case ir.Load(target=target, name=name):
            return f"{_place(target)} = {name}"
        case ir.Bind(name=name, source=source):
            return f"{name} := {_place(source)}"
        case ir.GetAttribute(target=target, base=base, name=name):
            return f"{_place(target)} = {_place(base)}.{name}"
        case ir.SetAttribute(base=base, name=name, source=source):
            return f"{_place(base)}.{name} := {_place(source)}"
        case ir.GetItem(target=target, base=base, key=key):
            return f"{_place(target)} = {_place(base)}[{_place(key)}]"
        case ir.SetItem(base=base, key=key, source=source):
            return f"{_place(base)}[{_place(key)}] := {_place(source)}"
        case ir.Call(target=target, callee=callee, arguments=arguments, keywords=keywords):
            given = [f"{'*' if star else ''}{_place(p)}" for p, star in arguments]
            given += [f"{'**' if name is None else f'{name}='}{_place(p)}" for name, p in keywords]
            return f"{_place(target)} = call {_place(callee)}({', '.join(given)})"
        case ir.Enter(target=target, manager=manager):
            return f"{_place(target)} = enter {_place(manager)}"
        case ir.Exit(manager=manager):
            return f"exit {_place(manager)}"
        case ir.EndStatement():
            return "end of statement"
        case ir.Forget(place=place):
            return f"forget {_place(place)}"
        case _:
            return _generic(i)


def _generic(i: ir.Instruction) -> str:
    fields = [
        f"{name}={_place(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else value}"
        for name in i.__dataclass_fields__
        if name != "node" and (value := getattr(i, name)) not in ((), None)
    ]
    return f"{type(i).__name__.lower()} {', '.join(fields)}".rstrip()


def _end(end: ir.Terminator | None) -> str:
    match end:
        case None:
            return "not reached"
        case ir.Jump(to):
            return f"{to}"
        case ir.Branch(node=node, place=place, true=true, false=false):
            return f"if {_place(place)} ({ast.unparse(node)}) then {true} else {false}"
        case ir.Advance(iterator=iterator, target=target, body=body, done=done):
            return f"next {_place(iterator)} -> {_place(target)}: {body}, exhausted: {done}"
        case ir.Choose(ways=ways):
            return f"one of {', '.join(map(str, ways))}"
        case ir.Dispatch(clauses=clauses, otherwise=otherwise):
            caught = [
                f"{'anything' if c.classes is None else '/'.join(ast.unparse(n) for n in c.classes)}: {c.block}"
                for c in clauses
            ]
            return f"except {', '.join(caught)}, otherwise: {otherwise}"
        case ir.Raise(classes=classes):
            return f"raise {'again' if classes is None else ast.unparse(classes)}"
        case ir.Resume(swallowed=swallowed):
            return "raise again" if swallowed is None else f"raise again, or go on at {swallowed} if suppressed"
        case ir.Leave(raised=raised):
            return "leaves by an exception" if raised else "leaves normally"
