"""Writes the smallest programs that use a catalogue entry: one that loses, one that releases, one that lends."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from memlint.catalogue import load
from memlint.catalogue.model import Acquire, Category, Condition, Context, Kind
from memlint.engine import Checker
from memlint.findings import Finding
from memlint.settings import Settings

CATALOGUE = load(plugins=False)
_PATH = "/elsewhere/use.py"
"""Outside any project: what is known must come from the catalogue, also for our own packages."""
_CHECKER = Checker(Settings(preview=True, extend_ignore=("MEM6",)), catalogue=CATALOGUE)
"""What grows on disk is told from the call alone, whatever becomes of its result."""


@dataclass(frozen=True)
class Program:
    """A module with one marked line, and the findings on that line."""

    text: str

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is reported on the line marked ``# here``."""
        line = next(number for number, text in enumerate(self.text.splitlines(), 1) if text.endswith("# here"))
        result = _CHECKER.check_bytes(self.text.encode(), _PATH)
        assert result.failure is None, result.failure
        return tuple(one for one in result.findings if one.span.line == line)

    def __str__(self) -> str:
        return self.text


def function(body: str, imports: set[str], parameters: str = "") -> Program:
    """A module that imports modules and has one asynchronous function with that body."""
    head = "".join(f"import {name}\n" for name in sorted(imports))
    return Program(f"{head}\nasync def use({parameters}):\n{textwrap.indent(body, '    ')}")


def module_of(call: str) -> str:
    """What to import for a qualified name: everything before its first capitalised or its last part."""
    parts = call.split(".")
    upper = next((index for index, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
    return ".".join(parts[: max(1, min(upper, len(parts) - 1))])


def spelled(call: str) -> str:
    """A builtin without its module; everything else as it is."""
    return call.removeprefix("builtins.")


@dataclass(frozen=True)
class Acquisition:
    """How to write one call of an acquire entry."""

    entry: Acquire
    kind: Kind
    call: str

    @property
    def imports(self) -> set[str]:
        """The modules that the program needs."""
        needed = set() if self.entry.receivers else {module_of(self.call)}
        return needed | {name.rpartition(".")[0] for name in self.kind.release_by[:1]}

    @property
    def parameters(self) -> str:
        """The function's parameters: the receiver of a bare method."""
        return f"{self.entry.receivers[0]}, x" if self.entry.receivers else "x"

    @property
    def names(self) -> list[str]:
        """The variables that hold what is acquired."""
        if self.entry.receiver:
            return ["owner" if not self.entry.receivers else self.entry.receivers[0]]
        positions = self.entry.positions
        return ["held"] if positions is None else [f"held{position}" for position in positions]

    @property
    def statement(self) -> str:
        """The acquiring statement, marked."""
        awaited = "await " if self.entry.awaited else ""
        if self.entry.receiver:
            method = self.call.rpartition(".")[2]
            return f"{awaited}{self.names[0]}.{method}()  # here"
        on = f"{self.entry.receivers[0]}." if self.entry.receivers else ""
        value = f"{awaited}{on}{spelled(self.call)}({self.arguments})"
        return f"{self._targets} = {value}  # here"

    @property
    def before(self) -> str:
        """What must be there first: the object whose method makes it owe."""
        if self.entry.receiver and not self.entry.receivers:
            return f"owner = {spelled(self.call.rpartition('.')[0])}()\n"
        return ""

    @property
    def _targets(self) -> str:
        if self.entry.positions is None:
            return "held"
        count = max(2, max(self.entry.positions) + 1)
        return ", ".join(f"held{index}" if index in self.entry.positions else "_" for index in range(count))

    @property
    def arguments(self) -> str:
        """Arguments that satisfy the entry's conditions, and something that owes for it to wrap."""
        given = [f"{one.argument}={_value(one)}" for one in self.entry.when]
        if self.entry.passive:
            given.insert(0, 'open("x")')
        return ", ".join(given)

    def losing(self) -> Program:
        """Acquires in a loop or not, and forgets it."""
        if self.kind.category is Category.WORKER and self.kind.context is Context.NONE:
            body = f"for _ in x:\n{textwrap.indent(self.before + self.statement, '    ')}\n"
        else:
            body = f"{self.before}{self.statement}\n"
        return function(body, self.imports, self.parameters)

    def releasing(self, way: str) -> Program:
        """Acquires and releases every item at once, each in the ``finally`` of the one before."""
        body = ""
        for name in reversed(self.names):
            release = way.format(name=name)
            body = f"try:\n    {release}\nfinally:\n{textwrap.indent(body, '    ')}" if body else f"{release}\n"
            body += "".join(f"{name}.{method}()\n" for method in self.entry.also if f".{method}(" not in way)
        return function(f"{self.before}{self.statement}\n{body}", self.imports, self.parameters)

    def entering(self) -> Program | None:
        """Enters the call itself, where the kind is a block."""
        if self.entry.positions is not None or self.entry.receiver:
            return None
        on = f"{self.entry.receivers[0]}." if self.entry.receivers else ""
        call = f"{on}{spelled(self.call)}({self.arguments})"
        if Context.RELEASES is self.kind.async_context:
            word = "async with await" if self.entry.awaited else "async with"
        elif Context.RELEASES is self.kind.context and not self.entry.awaited:
            word = "with"
        else:
            return None
        return function(f"{word} {call} as held:  # here\n    held.use(x)\n", self.imports, self.parameters)

    def ways(self) -> Iterator[str]:
        """Every way to release one, as statements with ``{name}`` for the variable."""
        awaited = "await " if self.kind.awaited_release else ""
        yield from (f"{awaited}{{name}}.{method}()" for method in self.kind.release)
        yield from (f"{call}({{name}})" for call in self.kind.release_by[:1])
        if self.kind.context is Context.RELEASES:
            yield "with {name}: pass"
        if self.kind.async_context is Context.RELEASES:
            yield "async with {name}: pass"
        if self.kind.exhausted:
            yield "for _ in {name}: pass"
        yield from (f"{{name}}.{attribute} = True" for attribute in self.kind.release_on_set)
        if self.kind.category is Category.TASK:
            yield "await {name}"


def _value(condition: Condition) -> str:
    return repr(condition.values[0]) if condition.values else "x"
