"""What the statements of a function say by themselves, before anything is followed."""

from __future__ import annotations

import ast
from collections.abc import Callable

from memlint.catalogue.model import Kind
from memlint.cfg.graph import CodeNode, FunctionNode
from memlint.flow.callees import believed
from memlint.flow.raising import LOGGERS, QUIET_METHODS
from memlint.source.walk import children, walk

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def starred(node: CodeNode, parameter: str) -> bool:
    """Whether a parameter takes all remaining positional arguments."""
    arguments = getattr(node, "args", None)
    return arguments is not None and arguments.vararg is not None and arguments.vararg.arg == parameter


def mentions(node: ast.AST, word: str) -> bool:
    """Whether a name or an attribute below a node is ``word``."""
    return any(
        word == (each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", None)) for each in walk(node)
    )


def abstract(node: CodeNode) -> bool:
    """A method that says only what others must do: a text, and then nothing or ``raise NotImplementedError``."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    if not body:
        return True
    match body:
        case [ast.Raise(exc=ast.Name(id="NotImplementedError") | ast.Call(func=ast.Name(id="NotImplementedError")))]:
            return True
        case [ast.Expr(value=ast.Constant(value=value))]:
            return value is ...
    return False


def never_returns(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A function that ends in ``raise`` and has no other statement that could leave it."""
    if not isinstance(node.body[-1], ast.Raise) or node.decorator_list:
        return False
    return not any(isinstance(each, (ast.Return, ast.Yield, ast.YieldFrom)) for each in walk(node))


def only_uses(function: ast.AST, name: str, kind: Kind) -> bool:
    """Whether the functions inside ``function`` that mention a variable do no more than call its methods.

    One that could release it, give it away or bind it may be its owner.
    """
    ends = {*kind.release, *kind.detach}
    for nested in walk(function):
        if nested is function or not isinstance(nested, (*_FUNCTIONS, ast.ClassDef)):
            continue
        if isinstance(nested, ast.ClassDef) and mentions(nested, name):
            return False
        inside = list(walk(nested))
        used = {
            id(each.value)
            for each in inside
            if isinstance(each, ast.Attribute) and each.attr not in ends and isinstance(each.value, ast.Name)
        }
        for each in inside:
            if isinstance(each, ast.Name) and each.id == name and id(each) not in used:
                return False
            if isinstance(each, ast.Nonlocal) and name in each.names:
                return False
    return True


_HARMLESS = QUIET_METHODS - {
    "acquire", "release", "close", "aclose", "terminate", "kill", "disconnect", "stop",
}  # fmt: skip
"""Without those that begin or end something: what does that is looked at with care."""
_MAY_FAIL = (
    ast.Raise, ast.Await, ast.Yield, ast.YieldFrom, ast.With, ast.AsyncWith, ast.AsyncFor, ast.Import, ast.ImportFrom,
)  # fmt: skip


def harmless(function: FunctionNode, quiet: Callable[[ast.expr], bool | None]) -> bool:
    """Whether nothing in a function's own statements may raise, as far as the default level goes.

    ``quiet`` says it of a callee by its qualified name, and None of one that has none.
    """
    if function.decorator_list:
        return False
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.With) and all(_suppresses(item.context_expr) for item in node.items):
            continue
        if isinstance(node, _MAY_FAIL):
            return False
        if isinstance(node, ast.Try) and any(map(_catches_all, node.handlers)):
            waiting += [*node.handlers, *node.orelse, *node.finalbody]
            continue
        if isinstance(node, ast.Call) and not _quiet_call(node, quiet(node.func)):
            return False
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            waiting += children(node)
    return True


_BROAD = frozenset({"BaseException", "EnvironmentError", "Exception", "IOError", "OSError"})
"""Classes whose handler has thought of failure."""


def _catches_all(handler: ast.ExceptHandler) -> bool:
    """Whether a handler is believed to see everything that a call can raise."""
    return handler.type is None or _is_broad(handler.type)


def _suppresses(entered: ast.expr) -> bool:
    """Whether a block swallows everything that a call can raise, as far as one believes."""
    match entered:
        case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=named):
            return any(map(_is_broad, named))
    return False


def _is_broad(named: ast.expr) -> bool:
    classes = named.elts if isinstance(named, ast.Tuple) else [named]
    return any(isinstance(each, ast.Name) and each.id in _BROAD for each in classes)


def _quiet_call(call: ast.Call, quiet: bool | None) -> bool:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            bare = not call.args and not call.keywords and name[:1].isupper() and not name.isupper()
        case _:
            return False
    if isinstance(call.func, ast.Attribute) and believed(ast.unparse(call.func.value), LOGGERS):
        return True
    if bare or quiet is not None:
        return bare or bool(quiet)
    return isinstance(call.func, ast.Attribute) and (name in _HARMLESS or name.startswith(("is_", "has_")))
