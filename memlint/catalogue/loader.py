"""Brings the layers together into the one catalogue that the analysis reads.

Order: our own files, then plugins by name, then the user's ``[tool.memlint.catalogue]``.  Whatever a later layer
says about a name that an earlier one describes is a conflict, unless it ``forget``-s that name first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TypeVar, cast

from memlint.catalogue import layers, model, stored
from memlint.catalogue.errors import CatalogueError, did_you_mean
from memlint.catalogue.layers import Layer
from memlint.catalogue.schema import Record

R = TypeVar("R", bound=Record)


def load(extra: Mapping[str, object] | None = None, plugins: bool = True) -> model.Catalogue:
    """The catalogue: built in, extended by plugins and by the user's table.

    :param extra: the content of ``[tool.memlint.catalogue]``.
    :param plugins: whether installed plugins are asked.
    :raises CatalogueError: when a layer is wrong or contradicts another.
    """
    merged = _Merged()
    files = layers.shipped()
    base = stored.read(files)
    if base is not None:
        merged.add(base)
    else:
        base = layers.built_in(files)
        merged.add(base)
        merged.check(base)
    others = list(layers.plugins()) if plugins else []
    if extra:
        others.append(layers.layer(layers.SETTING, extra))
    for other in others:
        merged.forget(other)
        merged.add(other)
    for other in others:
        merged.check(other)
    return merged.catalogue([base, *others])


def sound(base: Layer) -> Layer:
    """The layer itself, when it contradicts itself nowhere and refers to nothing that it lacks.

    :raises CatalogueError: otherwise.
    """
    merged = _Merged()
    merged.add(base)
    merged.check(base)
    return base


class _Merged:
    """The records of all layers so far, by class and by what they are called."""

    def __init__(self) -> None:
        self.records: dict[type[Record], dict[str, list[Record]]] = {}
        self.aliases: dict[str, str] = {}
        self.origins: dict[int, str] = {}

    def named(self, make: type[R]) -> dict[str, tuple[R, ...]]:
        """All records of one class by name."""
        same_class = self.records.get(cast("type[Record]", make), {})
        return {name: cast("tuple[R, ...]", tuple(same)) for name, same in same_class.items()}

    def add(self, layer: Layer) -> None:
        """Take over a layer's content; what contradicts earlier content is an error."""
        for origin, record in layer.entries:
            name = _name(record)
            same = self.records.setdefault(type(record), {}).setdefault(name, [])
            for earlier in same:
                if _contradict(earlier, record):
                    raise CatalogueError(origin, _title(record), _twice(name, self.origins[id(earlier)], origin))
            same.append(record)
            self.origins[id(record)] = origin
        for name, target in layer.aliases.items():
            if self.aliases.get(name, target) != target:
                problem = f"already means {self.aliases[name]}; put {name!r} into 'forget' to change that"
                raise CatalogueError(layer.origin, f"[aliases] {name}", problem)
            self.aliases[name] = target

    def forget(self, layer: Layer) -> None:
        """Drop what a layer wants to replace."""
        for name in layer.forget:
            found = self.aliases.pop(name, None) is not None
            for records in self.records.values():
                found = records.pop(name, None) is not None or found
            if not found:
                known = {name for records in self.records.values() for name in records} | set(self.aliases)
                problem = f"nothing is known of {name!r}; {did_you_mean(name, known)}"
                raise CatalogueError(layer.origin, "forget", problem)

    def check(self, layer: Layer) -> None:
        """Find references to nowhere in a layer, now that all content is there."""
        self._check_types()
        kinds = self.named(model.Kind)
        resolve = self.catalogue(()).resolve
        for origin, record in layer.entries:
            for name in _qualified_in(record):
                if resolve(name) != name:
                    problem = f"{name!r} is an alias here; write {resolve(name)!r}"
                    raise CatalogueError(origin, _title(record), problem)
            for kind in _kinds_in(record):
                if kind not in kinds:
                    problem = f"kind {kind!r} is not described anywhere; {did_you_mean(kind, kinds)}"
                    raise CatalogueError(origin, _title(record), problem)

    def _check_types(self) -> None:
        owner: dict[str, str] = {}
        for name, (kind,) in self.named(model.Kind).items():
            for one in kind.types:
                if one in owner:
                    problem = f"types: {one!r} is already of the kind {owner[one]!r}"
                    raise CatalogueError(self.origins[id(kind)], _title(kind), problem)
                owner[one] = name

    def flat_aliases(self) -> dict[str, str]:
        """Aliases whose targets are no aliases themselves."""
        flat = {}
        for name in self.aliases:
            seen = [name]
            while (target := self.aliases.get(seen[-1])) is not None:
                if target in seen:
                    circle = " -> ".join([*seen, target])
                    raise CatalogueError("[aliases]", name, f"goes round in a circle: {circle}")
                seen.append(target)
            flat[name] = seen[-1]
        return flat

    def catalogue(self, merged: Iterable[Layer]) -> model.Catalogue:
        """The indexed result."""
        kinds = _only(self.named(model.Kind))
        acquires = self.named(model.Acquire)
        quiets = self.named(model.Quiet)
        return model.Catalogue(
            kinds=kinds,
            acquires={name: same for name, same in acquires.items() if not same[0].receivers},
            methods={name: same for name, same in acquires.items() if same[0].receivers},
            releases=_with_kinds_own(self.named(model.Release), kinds),
            borrows=_only(self.named(model.Borrow)),
            transfers=_only(self.named(model.Transfer)),
            quiets={name: same[0] for name, same in quiets.items() if not same[0].receivers},
            noreturns=_only(self.named(model.NoReturn)),
            suppresses=_only(self.named(model.Suppress)),
            version=hashlib.sha256("".join(one.digest for one in merged).encode()).hexdigest(),
            aliases=self.flat_aliases(),
            quiet_methods={name: same for name, same in quiets.items() if same[0].receivers},
            returns=_only(self.named(model.Returns)),
        )


