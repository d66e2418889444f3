"""MEM403 exit-swallows-exceptions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from memlint.findings import Severity
from memlint.flow.analysis import Analysis
from memlint.rules.definitions import FunctionNode, StructureRule, definitions, own_nodes

_MEANT = (
    "assert", "captur", "catch", "expect", "ignor", "quiet", "raises", "retry", "safe", "silen", "suppress", "swallow",
)  # fmt: skip
"""Parts of class names that say so."""


class ExitSwallowsExceptions(StructureRule):
    """An ``__exit__`` whose every answer is true."""

    code = "MEM403"
    name = "exit-swallows-exceptions"
    summary = "An __exit__ always answers True, so no exception leaves its block."
    severity = Severity.WARNING
    trigger = re.compile(rb"__a?exit__\b")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a method, at its first ``return``."""
        for function in definitions(analysis.source).functions:
            name, owner = function.node.name, function.owner
            if name not in ("__exit__", "__aexit__") or owner is None:
                continue
            if any(part in owner.name.lower() for part in _MEANT):
                continue
            answers = [node for node in own_nodes(function.node) if isinstance(node, ast.Return)]
            answers.sort(key=lambda answer: answer.lineno)
            if not isinstance(function.node.body[-1], ast.Return) or not all(_true(each.value) for each in answers):
                continue
            if not any(_asks(node, function.node) for node in own_nodes(function.node)):
                message = f"`{name}` always answers True: no exception leaves a block of `{owner.name}`"
                yield function.symbol, answers[0], message


def _true(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is True


def _asks(node: ast.AST, function: FunctionNode) -> bool:
    """Whether the method looks at the exception that it is given."""
    arguments = function.args
    given = {a.arg for a in (*arguments.posonlyargs, *arguments.args)[1:]}
    if arguments.vararg is not None:
        given.add(arguments.vararg.arg)
    return isinstance(node, ast.Name) and node.id in given and isinstance(node.ctx, ast.Load)
