"""From an acquisition to the statement that needs the resource last, in the acquisition's own block."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from memlint.catalogue.model import Category, Kind
from memlint.fixes.case import Case
from memlint.fixes.derived import Derived, Need
from memlint.fixes.kinds import PLAIN, TEXTS, UNSEEN
from memlint.fixes.places import SCOPES, FunctionNode, Spot, binds, callee, captured, names_read
from memlint.fixes.proposal import Refused
from memlint.flow.sites import Fate

_LOCKS = frozenset({"fcntl.flock", "fcntl.lockf", "msvcrt.locking"})
"""What holds for as long as a file is open, so that its last use says nothing."""


@dataclass(eq=False)
class Lifetime:
    """The statements of one block during which a resource is needed."""

    spot: Spot
    """The acquiring statement."""
    last: int
    """Where in the block the last statement stands; the acquisition's own place when nothing follows."""
    first: int
    """Where the first statement stands that needs it: behind the acquisition, or the acquiring statement itself."""
    release: ast.stmt | None = None
    """The last statement, when it is the release itself."""
    closing: ast.Try | None = None
    """The last statement, when its ``finally`` does nothing but release."""
    doubts: list[str] = field(default_factory=list)

    @property
    def statements(self) -> tuple[ast.stmt, ...]:
        """What belongs to the lifetime."""
        return tuple(self.spot.block[self.first : self.last + 1])

    @property
    def drops(self) -> tuple[ast.stmt, ...]:
        """The releases that a block makes needless."""
        return () if self.release is None else (self.release,)

    @property
    def unwraps(self) -> ast.Try | None:
        """The ``try`` that a block makes needless."""
        return self.closing


def lifetime(case: Case, statement: ast.stmt, name: str | None, siblings: tuple[str, ...] = ()) -> Lifetime:
    """How long a variable's resource is needed; without a name, ``statement`` itself is the first that needs it.

    ``siblings`` are variables that need it from the beginning: the reader of a connection.

    Raises:
        Refused: another owner has it, or its uses are not all in one block.
    """
    function, kind = case.function, case.kind
    if Fate.TRANSFERRED in case.record.outcomes:
        raise Refused("another owner gets it on some path")
    spot = case.places.spot(statement)
    if name is None:
        found = _extent(case, spot, spot.block[spot.index :], case.value)
    else:
        if captured(function, name):
            raise Refused(f"a nested function uses `{name}`")
        stop = _rebound(spot, name)
        region = spot.block[spot.index + 1 : stop]
        if any(binds(each, name) for each in region):
            raise Refused(f"`{name}` is bound again while it is needed")
        _only_here(case, function, spot, stop, name)
        found = _extent(case, spot, region, name, siblings)
    _doubt(case, found, kind, function)
    return found


def _rebound(spot: Spot, name: str) -> int:
    """The place in the block where the name is bound to something that has nothing to do with it any more."""
    for place in range(spot.index + 1, len(spot.block)):
        statement = spot.block[place]
        plain = isinstance(statement, (ast.Assign, ast.AnnAssign)) and binds(statement, name)
        if plain and not any(names_read(statement, name)):
            return place
    return len(spot.block)


def _only_here(case: Case, function: FunctionNode, spot: Spot, stop: int, name: str) -> None:
    """Refuse a name that is read where the block cannot reach."""
    inside = {id(node) for statement in spot.block[spot.index :] for node in ast.walk(statement)}
    statement = spot.block[spot.index]
    loops = case.places.loops_around(statement, function)
    before = {id(node) for each in spot.block[: spot.index] for node in ast.walk(each)}
    fresh_before = _bound_first(spot, name)
    tried = any(isinstance(each, ast.Try | ast.TryStar) for each in case.places.around(statement))
    for node in names_read(function, name):
        if id(node) in inside:
            continue
        if id(node) in before and (fresh_before or not loops):
            continue
        earlier = (node.lineno, node.col_offset) < (statement.lineno, statement.col_offset)
        if earlier and not loops:
            continue  # another binding's
        if stop < len(spot.block) and not loops and not tried:
            continue  # the name means something else by then
        raise Refused(f"`{name}` is used outside the block that acquires it")


def _bound_first(spot: Spot, name: str) -> bool:
    """Whether what stands before the acquisition in its block binds the name before reading it."""
    for statement in spot.block[: spot.index]:
        if isinstance(statement, ast.Assign) and binds(statement, name) and not any(names_read(statement, name)):
            return True
        if any(names_read(statement, name)):
            return False
    return True


def _extent(
    case: Case, spot: Spot, region: list[ast.stmt], resource: str | ast.expr, siblings: tuple[str, ...] = ()
) -> Lifetime:
    """The part of a region that needs the resource, or what is read from it later."""
    derived = Derived(resource, case.kind, case.catalogue, case.places.names)
    derived.needs.update(dict.fromkeys(siblings, Need.VIEW))
    for each in region:
        derived.read(each)
    first = spot.index + (1 if isinstance(resource, str) else 0)
    found = Lifetime(spot, spot.index, first)
    end = None
    if isinstance(resource, str):
        end = next((n for n, each in enumerate(region) if _ends(each, resource, case.kind)), None)
    if end is not None:
        found.last = first + end
        closer = region[end]
        if isinstance(closer, ast.Try):
            found.closing = closer
        else:
            found.release = closer
        if any(any(names_read(each, str(resource))) for each in region[end + 1 :]):
            found.doubts.append(f"`{resource}` is used again after its release")
    else:
        used = [n for n, each in enumerate(region) if derived.mentions(each)]
        found.last = first + used[-1] if used else spot.index
        _later(case, derived, found)
        _leaves(derived, found, case.kind)
        found.doubts += held_by_others(case, derived)
    found.last = _with_neighbours(found)
    return found


