"""What the analysis believes, printed: the graph of a function, and the facts at each of its blocks.

``memlint cfg FILE:FUNC`` and ``memlint facts FILE:FUNC`` print this, and golden tests read it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from memlint.catalogue.model import Catalogue
from memlint.cfg.builder import build
from memlint.cfg.show import show_graph
from memlint.flow.analysis import FileAnalyser
from memlint.flow.chart import Chart
from memlint.flow.elsewhere import Elsewhere
from memlint.flow.raising import RaiseLevel
from memlint.flow.solver import Solver
from memlint.flow.state import State
from memlint.flow.units import Unit
from memlint.flow.values import (
    Bag,
    Closing,
    Element,
    Handle,
    Literal,
    Method,
    Pair,
    Result,
    Symbol,
    Taken,
    Turned,
    Value,
    View,
)
from memlint.source.text import Source


class NoFunction(LookupError):
    """The file has no function of that name; ``names`` are those it has."""

    def __init__(self, name: str, names: tuple[str, ...]) -> None:
        super().__init__(name)
        self.name = name
        self.names = names


def functions(tree: ast.Module) -> Iterator[Unit]:
    """Every function of a module, with the module's own statements last."""
    yield from _functions(tree.body, "", None, ())
    yield Unit(tree, "<module>", only=tuple(tree.body))


def _functions(
    body: list[ast.stmt], prefix: str, owner: str | None, around: tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]
) -> Iterator[Unit]:
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield Unit(statement, f"{prefix}{statement.name}", owner, around)
                inner = f"{prefix}{statement.name}.<locals>."
                yield from _functions(statement.body, inner, None, (*around, statement))
            case ast.ClassDef():
                name = f"{prefix}{statement.name}"
                yield from _functions(statement.body, f"{name}.", name, around)
            case _:
                for part in ("body", "orelse", "finalbody"):
                    yield from _functions(getattr(statement, part, []), prefix, owner, around)
                for handler in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
                    yield from _functions(handler.body, prefix, owner, around)


def find_function(source: Source, name: str) -> Unit:
    """The function that a user names: ``run``, ``Class.run``, ``outer.inner`` or ``<module>``.

    Raises :class:`NoFunction` when there is none.
    """
    units = list(functions(source.tree))
    for unit in units:
        if name in (unit.symbol, unit.symbol.replace(".<locals>", "")):
            return unit
    raise NoFunction(name, tuple(unit.symbol.replace(".<locals>", "") for unit in units))


def show_cfg(source: Source, function: str) -> str:
    """The control-flow graph of a function, block by block.

    Raises :class:`NoFunction`; :class:`memlint.cfg.graph.TooLarge` when the graph passes its bound.
    """
    unit = find_function(source, function)
    return show_graph(build(unit.node), unit.symbol)


def show_facts(
    source: Source,
    catalogue: Catalogue,
    function: str,
    *,
    level: RaiseLevel = RaiseLevel.DEFAULT,
    strict: bool = False,
    module: str = "__main__",
    elsewhere: Elsewhere | None = None,
) -> str:
    """What is known at the start of each block, on each path that was kept apart, and what became of each resource.

    The last four mean what they mean to :func:`memlint.flow.analysis.analyse`.

    Raises :class:`NoFunction`.
    """
    unit = find_function(source, function)
    analyser = FileAnalyser(source, catalogue, level, strict, module, elsewhere)
    analyser.run()  # which functions of the file give a resource is found out by following all that could
    graph = analyser.graph(unit)
    if graph is None:
        reasons = [skipped.reason for skipped in analyser.skipped if skipped.symbol == unit.symbol]
        return f"{unit.symbol}: not followed: {reasons[-1]}\n"
    machine = analyser.machine(unit, graph)
    every = range(1, len(source.lines) + 2)
    solver = Solver(machine, Chart.of(machine, every), trace=[])
    solver.run(analyser.initial(graph))
    assert solver.trace is not None
    lines = [unit.symbol]
    for block in graph.blocks:
        states = [state for number, state in solver.trace if number == block.number]
        lines += [f"  block {block.number}: {_state(state)}" for state in states]
    lines.append("  ends:")
    for state, raised in solver.ended:
        lines.append(f"    {'raises' if raised else 'returns'}: {_state(state)}")
    for index, record in enumerate(machine.records):
        line = getattr(record.site.node, "lineno", 0)
        fates = ", ".join(
            f"{fate.value} at line {getattr(outcome.node, 'lineno', line)}" for fate, outcome in record.outcomes.items()
        )
        lines.append(f"  r{index}: {record.site.kind.label} acquired at line {line}: {fates or 'nothing seen'}")
    if solver.bounded is not None:
        lines.append(f"  stopped early: {solver.bounded}")
    return "\n".join(lines) + "\n"


def _state(state: State) -> str:
    held = [f"{_handle(h)} {s.value}" for h, s in state.status.items()]
    places = [
        f"{place}={_value(value)}" for place, value in sorted(state.places.items())
    ]  # fmt: skip
    facts = [f"{text} is {str(outcome).lower()}" for text, outcome in sorted(state.facts.items())]
    said = "; ".join(part for part in (", ".join(held), ", ".join(places), ", ".join(facts)) if part)
    return said or "nothing known"


def _handle(handle: Handle) -> str:
    return f"r{handle.site}{' (older)' if handle.older else ''}"


def _value(value: Value) -> str:
    match value:
        case Handle():
            return _handle(value)
        case Literal(value=constant):
            return repr(constant)
        case Symbol(names):
            return names[0]
        case Result(of):
            return f"{of.names[0]}()"
        case Pair(items):
            return f"({', '.join(_value(item) for item in items)})"
        case View(of):
            return f"view of {_value(of)}"
        case Method(base, name):
            return f"{_value(base)}.{name}"
        case Taken(handle) | Closing(handle):
            return f"{type(value).__name__.lower()} {_handle(handle)}"
        case Turned(of):
            return f"turning {_value(of)}"
        case Bag() | Element():
            return type(value).__name__.lower()
        case _:
            return type(value).__name__.lower()
