"""A class that can be closed can be used in ``with``."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.proposal import InsertAfter, Proposal, Refused


def propose(case: Case) -> Proposal:
    """Add ``__enter__`` and ``__exit__``, or their asynchronous twins, behind the method that closes.

    Raises:
        Refused: the method takes more than the object.
    """
    method = case.places.at(case.finding.span, ast.stmt)
    if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)):
        raise Refused("it is no method")
    owner = case.places.parent(method)
    arguments = [*method.args.posonlyargs, *method.args.args]
    if not isinstance(owner, ast.ClassDef) or len(arguments) != 1 or method.args.kwonlyargs or method.decorator_list:
        raise Refused("the method that closes takes more than the object")
    asynchronous = isinstance(method, ast.AsyncFunctionDef)
    letter, word, wait = ("a", "async ", "await ") if asynchronous else ("", "", "")
    me, typed = arguments[0].arg, method.returns is not None
    gives = f' -> "{owner.name}"' if typed else ""
    error, ends = (": object", " -> None") if typed else ("", "")
    text = (
        f"{word}def __{letter}enter__({me}){gives}:\n    return {me}\n\n"
        f"{word}def __{letter}exit__({me}, *exc_info{error}){ends}:\n    {wait}{me}.{method.name}()"
    )
    return Proposal("Let it be used in a with block", (InsertAfter(method, text, blank=1),))
