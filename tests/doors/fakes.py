"""Rules that need no analysis: they report every call of one function, so that doors are tested apart from it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from memlint.findings import Finding, Severity, Step, StepKind
from memlint.flow.analysis import Analysis
from memlint.rules import Default


class Opened:
    """Reports ``open(...)`` with a witness of three steps."""

    code: ClassVar[str] = "MEM101"
    name: ClassVar[str] = "unreleased-resource"
    summary: ClassVar[str] = "A resource is acquired and lost."
    severity: ClassVar[Severity] = Severity.ERROR
    default: ClassVar[Default] = Default.ON
    function: ClassVar[str] = "open"

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        source = analysis.source
        for statement in ast.walk(source.tree):
            if isinstance(statement, ast.With):
                nodes = [node for item in statement.items for node in ast.walk(item.context_expr)]
            elif isinstance(statement, ast.stmt) and not hasattr(statement, "body"):
                nodes = list(ast.walk(statement))
            else:
                continue
            for node in nodes:
                if isinstance(node, ast.Call) and ast.unparse(node.func) == self.function:
                    span = source.span(node)
                    last = source.span(source.tree.body[-1])
                    yield Finding(
                        self.code,
                        source.path,
                        span,
                        f"`{ast.unparse(statement)[:20].split()[0]}` acquired here is not released",
                        self.severity,
                        "<module>",
                        (
                            Step(StepKind.ACQUIRE, span, "acquired here"),
                            Step(StepKind.LEAVE, last, "leaves the module"),
                        ),
                        statement=None if isinstance(statement, ast.With) else source.span(statement),
                    )


class Family(Opened):
    """Off by default: reports ``open_new(...)``."""

    code = "MEM401"
    name = "prefer-with"
    default = Default.OFF
    severity = Severity.NOTE
    function = "socket.socket"


class Preview(Opened):
    """A preview: reports ``os.open(...)``."""

    code = "MEM201"
    name = "unbounded-queue"
    default = Default.PREVIEW
    severity = Severity.WARNING
    function = "os.open"


class Broken(Opened):
    """Fails on programs that mention ``explode``."""

    code = "MEM199"
    name = "broken"

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        if "explode" in analysis.source.text:
            raise ZeroDivisionError("division by\nzero")
        if "exhaust" in analysis.source.text:
            self._descend()
        if "kill" in analysis.source.text:
            import os

            os._exit(9)
        yield from ()

    def _descend(self) -> None:
        self._descend()


FAKES = (Opened(), Preview(), Family())
CODES = [rule.code for rule in FAKES]
