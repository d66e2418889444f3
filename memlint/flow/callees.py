"""What the catalogue says of a callee by its names alone, found once a file."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from memlint.catalogue.model import Acquire, Catalogue
from memlint.flow.values import Result, Symbol

CONTAINERS = frozenset(
    {
        "builtins.list", "builtins.set", "builtins.dict", "builtins.tuple", "builtins.sorted", "builtins.reversed",
        "collections.deque", "collections.OrderedDict", "collections.defaultdict", "builtins.frozenset",
    }
)  # fmt: skip
PARTIAL = "functools.partial"
SAME = frozenset({"builtins.int", "operator.index"})
"""What gives a descriptor back as it was."""
SAME_PATH = frozenset(
    {"pathlib.Path", "builtins.str", "os.fspath", "os.fsdecode", "os.fsencode", "os.path.abspath", "os.path.realpath"}
)
"""What gives a path in another form."""
_SPECIAL = CONTAINERS | SAME | SAME_PATH | {PARTIAL, "typing.cast"}


@dataclass(frozen=True, slots=True)
class Callee:
    """A callee, by the qualified names that it may have."""

    resolved: tuple[str, ...]
    """The names in the catalogue's spelling."""
    listed: bool
    """Whether the catalogue, or this module, knows one of them."""
    through: str
    """The module that hands on another's names: ``compat.urllib.request``."""
    methods: tuple[Acquire, ...]
    """The entries by the last word of the name that believe in that module."""
    known: Result | None
    """What is known of the result, by class only."""

    @property
    def result(self) -> Result:
        """What it gives."""
        return self.known or Result(Symbol(self.resolved))


def callee_of(catalogue: Catalogue, names: tuple[str, ...], word: str) -> Callee:
    """The callee that has these names, the last word of which is ``word``."""
    resolved = tuple([catalogue.resolve(name) for name in names])
    through = names[0].rpartition(".")[0]
    known = next((catalogue.returns[name].type for name in resolved if name in catalogue.returns), None)
    return Callee(
        resolved,
        any(name in _SPECIAL or any(name in each for each in _listings(catalogue)) for name in resolved),
        through,
        tuple(e for e in catalogue.methods.get(word, ()) if not e.receiver and believed(through, e.receivers)),
        None if known is None else Result(Symbol((known,))),
    )


def _listings(catalogue: Catalogue) -> tuple[Container[str], ...]:
    return (
        catalogue.noreturns, catalogue.releases, catalogue.acquires, catalogue.borrows, catalogue.transfers,
        catalogue.suppresses, catalogue.quiets,
    )  # fmt: skip


def believed(receiver: str, receivers: tuple[str, ...]) -> bool:
    """Whether the name of a receiver is one of those that an entry believes; ``*`` believes any."""
    words = receiver.lower().split(".")
    return "*" in receivers or words[-1].strip("_") in {r.lower().strip("_") for r in receivers}
