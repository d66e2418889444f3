"""A method that closes an object forgets one of its resources: release that, too."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.lifetime import own
from memlint.fixes.proposal import Finally, Proposal, Refused, Wrap
from memlint.flow.owners import FieldLoss


def propose(case: Case) -> Proposal:
    """Release the field whatever else the method does.

    Raises:
        Refused: the method is not in the class of the finding, or does nothing so far.
    """
    loss = _loss(case)
    kind = loss.record.site.kind
    owner = next((each for each in case.places.around(loss.record.site.node) if isinstance(each, ast.ClassDef)), None)
    name = (loss.closer or "").rpartition(".")[2].removesuffix("()")
    method = next((each for each in owner.body if getattr(each, "name", None) == name), None) if owner else None
    if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) or not kind.release:
        raise Refused("the method that closes stands somewhere else")
    if kind.awaited_release and isinstance(method, ast.FunctionDef):
        raise Refused("the release must be awaited")
    begins = 1 if ast.get_docstring(method) is not None else 0
    body = tuple(method.body[begins:])
    if not body or any(isinstance(node, (ast.Yield, ast.YieldFrom)) for each in body for node in own(each)):
        raise Refused("the method that closes does nothing so far")
    text = f"{'await ' if kind.awaited_release else ''}{loss.field}.{kind.release[0]}()"
    return Proposal(f"Release it in {name}()", (Wrap(body, Finally(text)),),
                    ("the field may not be there yet, or may be released by somebody else",))  # fmt: skip


def _loss(case: Case) -> FieldLoss:
    for loss in case.analysis.fields:
        if case.source.span(loss.record.site.node) == case.finding.span:
            return loss
    raise Refused("the field is not known")
