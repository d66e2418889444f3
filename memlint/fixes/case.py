"""A finding with what is known of its place: what a fix is asked about."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from memlint.catalogue.model import Catalogue, Kind
from memlint.findings import Finding
from memlint.fixes.places import FunctionNode, Places
from memlint.fixes.proposal import Import, Operation, Refused
from memlint.flow.analysis import Analysis, UnitReport
from memlint.flow.sites import SiteRecord
from memlint.source.text import Source


@dataclass(frozen=True, eq=False)
class Case:
    """One finding, the analysis that it came from, and the file."""

    finding: Finding
    analysis: Analysis
    catalogue: Catalogue
    places: Places

    @property
    def source(self) -> Source:
        """The file."""
        return self.places.source

    @cached_property
    def _site(self) -> tuple[UnitReport, SiteRecord]:
        found = [
            (report, record)
            for report in self.analysis.units
            for record in report.records
            if self.source.span(record.site.node) == self.finding.span
        ]
        for report, record in found:
            if self.finding.message.startswith(f"`{record.subject or record.site.text}`"):
                return report, record
        if found:
            return found[0]
        raise Refused("what is acquired there is not known")

    @property
    def record(self) -> SiteRecord:
        """The acquisition site that the finding is about.

        Raises:
            Refused: it is about none.
        """
        return self._site[1]

    @property
    def kind(self) -> Kind:
        """What is acquired there."""
        return self.record.site.kind

    @cached_property
    def call(self) -> ast.expr:
        """The acquiring expression."""
        node = self.record.site.node
        if not isinstance(node, ast.expr):
            raise Refused("what acquires is no expression")
        return node

    @cached_property
    def value(self) -> ast.expr:
        """The acquiring expression with its ``await``."""
        outer = self.places.parent(self.call)
        return outer if isinstance(outer, ast.Await) else self.call

    @property
    def alone(self) -> ast.expr:
        """The acquiring expression with its ``await``, whose whole value is the resource.

        Raises:
            Refused: the resource is one element of what it gives.
        """
        site = self.record.site
        one_of_several = site.entry is not None and (site.entry.positions is not None or site.entry.every)
        outer = self.places.parent(self.value)
        unpacked = isinstance(outer, ast.Assign) and any(isinstance(t, (ast.Tuple, ast.List)) for t in outer.targets)
        if one_of_several or unpacked or site.position or isinstance(outer, ast.Starred):
            raise Refused("it is one of several that the call gives")
        return self.value

    @cached_property
    def function(self) -> FunctionNode:
        """The function that the finding is in.

        Raises:
            Refused: it is in none.
        """
        found = self.places.function(self.call)
        if found is None:
            raise Refused("it is acquired at module or class level")
        return found

    def spelled(self, qualified: str) -> tuple[str, tuple[Operation, ...]]:
        """How the file can say ``module.name``, and the import that this needs.

        Raises:
            Refused: the module's name means something else where it is needed.
        """
        module, _, name = qualified.rpartition(".")
        names = self.places.names
        for local, targets in names.imports.items():
            if targets == (qualified,) and not self._shadowed(local):
                return local, ()
            if targets == (module,) and not self._shadowed(local):
                return f"{local}.{name}", ()
        if module in names.imports or self._taken(module):
            raise Refused(f"`{module}` means something else here")
        return qualified, (Import(module),)

    def _shadowed(self, name: str) -> bool:
        scope = self.places.function(self.places.at(self.finding.span, ast.AST))
        return name in self.places.names.bound or (scope is not None and _local(scope, name))

    def _taken(self, name: str) -> bool:
        names = self.places.names
        taken = {*names.bound, *names.functions, *names.classes, *names.aliases, *names.instances}
        return name.partition(".")[0] in taken or self._shadowed(name)


def _local(function: FunctionNode, name: str) -> bool:
    """Whether a name is bound in a function."""
    for node in ast.walk(function):
        match node:
            case ast.arg(arg=other) if other == name:
                return True
            case ast.Name(id=other, ctx=ast.Store()) if other == name:
                return True
            case ast.alias(name=full, asname=asname) if (asname or full.partition(".")[0]) == name:
                return True
    return False
