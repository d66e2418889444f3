"""Locks that one function takes and another gives back."""

from __future__ import annotations

import ast

from memlint.source.walk import walk

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def released_by_others(module: ast.Module, function: ast.AST, subject: str | None) -> bool:
    """Whether somebody else gives back what a function takes.

    A function that releases the lock and never takes it is the counterpart of one that takes it; and a semaphore that
    begins with nothing is a signal, which its waiter waits for and its sender gives.
    """
    if subject is None:
        return False
    word = subject.rpartition(".")[2]
    for each in walk(module):
        if isinstance(each, _FUNCTIONS) and each is not function:
            asked = {name for node in walk(each) if (name := _asked_of(node, word))}
            if "release" in asked and "acquire" not in asked and not any(inner is function for inner in walk(each)):
                return True
    return any(_begins_with_nothing(node, subject) for node in walk(module))


def _asked_of(node: ast.AST, word: str) -> str | None:
    """The method that a step calls on something whose last name is ``word``."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=name) | ast.Name(id=name), attr=method)):
            return method if name == word else None
    return None


def _begins_with_nothing(node: ast.AST, subject: str) -> bool:
    """Whether a statement makes the subject a semaphore without places: ``done = Semaphore(0)``."""
    match node:
        case ast.Assign(targets=[target], value=ast.Call(args=[ast.Constant(value=0)])):
            return ast.unparse(target) == subject
        case ast.Assign(targets=[target], value=ast.Call(args=[], keywords=[ast.keyword(value=ast.Constant(value=0))])):
            return ast.unparse(target) == subject
    return False
