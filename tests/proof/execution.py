"""Executes every function of a program on every combination of decisions, within bounds, and sums up each site."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import copy
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field

from .fake import (
    MISTAKES,
    PROGRAM,
    Bounds,
    Box,
    Endless,
    Impossible,
    Oracle,
    Resource,
    Stage,
    Undecided,
    Variants,
    line_of,
    managers,
    module,
    reachable,
    transfer,
)

PARAMETER = 0
"""The site of a resource that a function is given."""
_SUSPENSIONS = 8
Site = tuple[int, int]
"""The number that an acquiring call is given, and which of the resources that the call gives."""


class Outside(Exception):
    """The program is outside the modelled language, or has too many executions."""


@dataclass
class Program:
    """A program, ready to be executed."""

    text: str
    code: types.CodeType
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef]
    cleanup: frozenset[int]
    """Lines in ``except`` and ``finally`` bodies."""
    draining: frozenset[int]
    """Lines that release the variable of a loop over a container."""
    variants: Variants
    effects: dict[str, str] = field(default_factory=dict)
    """What callers must believe of functions: ``takes`` the argument over, ``releases`` it surely, or nothing."""


def prepare(text: str) -> Program:
    """Parse and instrument a program.

    Each ``raise`` tells the stage that an exception starts; an execution in which an assertion does not hold counts
    for nothing.
    """
    tree = ast.parse(text)
    functions = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    cleanup = {line for node in ast.walk(tree) for line in _cleanup_lines(node)}
    caught = frozenset(
        (name.attr if isinstance(name, ast.Attribute) else name.id)
        for node in ast.walk(tree)
        for clause in ([node.type] if isinstance(node, ast.ExceptHandler) else _suppressed(node))
        if clause is not None
        for name in (clause.elts if isinstance(clause, ast.Tuple) else [clause])
        if isinstance(name, (ast.Attribute, ast.Name))
    )
    executed = _Instrument().visit(copy.deepcopy(tree))
    executed.body = [n for n in executed.body if not isinstance(n, ast.Import)]
    code = compile(ast.fix_missing_locations(executed), PROGRAM, "exec")
    draining = {line for node in ast.walk(tree) for line in _draining_lines(node)}
    return Program(text, code, functions, frozenset(cleanup), frozenset(draining), Variants(caught))


def _draining_lines(node: ast.AST) -> list[int]:
    match node:
        case ast.For(target=ast.Name(id=each), iter=ast.Name()):
            return [
                call.lineno
                for call in ast.walk(node)
                if isinstance(call, ast.Call) and ast.unparse(call.func) == f"{each}.close"
            ]
        case _:
            return []


def _suppressed(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "suppress":
        return list(node.args)
    return []


def _cleanup_lines(node: ast.AST) -> set[int]:
    bodies: list[list[ast.stmt]] = []
    if isinstance(node, ast.ExceptHandler):
        bodies.append(node.body)
    elif isinstance(node, ast.Try) and node.finalbody:
        bodies.append(node.finalbody)
    nodes = [node for body in bodies for statement in body for node in ast.walk(statement)]
    return {node.lineno for node in nodes if isinstance(node, (ast.stmt, ast.expr))}


class _Instrument(ast.NodeTransformer):
    def visit_Raise(self, node: ast.Raise) -> ast.AST | list[ast.stmt]:
        if node.exc is None:
            return [_call("__again__", node), node]
        node.exc = ast.copy_location(ast.Call(ast.Name("__raising__", ast.Load()), [], []), node)
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value is not None:
            node.value = ast.Call(ast.Name("__returning__", ast.Load()), [node.value], [])
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        raised = ast.Raise(ast.Call(ast.Name("__impossible__", ast.Load()), [], []), None)
        return ast.copy_location(ast.If(ast.UnaryOp(ast.Not(), node.test), [raised], []), node)

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, _call("__turn__", node))
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, _call("__check__", node))
        return node

    def visit_Try(self, node: ast.Try) -> ast.AST:
        self.generic_visit(node)
        if node.finalbody:
            node.finalbody.insert(0, _call("__check__", node))
        return node


def _call(name: str, node: ast.AST) -> ast.stmt:
    call = ast.Call(ast.Name(name, ast.Load()), [], [])
    return ast.copy_location(ast.Expr(call), node)


@dataclass(slots=True)
class Seen:
    """What all executions together showed of one site."""

    fates: set[str] = field(default_factory=set)
    raisers: set[int] = field(default_factory=set)
    """The lines at which exceptions started that lost it."""

    @property
    def verdict(self) -> str:
        """``normal``, ``error`` or ``none``: what memlint must say of the site.

        A site that no execution releases or hands over, and that only exceptions lose, is left alone: its
        function does not come back with it.
        """
        if "normal" in self.fates:
            return "normal"
        return "error" if "error" in self.fates and self.fates & {"released", "transferred"} else "none"


def showings(program: Program, bounds: Bounds | None = None) -> dict[int, list[Seen]]:
    """For each site (the number that the acquiring call is given) what became of each resource that it gives.

    Raises:
        Outside: an execution left the modelled language, or there are too many.
    """
    found: dict[int, list[Seen]] = {}
    for name in program.functions:
        for (site, _), seen in sorted(explore(program, name, bounds or Bounds()).items()):
            if site != PARAMETER:
                found.setdefault(site, []).append(seen)
    return found


def verdicts(program: Program) -> dict[int, list[str]]:
    """The verdicts by site."""
    return {site: [seen.verdict for seen in each] for site, each in showings(program).items()}


def explore(program: Program, name: str, bounds: Bounds) -> dict[Site, Seen]:
    """Execute one function in every way; what became of each resource that it acquired."""
    sums, reclaimed = _explore(program, name, bounds, frozenset())
    if reclaimed:
        sums, _ = _explore(program, name, bounds, frozenset(reclaimed))
    return sums


def _explore(program: Program, name: str, bounds: Bounds, kept: frozenset[Site]) -> tuple[dict[Site, Seen], set[Site]]:
    sums: dict[Site, Seen] = {}
    reclaimed: set[Site] = set()
    prefix: tuple[int, ...] | None = ()
    for _ in range(bounds.executions):
        if prefix is None:
            return sums, reclaimed
        oracle = Oracle(prefix)
        stage = Stage(oracle, bounds, program.variants, program.cleanup, program.draining, kept)
        _run(program, name, stage)
        for record in stage.records:
            if not record.forgiven:
                fate = "transferred" if record.state == "lent" else record.state
                seen = sums.setdefault((record.site, record.position), Seen())
                seen.fates.add(fate)
                if fate == "error":
                    seen.raisers.update(record.raisers)
        reclaimed |= stage.reclaimed
        prefix = oracle.following()
    raise Outside(f"more than {bounds.executions} executions of {name}")


def _run(program: Program, name: str, stage: Stage) -> None:
    namespace: dict[str, object] = {
        "res": module(stage), "asyncio": asyncio, "contextlib": managers(stage), "__name__": "program",
        "__again__": stage.again, "__raising__": stage.raising, "__returning__": stage.returning,
        "__check__": stage.check, "__impossible__": stage.impossible, "__turn__": stage.turn,
    }  # fmt: skip
    exec(program.code, namespace)
    entry = namespace[name]
    assert callable(entry)
    for other in program.functions:
        namespace[other] = _helper(program, other, namespace[other], stage)  # type: ignore[arg-type]
    arguments = [_argument(argument.arg, stage) for argument in program.functions[name].args.args]
    value: object = None
    raised: BaseException | None = None
    try:
        value = _completed(getattr(entry, "__wrapped__", entry)(*arguments), stage, lends=hasattr(entry, "__wrapped__"))
    except MISTAKES as error:
        raise Outside(f"{type(error).__name__}: {error}") from None
    except Outside:
        raise
    except Impossible:
        pass
    except Endless:
        raise Outside("it does not end") from None
    except (Exception, asyncio.CancelledError, GeneratorExit) as error:
        raised = error  # with it the function's variables live until all is settled
    if stage.discarded:
        stage.records.clear()
        stage.reclaimed.clear()
    if stage.invalid is not None:
        raise Outside(stage.invalid)
    _settle(stage, value, raised is not None)
    raised = None  # else its traceback keeps the frames of whoever asked


def _completed(value: object, stage: Stage, *, lends: bool) -> object:
    """The result of a call: a coroutine is awaited, a generator consumed, each perhaps stopped where it waits.

    A coroutine may be cancelled; a generator may be closed, or, when it lends what it yields (a context manager), the
    block around its ``yield`` may fail.
    """
    if not isinstance(value, (types.CoroutineType, types.GeneratorType)):
        return value
    stopped = False
    try:
        given = value.send(None)
        for _ in range(_SUSPENSIONS):
            if not lends:
                for resource in reachable(given):
                    transfer(resource)
            if not stopped and stage.oracle.choose(2):
                stopped = True
                given = value.throw(_stop(value, stage, lends))
            else:
                given = value.send(None)
    except StopIteration as end:
        return end.value
    except RuntimeError as error:
        raise Outside(str(error)) from None
    for _ in range(_SUSPENSIONS):
        with contextlib.suppress(BaseException):
            value.throw(Endless())
    raise Outside("it waits too often")


def _stop(
    value: types.CoroutineType[None, None, object] | types.GeneratorType[object, None, object],
    stage: Stage,
    lends: bool,
) -> BaseException:
    frame = value.cr_frame if isinstance(value, types.CoroutineType) else value.gi_frame
    assert frame is not None
    if lends:
        return stage.leaving(frame.f_lineno, forgiven=False)()
    stage.event(frame.f_lineno)
    return asyncio.CancelledError() if isinstance(value, types.CoroutineType) else GeneratorExit()


def _argument(name: str, stage: Stage) -> object:
    if name in ("b0", "b1", "k"):
        return Undecided(stage)
    if name == "r":
        return Resource(stage, stage.record(PARAMETER, 0))
    return Box() if name == "box" else 0


def _settle(stage: Stage, value: object, raised: bool) -> None:
    """A function has ended: what it returns goes to the caller, what it still owes is lost."""
    for resource in reachable(value):
        record = resource.record
        if record.site == PARAMETER and record.state == "held":
            record.state = "returned"
        elif record in stage.records:
            transfer(resource)
    for record in stage.records:
        if record.state == "held":
            record.lose(stage.raisings, raised=raised)


def _helper(program: Program, name: str, function: Callable[..., object], stage: Stage) -> Callable[..., object]:
    """A function as other functions of the program see it.

    What it takes over is transferred before it begins; what leaves it as an exception is of unknown class; it may
    fail at its end unless it calls nothing but the methods of containers; what it gives is owed by the caller from
    then on.  One that ends in a ``raise`` is a ``raise`` of the caller's own.
    """

    def called(*arguments: object) -> object:
        line = line_of(sys._getframe(1))
        if hasattr(function, "__wrapped__"):
            stage.may_fail(line, program.variants.unknown)
            return contextlib.nullcontext()
        given = [resource for argument in arguments for resource in reachable(argument)]
        effect = _effect(program, name, stage.bounds) if given else ""
        if effect == "takes":
            for resource in given:
                transfer(resource)
        released = [resource.record for resource in given] if effect == "releases" else []
        quiet = line in program.cleanup and not stage.holds_cleanup(besides=released)
        outer, stage.records = stage.records, []
        stage.blocked += quiet
        value: object = None
        failed: Exception | None = None
        try:
            value = function(*arguments)
        except MISTAKES:
            raise
        except Exception as error:
            failed = error
        failing = failed is not None
        _settle(stage, value, failing)
        failed = None  # as above
        stage.blocked -= quiet
        made, stage.records = stage.records, outer
        if failing:
            own = isinstance(program.functions[name].body[-1], ast.Raise)
            raise stage.leaving(line, forgiven=not own)
        if not _only_stores(program.functions[name]):
            stage.may_fail(line, program.variants.unknown)
        for position, resource in enumerate(reachable(value)):
            if resource.record in made:
                assert isinstance(arguments[0], int)
                resource.record = stage.record(arguments[0], line, position)
        return value

    return called


def _only_stores(function: ast.AST) -> bool:
    """Whether nothing in a function could raise."""
    for node in ast.walk(function):
        if isinstance(node, (ast.Raise, ast.With, ast.AsyncWith, ast.Await, ast.Yield, ast.YieldFrom, ast.AsyncFor)):
            return False
        stores = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append"
        if isinstance(node, ast.Call) and not stores:
            return False
    return True


def _effect(program: Program, name: str, bounds: Bounds) -> str:
    """``takes`` when a function stores its argument, or releases or returns it on some paths only.

    ``releases`` when it does so on every path, by an exception too: like ``close()``, it has released when it fails.
    """
    known = program.effects.get(name)
    if known is None:
        fates = explore(program, name, bounds)[PARAMETER, 0].fates
        returned = "returned" in fates and bool(fates & {"released", "normal"})
        mixed = "released" in fates and "normal" in fates
        known = "takes" if "transferred" in fates or returned or mixed else ""
        known = program.effects[name] = "releases" if fates == {"released"} else known
    return known
