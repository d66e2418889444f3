"""Which function, method or property of a file a qualified name means, before anything is followed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from memlint.catalogue.model import Catalogue
from memlint.flow.makers import field_makers
from memlint.flow.units import Unit
from memlint.source.names import FunctionNode, ModuleNames


@dataclass(slots=True)
class Lookup:
    """The functions and classes of one file."""

    names: ModuleNames
    catalogue: Catalogue
    units: dict[ast.AST, Unit] = field(default_factory=dict)
    """The units that are known, by their nodes."""
    _callables: dict[str, tuple[Unit, bool] | None] = field(default_factory=dict)
    _makers: dict[str, dict[str, ast.expr]] = field(default_factory=dict)
    _methods: dict[ast.ClassDef, dict[str, FunctionNode]] = field(default_factory=dict)

    def local(self, qualified: str) -> str:
        """A name as its own module has it; another module's stays as it is."""
        return qualified.removeprefix(f"{self.names.module}.")

    def callable(self, qualified: str) -> tuple[Unit, bool] | None:
        """The function, method or constructor of this file with a qualified name; True for a method."""
        if not qualified.startswith(f"{self.names.module}."):
            return None
        if qualified not in self._callables:
            self._callables[qualified] = self._callable(self.local(qualified))
        known = self._callables[qualified]
        return None if known is None else (self.units.setdefault(known[0].node, known[0]), known[1])

    def _callable(self, name: str) -> tuple[Unit, bool] | None:
        head, _, method = name.partition(".")
        if not method and head in self.names.functions:
            return self.unit(self.names.functions[head], head, None), False
        if head in self.names.classes and "." not in method:
            return self._method(head, method or "__init__", set())
        return None

    def property(self, qualified: str) -> Unit | None:
        """The function behind a property of a class of this file."""
        owner, _, attribute = self.local(qualified).rpartition(".")
        found = self._method(owner, attribute, set(), computed=True)
        return None if found is None else found[0]

    def _method(self, owner: str, name: str, tried: set[str], *, computed: bool = False) -> tuple[Unit, bool] | None:
        if owner in tried or owner not in self.names.classes:
            return None
        tried.add(owner)
        node = self.names.classes[owner]
        method = self.methods(node).get(name)
        if method is not None:
            decorators = {d.id for d in method.decorator_list if isinstance(d, ast.Name)}
            if ("property" in decorators) is not computed:
                return None
            return self.unit(method, f"{owner}.{name}", owner), "staticmethod" not in decorators
        for base in node.bases:
            for qualified in self.names.qualified(base):
                found = self._method(self.local(qualified), name, tried, computed=computed)
                if found is not None:
                    return found
        return None

    def methods(self, node: ast.ClassDef) -> dict[str, FunctionNode]:
        """The methods that a class defines itself; of two with one name the first."""
        if node not in self._methods:
            functions = [s for s in node.body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))]
            self._methods[node] = {each.name: each for each in reversed(functions)}
        return self._methods[node]

    def unit(self, node: FunctionNode, symbol: str, owner: str | None) -> Unit:
        """The unit of a function: the one that is known, or a new one."""
        return self.units.setdefault(node, Unit(node, symbol, owner))

    def outer_bases(self, owner: str) -> Iterator[str]:
        """The qualified names, outside this file, that a class of it and its bases in it have for bases."""
        waiting, seen = [owner], {owner}
        while waiting:
            for base in self.names.classes[waiting.pop()].bases:
                for qualified in self.names.qualified(base):
                    local = self.local(qualified)
                    if local not in self.names.classes:
                        yield qualified
                    elif local not in seen:
                        waiting.append(local)
                        seen.add(local)

    def field_types(self, owner: str, attribute: str) -> tuple[str, ...]:
        """The classes that a field of a class of this file may be of; empty when its makers differ or are unknown."""
        name = self.local(owner)
        if name not in self._makers:
            node = self.names.classes.get(name)
            self._makers[name] = {} if node is None else field_makers(node)
        maker = self._makers[name].get(attribute)
        return () if maker is None else self.catalogue.result_types(self.names.qualified(maker))
