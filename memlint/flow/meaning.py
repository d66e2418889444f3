"""What the names of one function mean where nothing was bound to them on the way."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from memlint.cfg.graph import Graph
from memlint.flow.summaries import Given, Summary
from memlint.flow.values import Path, Result, Symbol, Value
from memlint.flow.world import World


@dataclass(slots=True)
class Meaning:
    """The meaning of variables and attributes; each is found once."""

    world: World
    graph: Graph
    enclosing: Mapping[str, tuple[str, ...]]
    """Names imported or defined by enclosing functions."""
    _variables: dict[str, Value] = field(default_factory=dict)
    _members: dict[tuple[tuple[str, ...], str], Symbol] = field(default_factory=dict)
    _attributes: dict[tuple[str, str], Path] = field(default_factory=dict)
    _summaries: dict[tuple[str, ...], Summary | None] = field(default_factory=dict)
    _fields: dict[str, tuple[tuple[Given, ...], Result | None]] = field(default_factory=dict)

    def variable(self, name: str) -> Value:
        """A variable to which nothing was bound."""
        known = self._variables.get(name)
        if known is None:
            known = self._variables[name] = self._variable(name)
        return known

    def _variable(self, name: str) -> Value:
        if "#" in name or (name in self.graph.locals and not isinstance(self.graph.node, ast.Module)):
            return Path(name)
        if name in self.enclosing:
            names = self.enclosing[name]
            return Symbol(names) if names else Path(name)
        candidates = self.world.names.candidates(name)
        if candidates:
            return Symbol(candidates)
        made_by = self.world.names.instance(name)
        types = self.world.catalogue.result_types(made_by)
        return Result(Symbol(types)) if types else Path(name)

    def member(self, base: Symbol, name: str) -> Symbol:
        """A member of a module or class."""
        key = (base.names, name)
        known = self._members.get(key)
        if known is None:
            known = self._members[key] = Symbol(tuple([f"{each}.{name}" for each in base.names]))
        return known

    def attribute(self, base: Path, name: str) -> Path:
        """An attribute of something of which nothing else is known."""
        key = (base.text, name)
        known = self._attributes.get(key)
        if known is None:
            known = self._attributes[key] = Path(f"{base.text}.{name}")
        return known

    def summary(self, names: tuple[str, ...]) -> Summary | None:
        """What a function of the project does, by its candidate qualified names."""
        if names not in self._summaries:
            self._summaries[names] = self.world.summary(names)
        return self._summaries[names]

    def field(self, owner: str, name: str) -> tuple[tuple[Given, ...], Result | None]:
        """What a property of a class gives, and the classes of which a field of it is an instance."""
        known = self._fields.get(name)
        if known is None:
            summary = self.world.computed(f"{owner}.{name}")
            gives = () if summary is None else summary.gives
            types = () if gives else self.world.field_types(owner, name)
            known = self._fields[name] = gives, Result(Symbol(types)) if types else None
        return known
