"""What no block releases is released in ``finally``: a descriptor, a pipe, a folder, a lease."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from memlint.catalogue.model import Category, Kind
from memlint.fixes.case import Case
from memlint.fixes.lifetime import lifetime
from memlint.fixes.places import names_read
from memlint.fixes.proposal import Finally, InsertAfter, Operation, Proposal, Refused, ReplaceExpression, Wrap


def propose(case: Case) -> Proposal:
    """Put the uses into ``try`` and the release into ``finally``.

    Raises:
        Refused: the resource outlives the block, or its release cannot be written down.
    """
    if case.kind.category in (Category.TASK, Category.LOCK, Category.GENERATOR):
        raise Refused(f"{case.kind.label} is not released in finally")
    statement = case.places.statement(case.call)
    name, siblings = target(case, statement)
    life = lifetime(case, statement, name, siblings)
    if life.closing is not None:
        raise Refused("something before the try raises")
    if released_elsewhere(case, life.statements, name, life.release):
        raise Refused("it is released in more than one place")
    unread = not any(names_read(case.function, name))
    operations: list[Operation] = []
    element = _element(statement, name)
    if unread and not name.strip("_") and element is not None:
        name = case.places.fresh("descriptor" if case.kind.name == "descriptor" else "resource", case.function)
        operations.append(ReplaceExpression(element, name))
    text, imports = release_text(case, name)
    needless = unread and _forgotten(case)
    doubts = [] if needless else [*life.doubts]
    if life.release is None and not needless:
        doubts.append("nothing released it so far")
    if case.kind.category is Category.TEMPORARY:
        doubts.append("it is removed from the disk")
    if life.statements and not (life.release is not None and len(life.statements) == 1):
        cleanup = life.drops or text
        operations.append(Wrap(life.statements, Finally(cleanup), drops=life.drops))
    else:
        operations.append(InsertAfter(statement, text))
    return Proposal("Release it in finally", (*imports, *operations), tuple(doubts))


def _forgotten(case: Case) -> bool:
    """Whether it is the one resource of a tuple, which the rest of the tuple does not need: ``mkstemp``."""
    entry = case.record.site.entry
    return case.kind.name == "descriptor" and entry is not None and len(entry.positions or ()) == 1


def _element(statement: ast.stmt, name: str) -> ast.expr | None:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            return node
    return None


def target(case: Case, statement: ast.stmt) -> tuple[str, tuple[str, ...]]:
    """The variable that gets the resource, alone or as an element of a tuple, and those that depend on it.

    Raises:
        Refused: there is none.
    """
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is case.value:
            return name, ()
        case ast.Assign(targets=[ast.Tuple(elts=elements)], value=value) if value is case.value:
            names = [each.id for each in elements if isinstance(each, ast.Name)]
            place = case.record.site.position
            if place < len(elements) == len(names):
                others = () if _forgotten(case) else (name for n, name in enumerate(names) if n != place)
                return names[place], tuple(others)
    raise Refused("it is not simply bound to a variable")


def release_text(case: Case, name: str) -> tuple[str, tuple[Operation, ...]]:
    """The statement that releases, and the import that it needs.

    Raises:
        Refused: the catalogue knows no release that fits.
    """
    kind: Kind = case.kind
    lent = _given_back(case, name)
    if lent is not None:
        text, awaited = lent, kind.awaited_release or isinstance(case.value, ast.Await)
    elif kind.release:
        text, awaited = f"{name}.{kind.release[0]}()", kind.awaited_release
    else:
        for each in kind.release_by:
            if each in ("os.close", "shutil.rmtree"):
                spelled, operations = case.spelled(each)
                return f"{spelled}({name})", operations
        raise Refused(f"how {kind.label} is released depends on where it came from")
    if awaited and not isinstance(case.function, ast.AsyncFunctionDef):
        raise Refused(f"{kind.label} needs an asynchronous function")
    return f"{'await ' if awaited else ''}{text}", ()


def _given_back(case: Case, name: str) -> str | None:
    """``pool.putconn(conn)`` for what ``pool.getconn()`` gave; None where it releases itself.

    Raises:
        Refused: it must be given back to what gave it, and that has no name.
    """
    if case.kind.category is not Category.LEASE or not case.kind.release_by:
        return None
    match case.call:
        case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Attribute() as pool)):
            entry = case.record.site.entry
            owner = entry.call.rpartition(".")[0] if entry is not None else ""
            same = [each for each in case.kind.release_by if each.rpartition(".")[0] == owner]
            words = {each.rpartition(".")[2] for each in same or case.kind.release_by}
            if len(words) == 1:
                return f"{ast.unparse(pool)}.{words.pop()}({name})"
    raise Refused(f"how {case.kind.label} is given back depends on where it came from")


def released_elsewhere(case: Case, statements: Iterable[ast.stmt], name: str, release: ast.stmt | None) -> bool:
    """Whether statements release the variable besides at ``release``."""
    kind = case.kind
    functions = {spelled for full in kind.release_by for spelled in (full, full.rpartition(".")[2])}
    for each in statements:
        if each is release:
            continue
        for node in ast.walk(each):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            given = any(isinstance(each, ast.Name) and each.id == name for each in node.args)
            if given and (called in functions or called.rpartition(".")[2] in functions):
                return True
            match node.func:
                case ast.Attribute(value=ast.Name(id=owner), attr=method) if owner == name:
                    if method in kind.release:
                        return True
    return False
