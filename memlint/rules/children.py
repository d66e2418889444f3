"""Child processes that are left to somebody else on purpose."""

from __future__ import annotations

import ast


def parameters(function: ast.AST) -> list[str]:
    """The names of a function's parameters; of a module there are none."""
    arguments = getattr(function, "args", None)
    if arguments is None:
        return []
    return [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


_SHOWS = frozenset({"debug", "error", "format", "info", "print", "str", "warning"})


_WRITES = frozenset({"dump", "dumps", "write", "write_bytes", "write_text"})
"""Last words of calls that leave a text for others to read."""


def _numbers(function: ast.AST, subject: str | None) -> frozenset[str]:
    """The variables that hold the number of the child."""
    return frozenset(
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and _is_number(node.value, subject, frozenset())
        for target in node.targets
        if isinstance(target, ast.Name)
    )


def _is_number(node: ast.AST, subject: str | None, numbers: frozenset[str]) -> bool:
    """Whether an expression is the number of the child."""
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr="pid"):
            return name == subject
        case ast.Name(id=name):
            return name in numbers
    return False


def _word(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _waits(statement: ast.AST, subject: str | None) -> bool:
    """Whether a statement or a test waits for the child."""
    return any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr in ("wait", "communicate", "join")
        and isinstance(each.func.value, ast.Name)
        and each.func.value.id == subject
        for each in ast.walk(statement)
    )


def left_to_others(function: ast.AST, statement: ast.stmt | None, subject: str | None) -> bool:
    """Whether a child is meant to be waited for by others, or to outlive us.

    Its number is handed on, so that somebody may signal it; a parameter says whether to wait; or this process ends
    at once.
    """
    numbers = _numbers(function, subject)
    for node in ast.walk(function):
        match node:
            case ast.Call(func=func, args=[first, *_]) if _is_number(first, subject, numbers):
                if _word(func) not in _SHOWS:
                    return True
            case ast.Call(func=func, args=arguments) if _word(func) in _WRITES:
                if any(_is_number(each, subject, numbers) for part in arguments for each in ast.walk(part)):
                    return True
            case ast.If(test=test, body=then):
                asked = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
                told = any(isinstance(each, ast.Name) and each.id in parameters(function) for each in asked)
                plain = then if len(then) == 1 and isinstance(then[0], ast.Expr) else []  # else more hangs on its end
                if told and any(_waits(each, subject) for each in (*asked, *plain)):
                    return True
        for body in (getattr(node, "body", None), getattr(node, "orelse", None)):
            if isinstance(body, list) and statement in body[:-1]:
                after = body[body.index(statement) + 1]
                if isinstance(after, ast.Expr) and ast.unparse(after).startswith(("os._exit(", "sys.exit(")):
                    return True
    return False
