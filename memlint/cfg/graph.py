"""A control-flow graph: blocks of instructions, each with one place where its exceptions land."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from memlint.cfg.instructions import (
    Advance,
    Branch,
    Choose,
    Dispatch,
    Instruction,
    Jump,
    Resume,
    Terminator,
)

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
CodeNode = FunctionNode | ast.Lambda | ast.Module

ENTRY = 0
RETURNED = 1
"""The block in which every normal path of the function ends."""
RAISED = 2
"""The block in which every exceptional path of the function ends."""


class TooLarge(Exception):
    """The graph passed its bound on blocks; the function is skipped and ``--verbose`` says so."""


@dataclass(slots=True)
class Block:
    """Instructions without a branch between them; any that raises goes to ``landing``."""

    number: int
    landing: int
    depth: int
    """How many exceptions are being handled here; an exception that lands cuts the stack to this height."""
    cleanup: bool
    """Part of a ``finally`` or an ``except``: here the function is already cleaning up."""
    instructions: list[Instruction] = field(default_factory=list)
    end: Terminator | None = None


@dataclass(slots=True)
class Graph:
    """One function's blocks, and what its names mean."""

    node: CodeNode
    blocks: list[Block]
    parameters: tuple[str, ...]
    locals: frozenset[str]
    """Names bound in the function: parameters, assignments, imports, nested definitions."""
    outer: frozenset[str]
    """Names declared ``global`` or ``nonlocal``: binding one hands the value to someone else."""
    captured: frozenset[str]
    """Local names that a nested function or lambda reads or binds."""
    generator: bool
    asynchronous: bool
    loops: tuple[tuple[int, int], ...] = ()
    """The first and the last block of each loop."""

    def successors(self, block: Block) -> tuple[int, ...]:
        """Where control may go when ``block`` ends without an exception."""
        match block.end:
            case Jump(to):
                return (to,)
            case Branch(true=true, false=false):
                return (true, false)
            case Advance(body=body, done=done):
                return (body, done)
            case Choose(ways=ways):
                return ways
            case Dispatch(clauses=clauses, otherwise=otherwise):
                return (*(clause.block for clause in clauses), otherwise)
            case Resume(swallowed=swallowed):
                return () if swallowed is None else (swallowed,)
            case _:
                return ()