def _later(case: Case, derived: Derived, found: Lifetime) -> None:
    """Refuse, or doubt, what was read from the resource and is used where it is gone."""
    kept = {id(node) for each in found.spot.block[found.spot.index : found.last + 1] for node in ast.walk(each)}
    loops = case.places.loops_around(found.spot.block[found.spot.index], case.function)
    turning = {id(node) for node in ast.walk(loops[-1])} if loops else set()
    for name, need in derived.needs.items():
        if name == derived.resource or captured(case.function, name):
            continue
        for node in names_read(case.function, name):
            later = (node.lineno, node.col_offset) > (_end(found), 0) or id(node) in turning
            if later and id(node) not in kept:
                if need is Need.VIEW:
                    raise Refused(f"`{name}` reads from it outside the block that acquires it")
                found.doubts.append(f"`{name}` came from it and is used later")
                break


def held_by_others(case: Case, derived: Derived) -> list[str]:
    """Doubts about names that nested functions use, whenever these are called.

    Raises:
        Refused: such a name reads from the resource.
    """
    doubts: list[str] = []
    for name, need in derived.needs.items():
        if name != derived.resource and captured(case.function, name):
            if need is Need.VIEW:
                raise Refused(f"a nested function uses `{name}`, which reads from it")
            doubts.append(f"a nested function uses `{name}`, which came from it")
    return doubts


def _end(found: Lifetime) -> int:
    last = found.spot.block[found.last]
    return last.end_lineno or last.lineno


def _leaves(derived: Derived, found: Lifetime, kind: Kind) -> None:
    """Refuse, or doubt, what was read from the resource and outlives the function."""
    if Need.VIEW in derived.leaves or (derived.leaves and kind.name not in TEXTS):
        raise Refused("what reads from it leaves the function")
    for place in (*derived.leaves.values(), derived.handed):
        if place is not None:
            found.doubts.append(f"what line {getattr(place, 'lineno', 0)} gives away came from it")
            return


def _with_neighbours(found: Lifetime) -> int:
    """The last statement, past the releases of what was acquired meanwhile: they stand in a row."""
    if found.release is None:
        return found.last
    bound = {
        target.id
        for each in found.statements
        if isinstance(each, ast.Assign) and isinstance(each.value, (ast.Call, ast.Await))
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    last, block = found.last, found.spot.block
    while last + 1 < len(block) and _released_name(block[last + 1]) in bound:
        last += 1
    return last


def _released_name(statement: ast.stmt) -> str | None:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="close"), args=[], keywords=[])):
            return name
    return None


def _releases(statement: ast.stmt, name: str, kind: Kind) -> bool:
    """Whether a statement is nothing but the release of a name."""
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    if isinstance(value, ast.Await) != kind.awaited_release:
        return False
    match value.value if isinstance(value, ast.Await) else value:
        case ast.Call(func=ast.Attribute() as method, args=[], keywords=[]):
            return ast.unparse(method.value) == name and method.attr in _closers(kind)
        case ast.Call(func=ast.Attribute() | ast.Name(), args=[ast.Name(id=given)], keywords=[]) if given == name:
            function = value.func if isinstance(value, ast.Call) else None
            spelled = ast.unparse(function) if function is not None else ""
            return any(spelled in (full, full.rpartition(".")[2]) for full in kind.release_by)
    return False


def _closers(kind: Kind) -> tuple[str, ...]:
    """The methods that only release; others of the kind also read."""
    if kind.category in (Category.PROCESS, Category.TASK):
        return ("wait",)
    known = ("close", "aclose", "cleanup", "release", "shutdown", "quit", "logout", "stop", "disconnect", "terminate")
    return tuple(each for each in kind.release if each in known or each == kind.release[0])


def _ends(statement: ast.stmt, name: str, kind: Kind) -> bool:
    """Whether a statement releases and does nothing else behind that: the release itself, or a ``finally`` of it."""
    if isinstance(statement, ast.Try):
        return len(statement.finalbody) == 1 and _releases(statement.finalbody[0], name, kind)
    return _releases(statement, name, kind)


def refuse_locked(case: Case, nodes: Iterable[ast.AST]) -> None:
    """Refuse where a lock is taken that lasts for as long as a file is open.

    Raises:
        Refused: that is so.
    """
    names = case.places.names
    if any(isinstance(node, ast.Call) and _LOCKS & set(callee(node, names)) for node in nodes):
        raise Refused("a lock on the file lasts for as long as it is open")


def own(statement: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement that run with it."""
    waiting = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(each for each in ast.iter_child_nodes(node) if not isinstance(each, SCOPES))


def _doubt(case: Case, found: Lifetime, kind: Kind, function: FunctionNode) -> None:
    inside = [node for each in found.statements for node in own(each)]
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in inside):
        found.doubts.append("the block holds a yield")
    if any(isinstance(node, ast.Delete) for node in inside):
        found.doubts.append("the block holds a del")
    refuse_locked(case, inside)
    rest = found.last + 1 < len(found.spot.block) or found.spot.owner is not function
    if found.release is None and found.closing is None and rest and kind.name not in UNSEEN:
        found.doubts.append("it is released before the function ends, where nothing released it")
    if kind.category in (Category.PROCESS, Category.WORKER):
        found.doubts.append("leaving the block waits for it")
    elif kind.name not in PLAIN and kind.category is not Category.LOCK and _released_inside(found, kind):
        found.doubts.append("it may be released twice")


def _released_inside(found: Lifetime, kind: Kind) -> bool:
    """Whether there is another release before the last."""
    return any(
        isinstance(node, ast.Attribute) and node.attr in kind.release
        for each in found.statements
        if each is not found.release and each is not found.closing
        for node in own(each)
    )
