"""What undoes: statements that release, put back or delete what was made or changed before."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

_UNDOES = frozenset({
    "aclose", "cancel", "cleanup", "close", "deactivate", "deregister", "destroy", "disable", "disconnect", "dispose",
    "kill", "leave", "pop", "release", "remove", "reset", "restore", "rmtree", "rollback", "shutdown", "stop",
    "teardown", "terminate", "undo", "uninstall", "unlink", "unlock", "unpatch", "unregister", "unsubscribe",
    "wait_closed",
})  # fmt: skip
"""Methods and functions that undo; whatever else follows a ``yield`` may be meant for success only."""
_RELEASES = frozenset({
    "aclose", "close", "destroy", "disconnect", "dispose", "kill", "remove", "restore", "shutdown", "stop", "teardown",
    "terminate", "unregister", "unsubscribe", "wait_closed",
})  # fmt: skip
"""Those that say it of what they are handed (``stop_server(server)``) and of what somebody else runs."""
_GIVES = re.compile(r"give|put|return|append")
_TAKES = re.compile(r"acquire|borrow|get|pop|take")
_SETTERS = frozenset({"chdir", "signal", "umask"})
_BLOCKS = (ast.If, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While, ast.Try)


def undo(statement: ast.stmt, before: Sequence[ast.AST]) -> ast.stmt | None:
    """``statement``, or the one inside it that undoes what the nodes ``before`` it made or changed."""
    if isinstance(statement, _BLOCKS):
        inner = [*statement.body, *getattr(statement, "finalbody", ())]
        return next(filter(None, (undo(each, before) for each in inner)), None)
    match statement:
        case ast.Expr(value=value):
            call = value.value if isinstance(value, ast.Await) else value
            if isinstance(call, ast.Call):
                return statement if _is_undoing(call, before) else None
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() as target], value=ast.Name(id=saved)):
            text = ast.unparse(target)
            return statement if any(_stores(node, text) for node in before) and _bound(saved, before) else None
        case ast.Delete(targets=[ast.Attribute() | ast.Subscript() as target]):
            text = ast.unparse(target)
            return statement if any(_stores(node, text) for node in before) else None
    return None


def _is_undoing(call: ast.Call, before: Sequence[ast.AST]) -> bool:
    if _name(call.func) in _UNDOES:
        return True
    handed = [each.id for each in call.args if isinstance(each, ast.Name) and _bound(each.id, before)]
    if handed and _first_word(_name(call.func)) in _RELEASES:
        return True
    return (
        any(_runs_release(each, before) for each in call.args)
        or any(_gives_back(call, name, before) for name in handed)
        or (bool(handed) and _sets_again(call, handed, before))
    )


def _runs_release(argument: ast.expr, before: Sequence[ast.AST]) -> bool:
    """Whether ``argument`` is a release that the called function runs: ``x.close``, ``x.close()``, one for each."""
    match argument:
        case ast.Starred(value=ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner)):
            return isinstance(inner, ast.Call) and _name(inner.func) in _RELEASES
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in _RELEASES
        case ast.Attribute(value=ast.Name(id=receiver), attr=name):
            return name in _RELEASES and _bound(receiver, before)
    return False


def _gives_back(call: ast.Call, name: str, before: Sequence[ast.AST]) -> bool:
    """Whether ``call`` gives ``name`` back to what it was taken from."""
    if not isinstance(call.func, ast.Attribute) or not _GIVES.match(call.func.attr):
        return False
    owner = ast.unparse(call.func.value)
    return any(
        isinstance(made.func, ast.Attribute)
        and _TAKES.match(made.func.attr) is not None
        and ast.unparse(made.func.value) == owner
        for made in _makers(name, before)
    )


def _sets_again(call: ast.Call, handed: Sequence[str], before: Sequence[ast.AST]) -> bool:
    """Whether ``call`` sets what was set before to what had been read first."""
    if _first_word(_name(call.func)) != "set" and _name(call.func) not in _SETTERS:
        return False
    text = ast.unparse(call.func)
    earlier = [node for node in before if isinstance(node, ast.Call) and ast.unparse(node.func) == text]
    used = {node.id for each in earlier for node in ast.walk(each) if isinstance(node, ast.Name)}
    return bool(earlier) and not used.issuperset(handed)


def _makers(name: str, before: Sequence[ast.AST]) -> Iterator[ast.Call]:
    for node in before:
        match node:
            case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Call() | ast.Await(value=ast.Call()) as value):
                call = value.value if isinstance(value, ast.Await) else value
                if bound == name and isinstance(call, ast.Call):
                    yield call


def _bound(name: str, before: Sequence[ast.AST]) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store) for node in before)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _first_word(name: str) -> str:
    """``stop`` of ``_stop_server`` and of ``stopServer``."""
    found = re.match(r"_*([a-z]+)", name)
    return found[1] if found else ""


def _stores(node: ast.AST, text: str) -> bool:
    return (
        isinstance(node, (ast.Attribute, ast.Subscript))
        and isinstance(node.ctx, ast.Store)
        and ast.unparse(node) == text
    )
