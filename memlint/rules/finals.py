"""Whether a ``finally`` may release what its own ``try`` binds, told from the bytes of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from memlint.source.calls import Calls, calls_of

_FIRST = re.compile(rb"[ \t\f]*:(?:[ \t\f]*+(?:#[^\r\n]*+)?[\r\n])*+[ \t\f]*")
"""What stands between ``finally`` and its first statement."""
_NO_EXPRESSION = re.compile(
    rb"(?:assert|async|break|class|continue|def|del|for|from|global|if|import|nonlocal|pass|raise|return|try|while|with)\b"
    rb"|[\w.]+[ \t]*(?:\[[^\]\r\n]*\][ \t]*)?(?:[-+*/|&%^@]|//|\*\*|<<|>>)?=(?!=)"
)
"""The beginning of a statement that is no expression."""
_STATEMENT = re.compile(
    rb"(?<=[\r\n])[ \t\f]*(?:assert|break|class|continue|def|del|elif|except|finally|global|import|nonlocal|pass|raise"
    rb"|return|try|while|with)\b"
)
"""A line whose first word begins a statement: no line of an expression begins with it."""
_SPANNING = re.compile(rb"\"{3}|'{3}|\\")
"""What stands in every string of more than one line."""
_GAP = rb"(?:[\s\\)]|#[^\r\n]*+)*+"
"""What may stand between a name and its dot, a dot and its method, a method and its parenthesis."""
_CALLED = re.compile(rb"[ \t]*\(")
_ASSIGNED = re.compile(rb"=[\s\\(]*(?:\w+[\s\\)]*\.[\s\\]*)*\Z")
_DEFINES = re.compile(rb"\b(?:import|def|class)\b[^\r\n]*\Z")


@dataclass(frozen=True)
class ReleasedInFinally:
    """A ``finally`` that begins with expressions, one of which releases a name that stands in its ``try``."""

    methods: tuple[str, ...]
    """Methods that release what they are called on."""
    functions: tuple[str, ...]
    """Qualified names of functions that release their first argument."""

    def search(self, data: bytes, /) -> bool:
        """Whether there may be one."""
        if b"finally" not in data:
            return False
        calls = calls_of(data)
        imported = not self._modules.isdisjoint(calls.roots)
        if imported and any(word in calls.renamed or _assigned(calls, word) for word in self._words):
            return True
        return any(self._releases(calls, at, imported) for at in calls.places(b"finally"))

    def _releases(self, calls: Calls, at: int, imported: bool) -> bool:
        data = calls.data
        indent = data[data.rfind(b"\n", 0, at) + 1 : at]
        first = _FIRST.match(data, at + len(b"finally"))
        if indent.strip(b" \t") or first is None:
            # in a comment or a string, or not written as anybody would
            return not calls.quoted.covers(at)
        if _NO_EXPRESSION.match(data, first.end()):
            return False
        end = _end(calls, first.end())
        names = {*self._called.findall(data, first.end(), end)}
        if imported:
            names.update(self._given.findall(data, first.end(), end))
        if not names:
            return False
        bodies = _bodies(calls, at, indent)
        return any(_may_bind(name, body) for body in bodies for name in names) and not calls.quoted.covers(at)

    @cached_property
    def _modules(self) -> frozenset[bytes]:
        return frozenset(each.partition(".")[0].encode() for each in self.functions)

    @cached_property
    def _words(self) -> frozenset[bytes]:
        return frozenset(each.rpartition(".")[2].encode() for each in self.functions)

    @cached_property
    def _called(self) -> re.Pattern[bytes]:
        """A method that releases, with the name on which it is called."""
        methods = "|".join(self.methods).encode()
        return re.compile(rb"(?<![\w.])(\w+)%b\.%b(?:%b)\b%b\(" % (_GAP, _GAP, methods, _GAP))

    @cached_property
    def _given(self) -> re.Pattern[bytes]:
        """A function that releases, with the name that it is given."""
        return re.compile(rb"(?<!\w)(?:%b)%b\([\s\\(]*(\w+)" % (b"|".join(self._words), _GAP))


def _assigned(calls: Calls, word: bytes) -> bool:
    """Whether a function is given another name by an assignment."""
    data = calls.data
    return any(
        _CALLED.match(data, at + len(word)) is None and _ASSIGNED.search(data, max(0, at - 80), at)
        for at in calls.places(word)
    )


def _end(calls: Calls, start: int) -> int:
    """Where the expressions that begin at ``start`` have ended at the latest."""
    data = calls.data
    for found in _STATEMENT.finditer(data, start):
        if _SPANNING.search(data, start, found.start()) is None or not calls.quoted.covers(found.end() - 1):
            return found.start()
    return len(data)


def _bodies(calls: Calls, at: int, indent: bytes) -> Iterator[bytes]:
    """What stands between a ``finally`` and its ``try``; more than one text where a string says ``try`` too."""
    data, head = calls.data, b"\n" + indent + b"try"
    found = data.rfind(head, 0, at)
    yield data[max(found, 0) : at]
    while found >= 0 and calls.quoted.covers(found + len(head) - 1):
        found = data.rfind(head, 0, found)
        yield data[max(found, 0) : at]


def _may_bind(name: bytes, body: bytes) -> bool:
    """Whether a name may be bound somewhere in a text: what is called, read from or indexed is not bound."""
    for found in re.finditer(rb"(?<![\w.])%b(?!\w)[ \t]*([.(\[]?)" % name, body):
        if not found.group(1) or _DEFINES.search(body[: found.start()]):
            return True
    return False
