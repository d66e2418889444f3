"""A cached property keeps its value on the instance instead of the instance in a cache."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.proposal import Proposal, Refused, RemoveDecorator, ReplaceExpression


def propose(case: Case) -> Proposal:
    """``@property`` over ``@cache`` becomes ``@functools.cached_property``.

    Raises:
        Refused: the method is no property, or its class has no room for the value.
    """
    decorator = case.places.at(case.finding.span, ast.expr)
    method = case.places.parent(decorator)
    if not isinstance(method, ast.FunctionDef) or len(method.decorator_list) != 2:
        raise Refused("the method is no property")
    outer = method.decorator_list[0]
    if not (isinstance(outer, ast.Name) and outer.id == "property" and method.decorator_list[1] is decorator):
        raise Refused("the method is no property")
    owner = case.places.parent(method)
    if isinstance(owner, ast.ClassDef) and any("__slots__" in ast.unparse(each) for each in owner.body):
        raise Refused("the class has __slots__")
    spelled, operations = case.spelled("functools.cached_property")
    changes = (*operations, ReplaceExpression(outer, spelled), RemoveDecorator(method, decorator))
    return Proposal("Cache the value on the instance", changes,
                    ("equal instances share no value any more", "the value can be assigned and deleted"))  # fmt: skip