def _only(named: Mapping[str, tuple[R, ...]]) -> dict[str, R]:
    return {name: same[0] for name, same in named.items()}


def _with_kinds_own(
    releases: dict[str, tuple[model.Release, ...]], kinds: Mapping[str, model.Kind]
) -> dict[str, tuple[model.Release, ...]]:
    """Release entries, and one for each ``release_by`` of a kind that no entry speaks of."""
    for kind in kinds.values():
        for call in kind.release_by:
            same = releases.get(call, ())
            if not any(kind.name in one.kinds or not one.kinds for one in same):
                implied = model.Release(call, f"releases {kind.label}", kinds=(kind.name,))
                releases[call] = (*same, implied)
    return releases


def _name(record: Record) -> str:
    return record.name if isinstance(record, model.Kind) else record.call


def _title(record: Record) -> str:
    return f"[[{type(record).__name__.lower()}]] {_name(record)}"


def _twice(name: str, earlier: str, origin: str) -> str:
    if earlier == origin:
        return "is described twice"
    return f"is already described in {earlier}; put {name!r} into 'forget' to say something else about it"


def _contradict(one: Record, other: Record) -> bool:
    """Whether two records of the same class and name cannot both hold."""
    if isinstance(one, model.Acquire) and isinstance(other, model.Acquire):
        apart = one.positions != other.positions or (one.when, one.unless) != (other.when, other.unless)
        return not apart and one.receivers == other.receivers
    if isinstance(one, model.Release) and isinstance(other, model.Release):
        return not one.kinds or not other.kinds or not set(one.kinds).isdisjoint(other.kinds)
    if isinstance(one, model.Quiet) and isinstance(other, model.Quiet):
        return not set(one.receivers).isdisjoint(other.receivers) or not one.receivers
    return True


def _qualified_in(record: Record) -> tuple[str, ...]:
    if isinstance(record, model.Kind):
        return (*record.types, *record.release_by)
    if isinstance(record, model.Acquire | model.Returns) and record.type is not None:
        return (record.call, record.type)
    return (record.call,)


def _kinds_in(record: Record) -> tuple[str, ...]:
    if isinstance(record, model.Acquire):
        return (record.kind,) if record.beside is None else (record.kind, record.beside)
    return record.kinds if isinstance(record, model.Release) else ()
