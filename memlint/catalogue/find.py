"""Answers "what is known of ...?": the catalogue's entries about a name, in sentences."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from memlint.catalogue import model

MOST = 12
"""How many near names are listed when a name is not known itself."""


def find(catalogue: model.Catalogue, name: str) -> list[str]:
    """What the catalogue says about a call, a method, a class or a kind of resource, as lines of text.

    A name that is not known itself is looked for as the end of longer ones (``Popen``), then among names that
    are spelled like it.  The first line always says what was found.
    """
    spelled = name.strip().removesuffix("()")
    qualified = catalogue.resolve(spelled)
    found = [*_kind_named(catalogue, spelled), *_about(catalogue, qualified)]
    if "." not in spelled:
        found += _about(catalogue, f"builtins.{spelled}")
    if found:
        return [*_renamed(spelled, qualified), *found]
    described = _names(catalogue)
    known = sorted(described | set(catalogue.aliases))
    longer = sorted({catalogue.resolve(one) for one in known if one.endswith(f".{spelled}")} & described)
    if len(longer) == 1:
        return [*_renamed(spelled, longer[0]), *_about(catalogue, longer[0])]
    if longer:
        return [f"{spelled} may be one of these:", *_listed(longer)]
    near = [one for one in known if spelled in one.split(".")] + _near(qualified, known)
    if near:
        return [f"nothing is known of {spelled}; known are:", *_listed(near)]
    return [f"nothing is known of {spelled}: a call of it is taken to own what it is given"]


def _renamed(spelled: str, qualified: str) -> list[str]:
    return [f"{spelled} is known as {qualified}", ""] if qualified != spelled else []


def _near(name: str, known: list[str]) -> list[str]:
    """Names that are spelled like this one, as a whole or in their last word."""
    whole = difflib.get_close_matches(name, known, n=MOST, cutoff=0.8)
    if whole or "." in name:
        return whole
    words = {one.rpartition(".")[2] for one in known}
    last = difflib.get_close_matches(name, sorted(words), n=2, cutoff=0.7)
    return [one for one in known if one.rpartition(".")[2] in last]


def _listed(names: Iterable[str]) -> Iterator[str]:
    unique = list(dict.fromkeys(names))
    yield from (f"  {one}" for one in unique[:MOST])
    if len(unique) > MOST:
        yield f"  and {len(unique) - MOST} more"


def _names(catalogue: model.Catalogue) -> set[str]:
    tables = (
        catalogue.acquires,
        catalogue.methods,
        catalogue.releases,
        catalogue.borrows,
        catalogue.transfers,
        catalogue.quiets,
        catalogue.quiet_methods,
        catalogue.noreturns,
        catalogue.suppresses,
        catalogue.returns,
        catalogue.types,
        catalogue.kinds,
    )
    return {name for table in tables for name in table}


def _about(catalogue: model.Catalogue, name: str) -> Iterator[str]:
    """Everything about one qualified or bare name."""
    for acquire in (*catalogue.acquires.get(name, ()), *catalogue.methods.get(name, ())):
        yield from _acquire(acquire, catalogue.kinds[acquire.kind])
    for release in catalogue.releases.get(name, ()):
        of_kind = f" of the kind {_either(release.kinds)}" if release.kinds else ""
        yield f"{name} releases {_arguments(release.arguments)}{of_kind}: {release.why}"
    if name in catalogue.borrows:
        borrow = catalogue.borrows[name]
        yield f"{name} borrows {_arguments(borrow.arguments)}: {borrow.why}"
        if borrow.view:
            yield "  its result reads from them later and cannot release them"
    if name in catalogue.transfers:
        transfer = catalogue.transfers[name]
        yield f"{name} takes over {_arguments(transfer.arguments)}: {transfer.why}"
    yield from _calm(catalogue, name)
    if name in catalogue.returns and name not in catalogue.acquires:
        returns = catalogue.returns[name]
        yield f"{name} returns a {returns.type} and acquires nothing: {returns.why}"
    kind = catalogue.kind_of_type(name)
    if kind is not None and name not in catalogue.acquires:
        yield f"{name} is a class of {kind.label}"
        yield from _kind(kind)


def _calm(catalogue: model.Catalogue, name: str) -> Iterator[str]:
    """What is known of how a call ends: quietly, never, or with its exceptions swallowed."""
    quiets = (*((catalogue.quiets[name],) if name in catalogue.quiets else ()), *catalogue.quiet_methods.get(name, ()))
    for quiet in quiets:
        yield f"{name}{_on(quiet.receivers)} is taken never to raise: {quiet.why}"
        yield from _conditions((), quiet.unless)
    if name in catalogue.noreturns:
        end = catalogue.noreturns[name]
        yield f"{name} never returns{f' (it raises {end.raises})' if end.raises else ''}: {end.why}"
    if name in catalogue.suppresses:
        suppress = catalogue.suppresses[name]
        which = _either(suppress.exceptions) if suppress.exceptions else "the exceptions that it is given"
        yield f"{name} as a `with` block swallows {which}: {suppress.why}"


def _acquire(acquire: model.Acquire, kind: model.Kind) -> Iterator[str]:
    verb = "awaited, acquires" if acquire.awaited else "acquires"
    what = kind.label
    if acquire.positions is not None:
        items = " and ".join(str(position) for position in acquire.positions)
        what = f"{kind.label} as item {items} of the tuple that it returns"
    elif acquire.every:
        what = f"{kind.label} in each item of what it returns"
    elif acquire.receiver:
        what = f"{kind.label}: its receiver"
    elif acquire.passive:
        what = f"{kind.label} when what it wraps is owed"
    yield f"{acquire.call}{_on(acquire.receivers)} {verb} {what}: {acquire.why}"
    yield from _conditions(acquire.when, acquire.unless)
    if acquire.wraps:
        yield f"  takes over {_arguments(acquire.wraps)}"
    yield from _kind(kind)


def _kind_named(catalogue: model.Catalogue, name: str) -> Iterator[str]:
    kind = catalogue.kinds.get(name)
    if kind is None:
        return
    yield f"{name} is a kind of resource: {kind.label}"
    yield from _kind(kind)
    calls = [call for table in (catalogue.acquires, catalogue.methods) for call in table]
    every = {**catalogue.acquires, **catalogue.methods}
    makers = [call for call in calls if any(acquire.kind == name for acquire in every[call])]
    yield f"  acquired by {', '.join(makers)}"


def ways_out(kind: model.Kind) -> list[str]:
    """Everything that releases one of a kind, the recommended way first, as a reader would write it."""
    awaited = "await " if kind.awaited_release else ""
    ways = [f"{awaited}.{method}()" for method in kind.release]
    ways += [f"{call}(...)" for call in kind.release_by]
    ways += ["`with`"] if kind.context is model.Context.RELEASES else []
    ways += ["`async with`"] if kind.async_context is model.Context.RELEASES else []
    ways += ["reading it to the end"] if kind.exhausted else []
    ways += [f"setting .{attribute} = True" for attribute in kind.release_on_set]
    return ways


def _kind(kind: model.Kind) -> Iterator[str]:
    """How a kind is released and what happens otherwise, one indented line each."""
    yield f"  released by {_either(ways_out(kind))}"
    if model.Context.KEEPS in (kind.context, kind.async_context):
        yield "  `with` is allowed and does not release it"
    if kind.detach:
        yield f"  handed on by {_either(f'.{method}()' for method in kind.detach)}"
    if kind.why:
        yield f"  otherwise {kind.why}"
    yield f"  {_COLLECTED[kind.collected]}"
    if kind.lazy:
        yield "  it holds nothing before it is used"
    if kind.child:
        yield "  it ends with the resource whose method made it"
    if kind.finalizes:
        yield "  it releases itself, by design, when its owner is collected"
    if kind.lifetime:
        yield "  one that is kept by a module may live as long as the process"
    if kind.preview:
        yield "  reported with --preview only"


_COLLECTED = {
    model.Collected.WARNS: "the garbage collector releases it with a ResourceWarning",
    model.Collected.SILENT: "the garbage collector releases it without a word",
    model.Collected.NEVER: "the garbage collector never releases it",
}


def _conditions(when: tuple[model.Condition, ...], unless: tuple[model.Condition, ...]) -> Iterator[str]:
    for word, conditions in (("only when", when), ("unless", unless)):
        if conditions:
            joiner = " and " if word == "only when" else " or "
            yield f"  {word} {joiner.join(_condition(one) for one in conditions)}"


def _condition(condition: model.Condition) -> str:
    if not condition.values:
        return f"{condition.argument} is given"
    return _either(f"{condition.argument}={value!r}" for value in condition.values)


def _on(receivers: tuple[str, ...]) -> str:
    if not receivers:
        return ""
    return " on any receiver" if receivers == ("*",) else f" on a receiver called {_either(receivers)}"


def _arguments(arguments: tuple[int | str, ...]) -> str:
    if "*" in arguments:
        return "its arguments"
    return "argument " + _either(str(one) if isinstance(one, int) else f"{one}=" for one in arguments)


def _either(words: Iterable[str]) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
