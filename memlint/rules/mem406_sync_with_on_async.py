"""MEM406 sync-with-on-async."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from memlint.findings import Finding, Severity
from memlint.flow.analysis import Analysis
from memlint.rules.definitions import Definitions, StructureRule, definitions, own_statements
from memlint.rules.losses import finding_at
from memlint.rules.rule import Default
from memlint.rules.triggers import WrongBlock

_ASYNC = frozenset({
    "asyncio.BoundedSemaphore", "asyncio.Condition", "asyncio.Lock", "asyncio.Semaphore", "asyncio.TaskGroup",
    "asyncio.timeout", "asyncio.timeout_at", "contextlib.AsyncExitStack", "contextlib.aclosing",
})  # fmt: skip
"""What only ``async with`` can enter, and owes nothing by itself."""
_SYNC = frozenset({
    "contextlib.ExitStack", "contextlib.closing", "contextlib.redirect_stdout", "contextlib.redirect_stderr",
    "contextlib.suppress", "threading.BoundedSemaphore", "threading.Condition", "threading.Lock", "threading.RLock",
    "threading.Semaphore", "warnings.catch_warnings",
})  # fmt: skip
"""What only ``with`` can enter."""


class SyncWithOnAsync(StructureRule):
    """A block of the wrong colour: it fails as soon as it is reached."""

    code: ClassVar[str] = "MEM406"
    name: ClassVar[str] = "sync-with-on-async"
    summary: ClassVar[str] = "A with block enters what only async with can enter, or the other way round."
    severity: ClassVar[Severity] = Severity.ERROR
    default: ClassVar[Default] = Default.ON
    trigger = WrongBlock(_ASYNC, _SYNC)

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding a block: those that enter a resource which is followed, then those of locks and the like."""
        for report in analysis.units:
            for record in report.records:
                if record.wrong_block is not None:
                    asynchronous = record.site.kind.async_context.value != "none"
                    message = _message(record.site.text, asynchronous)
                    yield finding_at(analysis, report, record.site.node, self.code, message, self.severity, record)
        yield from super().check(analysis)

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """The blocks around what owes nothing."""
        found = definitions(analysis.source)
        for function in found.functions_with(b"with"):
            for node in own_statements(function.node):
                if isinstance(node, (ast.With, ast.AsyncWith)):
                    wrong = _SYNC if isinstance(node, ast.AsyncWith) else _ASYNC
                    for item in node.items:
                        entered = item.context_expr
                        if _made(entered, function.owner, found) & wrong:
                            text = ast.unparse(entered)
                            yield function.symbol, entered, _message(text, isinstance(node, ast.With))


def _message(text: str, asynchronous: bool) -> str:
    right, wrong = ("async with", "with") if asynchronous else ("with", "async with")
    return f"`{text}` can be entered by `{right}` only, and stands in a `{wrong}`"


def _made(entered: ast.expr, owner: ast.ClassDef | None, found: Definitions) -> set[str]:
    """The qualified callee that made what is entered: here, at module level, or in every place that binds the field."""
    match entered:
        case ast.Call(func=func):
            return set(found.names.qualified(func))
        case ast.Name(id=name):
            return set(found.names.instance(name))
        case ast.Attribute(value=ast.Name(id="self"), attr=attribute) if owner is not None:
            makers = [set(found.names.qualified(each)) for each in _makers(owner, attribute)]
            return set.intersection(*makers) if makers else set()
    return set()


def _makers(owner: ast.ClassDef, attribute: str) -> Iterator[ast.expr]:
    """What each assignment to a field of a class calls; what is no call counts as unknown."""
    for node in ast.walk(owner):
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Attribute) and t.attr == attribute for t in targets):
                yield node.value.func if isinstance(node.value, ast.Call) else ast.Constant(None)
