"""Resources that leave a function inside what was opened over them."""

from __future__ import annotations

import ast

from memlint.flow.sites import Outcome, SiteRecord

_OPENING = ("from_", "load", "make", "open", "read", "wrap")
"""First words of functions whose result goes on reading from what it was given."""


def carried_out(function: ast.AST, record: SiteRecord, outcome: Outcome) -> bool:
    """Whether the path returns what a callee opened over the resource: ``image = open_image(f); return image``."""
    if not isinstance(outcome.node, ast.Return) or not isinstance(outcome.node.value, ast.Name):
        return False
    returned = outcome.node.value.id
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=func, args=arguments)) if name == returned:
                word = (func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")).lstrip("_")
                given = any(isinstance(each, ast.Name) and each.id == record.subject for each in arguments)
                if given and (word.startswith(_OPENING) or word[:1].isupper()):
                    return True
    return False
