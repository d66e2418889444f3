"""The door to the analysis: one file in, everything the rules read out."""

from __future__ import annotations

import ast
import functools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from memlint.catalogue.model import Catalogue, Kind
from memlint.cfg.builder import build
from memlint.cfg.graph import FunctionNode, Graph, TooLarge
from memlint.findings import Skipped
from memlint.flow.bodies import abstract, harmless, mentions, never_returns, starred
from memlint.flow.chart import Chart
from memlint.flow.effects import always_gives, consistent, effect_of
from memlint.flow.elsewhere import Elsewhere, giving_calls, inherited
from memlint.flow.likely import Likely
from memlint.flow.lookup import Lookup
from memlint.flow.machine import FieldStore, Machine
from memlint.flow.owners import FieldLoss, Fields, instance_kind
from memlint.flow.prefilters import prefilter
from memlint.flow.raising import RaiseLevel
from memlint.flow.sites import Site, SiteRecord
from memlint.flow.solver import Solver
from memlint.flow.state import State
from memlint.flow.summaries import Effect, Given, Summary
from memlint.flow.units import Unit, enclosing_names, find_units
from memlint.flow.values import Pair, Result, Symbol
from memlint.flow.world import World
from memlint.source.names import ModuleNames, module_names
from memlint.source.text import Source

DEEPEST = 20
"""Calls that are followed from one function into the next; what lies deeper counts as unknown."""
ROUNDS = 4
"""How often functions that give a resource are looked for among the callers of such functions."""

_MANAGERS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})
_BUILDERS = frozenset({"__init__", "__enter__", "__aenter__", "setUp", "asyncSetUp", "__post_init__"})
_FIXTURES = frozenset({"pytest.fixture", "pytest_asyncio.fixture", "pytest.yield_fixture"})


@dataclass(slots=True)
class UnitReport:
    """What was seen in one unit."""

    unit: Unit
    records: list[SiteRecord]
    stores: list[FieldStore]
    gives: tuple[Given, ...]


