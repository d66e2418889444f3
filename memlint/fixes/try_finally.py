"""What no block releases is released in ``finally``: a descriptor, a pipe, a folder, a lease."""

from __future__ import annotations

import ast

from memlint.catalogue.model import Category, Kind
from memlint.fixes.case import Case
from memlint.fixes.lifetime import Lifetime, lifetime
from memlint.fixes.proposal import Finally, InsertAfter, Operation, Proposal, Refused, Wrap


def propose(case: Case) -> Proposal:
    """Put the uses into ``try`` and the release into ``finally``.

    Raises:
        Refused: the resource outlives the block, or its release cannot be written down.
    """
    if case.kind.category in (Category.TASK, Category.LOCK, Category.GENERATOR):
        raise Refused(f"{case.kind.label} is not released in finally")
    statement = case.places.statement(case.call)
    name = target(case, statement)
    text, operations = release_text(case, name)
    life = lifetime(case, statement, name)
    if life.closing is not None:
        raise Refused("something before the try raises")
    doubts = [*life.doubts]
    if _released_elsewhere(case, life, name):
        raise Refused("it is released in more than one place")
    if life.release is None:
        doubts.append("nothing released it so far")
    if case.kind.category is Category.TEMPORARY:
        doubts.append("it is removed from the disk")
    kept = tuple(each for each in life.statements if each not in life.drops)
    add: Operation = InsertAfter(statement, text)
    if kept:
        cleanup: str | tuple[ast.stmt, ...] = life.drops or text
        add = Wrap(kept if life.drops else life.statements, Finally(cleanup))
        if life.drops:
            add = Wrap(life.statements, Finally(life.drops), drops=life.drops)
    return Proposal("Release it in finally", (*operations, add), tuple(doubts))


def target(case: Case, statement: ast.stmt) -> str:
    """The variable that gets the resource, alone or as an element of a tuple.

    Raises:
        Refused: there is none.
    """
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is case.value:
            return name
        case ast.Assign(targets=[ast.Tuple(elts=elements)], value=value) if value is case.value:
            place = case.record.site.position
            if place < len(elements) and not any(isinstance(each, ast.Starred) for each in elements):
                element = elements[place]
                if isinstance(element, ast.Name):
                    return element.id
    raise Refused("it is not simply bound to a variable")


def release_text(case: Case, name: str) -> tuple[str, tuple[Operation, ...]]:
    """The statement that releases, and the import that it needs.

    Raises:
        Refused: the catalogue knows no release that fits.
    """
    kind: Kind = case.kind
    asynchronous = "await " if kind.awaited_release else ""
    if asynchronous and not isinstance(case.function, ast.AsyncFunctionDef):
        raise Refused(f"{kind.label} needs an asynchronous function")
    if kind.release:
        return f"{asynchronous}{name}.{kind.release[0]}()", ()
    for each in kind.release_by:
        if each in ("os.close", "shutil.rmtree"):
            spelled, operations = case.spelled(each)
            return f"{spelled}({name})", operations
    raise Refused(f"how {kind.label} is released depends on where it came from")


def _released_elsewhere(case: Case, life: Lifetime, name: str) -> bool:
    kind = case.kind
    for each in life.statements:
        if each is life.release:
            continue
        for node in ast.walk(each):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=method)):
                    if owner == name and method in kind.release:
                        return True
                case ast.Call(args=[ast.Name(id=given), *_]) if given == name:
                    spelled = ast.unparse(node.func)
                    if any(spelled in (full, full.rpartition(".")[2]) for full in kind.release_by):
                        return True
    return False
