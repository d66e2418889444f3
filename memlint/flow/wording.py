"""How messages name a piece of syntax."""

from __future__ import annotations

import ast

_WIDTH = 32


def shortened(node: ast.AST) -> str:
    """The source of an acquiring call, cut to a width that leaves room for the message."""
    text = ast.unparse(node) if isinstance(node, ast.expr) else ""
    return text if len(text) <= _WIDTH else call_text(node)


def cut(text: str) -> str:
    """The source of a test, cut to a width that a witness has room for."""
    return text if len(text) <= 40 else f"{text[:37]}..."


def call_text(node: ast.AST) -> str:
    """A call as messages name it: ``json.load()``; long chains are cut from the left."""
    if isinstance(node, ast.Call):
        return f"{_dotted(node.func)}()"
    return _dotted(node)


def last_word(node: ast.expr) -> str:
    """The last name of a callee."""
    match node:
        case ast.Attribute(attr=name):
            return name
        case ast.Name(id=name):
            return name
        case _:
            return ""


def _dotted(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=base, attr=attribute):
            return f"{_dotted(base)}.{attribute}"
        case ast.Call(func=func):
            return f"{_dotted(func)}()"
        case ast.Subscript(value=base):
            return f"{_dotted(base)}[...]"
        case ast.Await(value=value):
            return _dotted(value)
        case _:
            return "..."