@dataclass(frozen=True)
class Analysis:
    """What is known of one file when its analysis has ended."""

    source: Source
    units: tuple[UnitReport, ...] = ()
    fields: tuple[FieldLoss, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def analyse(
    source: Source,
    catalogue: Catalogue,
    *,
    level: RaiseLevel = RaiseLevel.DEFAULT,
    strict: bool = False,
    module: str = "__main__",
    elsewhere: Elsewhere | None = None,
) -> Analysis:
    """Follow every resource that ``source`` acquires; ``elsewhere`` knows the other files of its project."""
    analyser = FileAnalyser(source, catalogue, level, strict, module, elsewhere)
    try:
        return analyser.run()
    finally:
        analyser.close()


@dataclass
class FileAnalyser:
    """Follows the units of one file, and answers what its functions do."""

    depth: ClassVar[int] = 0
    """How many calls the analysis has followed into one another, in all files together."""
    source: Source
    catalogue: Catalogue
    level: RaiseLevel
    strict: bool
    module: str
    elsewhere: Elsewhere | None = None
    wrapping: Callable[[str], Sequence[int]] | None = None
    """For a file that others ask about: the lines on which a function calls one that may give, which it hands on."""
    skipped: list[Skipped] = field(default_factory=list)
    _reports: dict[ast.AST, UnitReport | None] = field(default_factory=dict)
    _open: set[ast.AST] = field(default_factory=set)
    _graphs: dict[ast.AST, Graph | None] = field(default_factory=dict)
    _effects: dict[tuple[ast.AST, str, str], Effect] = field(default_factory=dict)
    _instances: dict[str, Kind | None] = field(default_factory=dict)
    _harmless: dict[FunctionNode, bool] = field(default_factory=dict)
    _lines: list[int] = field(default_factory=list)
    """Lines on which something may be acquired, sorted."""
    _followed: set[str] = field(default_factory=set)
    """Names of giving functions whose callers have been looked for."""

    def __post_init__(self) -> None:
        is_package = self.source.path.endswith("__init__.py")
        self.names: ModuleNames = module_names(self.source.tree, self.module, is_package=is_package)
        self.lookup = Lookup(self.names, self.catalogue)
        self._mocks = "mock_open" in self.source.text
        self._calls = self.source.calls
        self._lines = prefilter(self.catalogue).lines(self.source.data)
        self.world = World(
            self.source,
            self.names,
            self.catalogue,
            self.summary,
            self.computed,
            self.lookup.field_types,
            self._is_harmless,
            level=self.level,
            strict=self.strict,
        )

    def close(self) -> None:
        """Let go of everything: the analyser and its world refer to each other, and the tree is large."""
        del self.world, self.lookup
        for kept in (self._reports, self._graphs, self._effects, self._instances, self._harmless):
            kept.clear()

    def run(self) -> Analysis:
        """Follow every unit that acquires, then those that call a unit that gives."""
        fresh = self._lines = sorted({*self._lines, *self._called_elsewhere()})
        done: dict[ast.AST, UnitReport] = {}
        for _ in range(ROUNDS):
            units = find_units(self.source.tree, fresh)
            for unit in units:
                self.lookup.units[unit.node] = unit
                self._reports.pop(unit.node, None)  # a callee that gives was found since
            for unit in units:
                report = self.report(unit)
                if report is not None:
                    done[unit.node] = report
            fresh = self._callers(done)
            if not fresh:
                break
            self._lines = sorted({*self._lines, *fresh})
        ordered = sorted(done.values(), key=lambda r: getattr(r.unit.node, "lineno", 0))
        stores = [(report.unit, store, report.records[store.site]) for report in ordered for store in report.stores]
        unique = {(id(record), store.attribute): (unit, store, record) for unit, store, record in stores}
        bases = functools.partial(inherited, self.elsewhere)
        fields = Fields(self.source, self.names, self.catalogue, tuple(unique.values()), bases, self.summary)
        return Analysis(self.source, tuple(ordered), tuple(fields.losses()), tuple(self.skipped))

    def _called_elsewhere(self) -> list[int]:
        """The lines that call an imported function of the project that may give something."""
        return [] if self.elsewhere is None else giving_calls(self.elsewhere, self.names, self._calls)

    def _callers(self, done: dict[ast.AST, UnitReport]) -> list[int]:
        names = {r.unit.symbol.rpartition(".")[2] for r in done.values() if r.gives}
        for report in done.values():
            owner = report.unit.owner
            if owner is not None and "." not in owner and self.instance_kind(owner) is not None:
                names.add(owner)
        names -= self._followed
        if not names:
            return []
        self._followed |= names
        known = set(self._lines)
        words = {name.encode() for name in names}
        found = {*self._calls.lines(words), *self._calls.read_lines(words)}
        return sorted(line for line in found if line not in known)

    # --- one unit ------------------------------------------------------------------------------------------------

    def report(self, unit: Unit) -> UnitReport | None:
        """Follow one unit; None when it is being followed already (recursion) or cannot be."""
        node = unit.node
        if node in self._reports:
            return self._reports[node]
        if node in self._open or FileAnalyser.depth >= DEEPEST:
            return None
        self._open.add(node)
        FileAnalyser.depth += 1
        try:
            report = self._follow(unit)
        finally:
            FileAnalyser.depth -= 1
            self._open.discard(node)
        self._reports[node] = report
        return report

    def _follow(self, unit: Unit) -> UnitReport | None:
        likely = Likely(unit, self.names, self.catalogue, self.summary, self.lookup.field_types, self._followed)
        if not likely.acquires(self._lines):
            return UnitReport(unit, [], [], ())
        graph = self.graph(unit)
        if graph is None:
            return None
        machine = self.machine(unit, graph)
        chart = Chart.of(machine, self._lines)
        solver = Solver(machine, chart)
        solver.run(self.initial(graph))
        if machine.reclaimed:
            kept = frozenset(machine.reclaimed)
            machine = self.machine(unit, graph)
            machine.kept = kept
            solver = Solver(machine, chart)
            solver.run(self.initial(graph))
        if solver.bounded is not None:
            self._skip(unit, solver.bounded)
        gives = tuple(
            self._given(machine.records[site].site, position)
            for site, position in sorted(machine.returned, key=lambda each: (each[0], each[1] or -1))
        )
        if graph.generator or not always_gives(unit.node, machine):
            gives = ()
        if gives and solver.pruned and self._withholds(unit, machine, chart):
            gives = ()
        stores = [store for store in machine.stores if store.site not in machine.by_block]
        return UnitReport(unit, machine.records, stores, consistent(gives))

    def _given(self, site: Site, position: int | None) -> Given:
        """What a caller gets, with the call that acquires it: the innermost, where wrappers call wrappers."""
        return Given(site.kind, position, site.origin or (self.source.path, self.source.span(site.node)))

    def _withholds(self, unit: Unit, seen: Machine, chart: Chart) -> bool:
        """Whether a return that gives a resource by one path gives something else by a path that owes nothing."""
        machine = self.machine(unit, seen.graph)
        Solver(machine, chart, whole=True).run(self.initial(seen.graph))
        return bool(seen.giving & machine.withholding)

    def graph(self, unit: Unit) -> Graph | None:
        """The unit's graph; None (and a note) when it is too large or too deep."""
        if unit.node not in self._graphs:
            try:
                only = None if unit.only is None else list(unit.only)
                self._graphs[unit.node] = build(unit.node, package=self.names.package, only=only)
            except TooLarge as error:
                self._skip(unit, str(error))
                self._graphs[unit.node] = None
            except RecursionError:
                self._skip(unit, "nested too deeply")
                self._graphs[unit.node] = None
        return self._graphs[unit.node]

    def _skip(self, unit: Unit, reason: str) -> None:
        self.skipped.append(Skipped(unit.symbol, getattr(unit.node, "lineno", 1), reason))

    def machine(self, unit: Unit, graph: Graph) -> Machine:
        """A machine for one function, told what its decorators and its class mean."""
        decorators = {
            name
            for decorator in getattr(unit.node, "decorator_list", ())
            for name in self.names.qualified(decorator.func if isinstance(decorator, ast.Call) else decorator)
        }
        receiver = None
        bound = decorators & {"builtins.staticmethod", "builtins.classmethod"}
        maker = None
        if unit.owner is not None and graph.parameters and not bound:
            receiver = graph.parameters[0]
        elif unit.owner is not None and graph.parameters and "builtins.classmethod" in bound:
            maker = graph.parameters[0]
        fixture = bool(decorators & _FIXTURES)
        return Machine(
            self.world,
            graph,
            lends=graph.generator and (fixture or bool(decorators & _MANAGERS)),
            resumed=fixture,
            owner=None if unit.owner is None else f"{self.module}.{unit.owner}",
            receiver=receiver,
            maker=maker,
            enclosing=enclosing_names(unit.enclosing, self.names.package) if unit.enclosing else {},
            building=receiver is not None and getattr(unit.node, "name", "") in _BUILDERS,
            mocked=self._mocks and mentions(unit.node, "mock_open"),
        )

    def initial(self, graph: Graph) -> State:
        """The state in which a function begins: annotated parameters are of their class."""
        state = State()
        arguments = getattr(graph.node, "args", None)
        if arguments is not None:
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                if argument.annotation is not None:
                    names = self.names.qualified(argument.annotation)
                    if names:
                        state.places[argument.arg] = Result(Symbol(names))
        return state

    # --- what functions do ---------------------------------------------------------------------------------------

    def summary(self, names: tuple[str, ...]) -> Summary | None:
        """What a function of this file does, by its candidate qualified names."""
        for name in names:
            found = self.lookup.callable(name)
            if found is not None and abstract(found[0].node):
                return None  # whoever overrides it decides
            if found is None:
                abroad: Summary | None = None
                if self.elsewhere is not None and not name.startswith(f"{self.module}."):
                    abroad = self.elsewhere.summary(name)
                else:
                    abroad = self._inherited_summary(name)
                if abroad is not None:
                    return abroad
                continue
            unit, method = found
            node = unit.node
            assert not isinstance(node, (ast.Lambda, ast.Module))
            gives: tuple[Given, ...] = ()
            if node.name == "__init__" and not name.endswith(".__init__"):
                kind = self.instance_kind(self.lookup.local(name))
                gives = () if kind is None else (Given(kind, None),)
            elif self._hit(node) or (unit.owner is None and self._wraps(node)):
                report = self.report(unit)
                gives = report.gives if report is not None else ()
            arguments = node.args
            parameters = tuple(a.arg for a in (*arguments.posonlyargs, *arguments.args))
            keyword_only = tuple(a.arg for a in arguments.kwonlyargs)
            return Summary(
                parameters=(*parameters, *keyword_only),
                judge=functools.partial(self.effect, unit),
                gives=() if isinstance(node, ast.AsyncFunctionDef) else gives,
                returns=not never_returns(node),
                method=method,
                manager=bool(node.decorator_list),
                asynchronous=isinstance(node, ast.AsyncFunctionDef),
                harmless=functools.partial(self._is_harmless, node),
            )
        return None

    def _inherited_summary(self, name: str) -> Summary | None:
        """What a method does that a class of this file has from a base in another file of the project."""
        owner, _, method = self.lookup.local(name).partition(".")
        if self.elsewhere is None or not method or "." in method or owner not in self.names.classes:
            return None
        asked = (self.elsewhere.summary(f"{base}.{method}") for base in self.lookup.outer_bases(owner))
        return next((found for found in asked if found is not None), None)

    def _is_harmless(self, node: FunctionNode) -> bool:
        """Whether nothing that a function does itself may raise."""
        if node not in self._harmless:
            self._harmless[node] = harmless(node, self._is_quiet)
        return self._harmless[node]

    def _is_quiet(self, callee: ast.expr) -> bool | None:
        names = self.names.qualified(callee)
        if not names:
            return None
        resolved = map(self.catalogue.resolve, names)
        return any(name in self.catalogue.quiets and not self.catalogue.quiets[name].unless for name in resolved)

    def computed(self, name: str) -> Summary | None:
        """What a property gives, by its qualified name."""
        unit = self.lookup.property(name)
        if unit is None:
            return None
        report = self.report(unit)
        return Summary((), lambda *_: Effect.TAKES, report.gives if report else ())

    def instance_kind(self, name: str) -> Kind | None:
        """A class that acquires when it is built and has a method that releases is a resource itself."""
        if name not in self._instances:
            self._instances[name] = None  # while it is being worked out: a class that builds itself
            self._instances[name] = self._instance_kind(name)
        return self._instances[name]

    def _instance_kind(self, name: str) -> Kind | None:
        node = self.names.classes.get(name)
        if node is None:
            return None
        methods = {s.name: s for s in node.body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))}
        if "__init__" not in methods or "__del__" in methods or not self._hit(methods["__init__"]):
            return None
        report = self.report(self.lookup.unit(methods["__init__"], f"{name}.__init__", name))
        if report is None:
            return None
        owned = [(store, report.records[store.site].site.kind) for store in report.stores if not store.container]
        return instance_kind(f"{self.module}.{name}", node, methods, owned)

    def _hit(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        return bisect_left(self._lines, node.lineno) < bisect_right(self._lines, node.end_lineno or node.lineno)

    def _wraps(self, node: FunctionNode) -> bool:
        """Whether a function may hand on what another gives; where it does is looked at from now on."""
        found = () if self.wrapping is None else self.wrapping(node.name)
        self._lines = sorted({*self._lines, *found})
        return self._hit(node)

    def effect(self, unit: Unit, parameter: str, kind: Kind) -> Effect:
        """What a function does with a resource of a kind that is passed as one of its parameters."""
        key = (unit.node, parameter, kind.name)
        known = self._effects.get(key)
        if known is not None:
            return known
        if FileAnalyser.depth >= DEEPEST:
            return Effect.TAKES
        self._effects[key] = Effect.TAKES  # while it is being worked out: recursion
        FileAnalyser.depth += 1
        try:
            known = self._effects[key] = self._judge(unit, parameter, kind)
        finally:
            FileAnalyser.depth -= 1
        return known

    def _judge(self, unit: Unit, parameter: str, kind: Kind) -> Effect:
        graph = self.graph(unit)
        if graph is None or graph.generator or parameter not in graph.parameters:
            return Effect.TAKES
        machine = self.machine(unit, graph)
        machine.judging = True
        state = self.initial(graph)
        handle = machine.acquire(state, graph.node, kind)
        state.places[parameter] = Pair((handle,)) if starred(graph.node, parameter) else handle
        solver = Solver(machine, Chart.of(machine, ()))
        solver.run(state)
        if solver.bounded is not None:
            return Effect.TAKES
        return effect_of(solver, machine, handle)
