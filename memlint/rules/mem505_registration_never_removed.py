"""MEM505 registration-never-removed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from memlint.findings import Severity
from memlint.flow.analysis import Analysis
from memlint.rules.definitions import Definitions, Function, FunctionNode, StructureRule, definitions, own_nodes

_FINALIZERS = frozenset({"weakref.finalize"})
_AT_EXIT = frozenset({"atexit.register"})


class RegistrationNeverRemoved(StructureRule):
    """A method registers its own instance with something that lives as long as the process."""

    code = "MEM505"
    name = "registration-never-removed"
    summary = "Every instance is registered with something that lives as long as the process."
    severity = Severity.WARNING
    trigger = re.compile(rb"\batexit\b|\bweakref\b|\baddHandler\b")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a registering call in a method."""
        found = definitions(analysis.source)
        mentioned: set[str] | None = None
        for function in found.functions:
            if function.owner is None:
                continue
            for node in own_nodes(function.node):
                if not isinstance(node, ast.Call):
                    continue
                message = _message(node, function, found)
                if message is None:
                    continue
                if mentioned is None:
                    tree = analysis.source.tree
                    mentioned = {each.attr for each in ast.walk(tree) if isinstance(each, ast.Attribute)}
                    mentioned |= {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
                undone_by, text = message
                if undone_by not in mentioned:
                    yield function.symbol, node, text


def _message(node: ast.Call, function: Function, found: Definitions) -> tuple[str, str] | None:
    """What would undo a registration, and what to say of it; None when the call is none."""
    names = set(found.names.qualified(node.func))
    receiver = function.receiver
    if names & _FINALIZERS and receiver is not None and len(node.args) >= 2 and _is(node.args[0], receiver):
        kept = (*node.args[1:], *(keyword.value for keyword in node.keywords))
        if any(_holds(argument, receiver, function) for argument in kept):
            return "", f"`{receiver}` is kept by its own finalizer, and never collected"
    if function.node.name != "__init__":
        return None
    held = receiver is not None and any(_holds(argument, receiver, function) for argument in node.args)
    if names & _AT_EXIT and held:
        return "unregister", f"`atexit` keeps every `{_owner(function)}` until the process ends"
    if _adds_handler(node, found) and not _guarded(function):
        return "removeHandler", f"`{_owner(function)}` adds a handler to a logger that outlives each instance"
    return None


def _owner(function: Function) -> str:
    return function.owner.name if function.owner is not None else "instance"


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _holds(node: ast.expr, receiver: str, function: Function) -> bool:
    """Whether an argument keeps the instance: itself, a bound method, or a lambda or partial over it."""
    match node:
        case ast.Name(id=name):
            return name == receiver
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return name == receiver and _is_method(attribute, function)
        case ast.Lambda(body=body):
            return any(_is(each, receiver) for each in ast.walk(body) if isinstance(each, ast.expr))
        case ast.Call(func=func, args=arguments):
            called = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            return called == "partial" and any(_holds(argument, receiver, function) for argument in arguments)
    return False


def _is_method(name: str, function: Function) -> bool:
    """Whether the class defines an instance method of this name: taken from an instance, it holds the instance."""
    for statement in function.owner.body if function.owner is not None else ():
        if isinstance(statement, FunctionNode) and statement.name == name:
            names = {each.id for each in statement.decorator_list if isinstance(each, ast.Name)}
            return not names & {"staticmethod", "classmethod", "property", "cached_property"}
    return False


def _adds_handler(node: ast.Call, found: Definitions) -> bool:
    """``logging.getLogger(...).addHandler(handler)``, at once or through a name of the module."""
    match node.func:
        case ast.Attribute(value=ast.Call(func=func), attr="addHandler"):
            return "logging.getLogger" in found.names.qualified(func)
        case ast.Attribute(value=ast.Name(id=name), attr="addHandler"):
            return any(
                isinstance(statement, ast.Assign)
                and isinstance(statement.value, ast.Call)
                and "logging.getLogger" in found.names.qualified(statement.value.func)
                and any(_is(target, name) for target in statement.targets)
                for statement in found.tree.body
            )
    return False


def _guarded(function: Function) -> bool:
    """Whether the method looks at the handlers that are there before it adds one."""
    looks = ("handlers", "hasHandlers")
    return any(isinstance(node, ast.Attribute) and node.attr in looks for node in own_nodes(function.node))
