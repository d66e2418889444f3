"""The other files of a project: what a function, class or base defined elsewhere does.

Modules are found on disk, on demand, below the folder that holds the file's top package, and only within that
package: what another distribution does is the catalogue's business.  For a file in no package the project is the
modules beside it.  A module is parsed only when a line of it that
matters could acquire something, or when a resource is handed to one of its functions.
"""

from __future__ import annotations

import ast
import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from memlint.catalogue.model import Catalogue
from memlint.flow.analysis import FileAnalyser
from memlint.flow.kept import Kept
from memlint.flow.prefilters import prefilter
from memlint.flow.raising import RaiseLevel
from memlint.flow.summaries import Effect, Summary
from memlint.results.grounds import digest_of
from memlint.results.result import Fact
from memlint.source.calls import calls_of
from memlint.source.decode import Unreadable, decode
from memlint.source.modules import absolute, root_of
from memlint.source.outline import Outline
from memlint.source.trees import Trees

T = TypeVar("T")

HOPS = 5
"""Re-exports that are followed from one module to the next."""
WRAPPERS = 3
"""Functions that only hand on what the next one gives, and that are followed to the one that acquires."""


@dataclass(frozen=True, slots=True)
class Definition:
    """Something that a module of the project defines at its top level."""

    module: str
    name: str


@dataclass(slots=True)
class Looked:
    """What of a project was looked at, so that a result can be thrown away when any of it has changed."""

    modules: set[str] = field(default_factory=set)
    """Modules whose bytes, or whose absence, counted."""
    followed: set[str] = field(default_factory=set)
    """Modules whose functions or classes were followed: what they looked at counts too."""


@dataclass
class Project:
    """The modules below one folder that belong to one top package."""

    root: str
    """The folder that holds the top package."""
    package: str
    """The top package's name; empty for modules that stand in no package."""
    catalogue: Catalogue
    level: RaiseLevel = RaiseLevel.DEFAULT
    strict: bool = False
    kept: Kept = field(default_factory=Kept)
    trees: Trees = field(default_factory=Trees)
    _texts: dict[str, bytes | None] = field(default_factory=dict)
    _paths: dict[str, str | None] = field(default_factory=dict)
    """Where each text was read."""
    _folders: dict[str, frozenset[str]] = field(default_factory=dict)
    """What stands in each folder that was looked into."""
    _lines: dict[str, list[int]] = field(default_factory=dict)
    _giving: dict[tuple[str, int], tuple[bool, Looked]] = field(default_factory=dict)
    """Whether a name may give something, by so many wrappers, and what was looked at to tell."""
    _asked: set[Definition] = field(default_factory=set)
    """Wrappers that are being followed."""
    _outlines: dict[str, Outline] = field(default_factory=dict)
    looked: Looked = field(default_factory=Looked)
    """Where what is looked at is written down now; a view puts its own here while it asks."""
    _looked_by: dict[str, Looked] = field(default_factory=dict)
    """What the analysers of modules looked at, for whomever; kept when an analyser is not."""
    _facts: dict[str, tuple[Fact, ...]] = field(default_factory=dict)

    def knows(self, qualified: str) -> bool:
        """Whether a name belongs to this project."""
        top = qualified.partition(".")[0]
        return top == self.package if self.package else self.text(top) is not None

    # --- modules -------------------------------------------------------------------------------------------------

    def path(self, module: str) -> str | None:
        """The file of a module, when there is one."""
        above, _, last = module.rpartition(".")
        folder = f"{self.root}{os.sep}{above.replace('.', os.sep)}" if above else self.root
        beside = self._names_in(folder)
        base = f"{folder}{os.sep}{last}"
        if last in beside and "__init__.py" in self._names_in(base) and os.path.isfile(f"{base}{os.sep}__init__.py"):
            return f"{base}{os.sep}__init__.py"
        return f"{base}.py" if f"{last}.py" in beside and os.path.isfile(f"{base}.py") else None

    def _names_in(self, folder: str) -> frozenset[str]:
        """What stands in a folder, looked up once: most names that are asked for are no modules."""
        if folder not in self._folders:
            try:
                self._folders[folder] = frozenset(os.listdir(folder))
            except OSError:
                self._folders[folder] = frozenset()  # there is no such folder, or it may not be read
        return self._folders[folder]

    def text(self, module: str) -> bytes | None:
        """The bytes of a module, read once."""
        self.looked.modules.add(module)
        if module not in self._texts:
            path = self._paths[module] = self.path(module)
            data = None
            if path is not None:
                try:
                    with open(path, "rb") as stream:
                        data = stream.read()
                except OSError:
                    data = None  # it cannot be read: its functions are unknown callees
            self._texts[module] = data
        return self._texts[module]

    def analyser(self, module: str) -> FileAnalyser | None:
        """The analyser of a module; None when there is no such module or it cannot be parsed."""
        self.looked.modules.add(module)
        data, path = self.text(module), self._paths[module]
        if data is None or path is None:
            return None
        return self.kept.get((module, path), lambda: self._analyser(module, data, path))

    def _analyser(self, module: str, data: bytes, path: str) -> FileAnalyser | None:
        try:
            source = self.trees.parse(decode(data), path)
        except (Unreadable, RecursionError):
            return None
        view = View(self, self._looked_by.setdefault(module, Looked()))
        wrapping = functools.partial(view.wrapping, module)
        return FileAnalyser(source, self.catalogue, self.level, self.strict, module, view, wrapping)

    # --- names ---------------------------------------------------------------------------------------------------

    def definition(self, qualified: str) -> Definition | None:
        """Where a qualified name is defined, following re-exports."""
        for _ in range(HOPS):
            split = self._split(qualified)
            if split is None:
                return None
            module, rest = split
            head, _, tail = rest.partition(".")
            if not head:
                return None
            if self._defines(module, head):
                return Definition(module, rest)
            if head not in self.outline(module).imported:
                return None
            analyser = self.analyser(module)
            moved = analyser.names.imports.get(head, ()) if analyser is not None else ()
            if not moved or not self.knows(moved[0]):
                return None
            qualified = f"{moved[0]}.{tail}" if tail else moved[0]
        return None

    def _split(self, qualified: str) -> tuple[str, str] | None:
        """The longest prefix of a name that is a module, and the rest."""
        module, rest = qualified, ""
        while module:
            if self.text(module) is not None:
                return module, rest
            module, _, last = module.rpartition(".")
            rest = f"{last}.{rest}" if rest else last
        return None

    def _defines(self, module: str, name: str) -> bool:
        return name in self.outline(module).definitions

    def outline(self, module: str) -> Outline:
        """What a module defines and imports, from its bytes."""
        self.looked.modules.add(module)
        if module not in self._outlines:
            self._outlines[module] = Outline(self.text(module) or b"")
        return self._outlines[module]

    def may_give(self, qualified: str, wrappers: int = WRAPPERS) -> bool:
        """Whether a function or class of the project could acquire something, as far as its bytes tell.

        It may do so by calling another one, through so many ``wrappers``.
        """
        key = qualified, wrappers
        known = self._giving.get(key)
        if known is None:
            own = Looked()
            answer = View(self, own).watch(lambda name: self.knows(name) and self._may_give(name, wrappers), qualified)
            known = self._giving[key] = answer, own
        self.looked.modules |= known[1].modules
        self.looked.followed |= known[1].followed
        return known[0]

    def _may_give(self, qualified: str, wrappers: int) -> bool:
        found = self.definition(qualified)
        if found is None or "." in found.name or not self.outline(found.module).may_give(found.name):
            return False
        return self._holds(found) or self._hands_on(found, wrappers)

    def _hands_on(self, found: Definition, wrappers: int) -> bool:
        """Whether a function hands on what another gives: followed once, or bytes would have many callers followed."""
        if not any(True for _ in self._wrapping(found, wrappers)):
            return False
        if wrappers < WRAPPERS or found in self._asked:
            return True  # on the way to whoever is asked about
        self.looked.followed.add(found.module)
        self._asked.add(found)
        try:
            whole = self._whole(found)
            return whole is not None and bool(whole.gives)
        except RecursionError:
            return False  # nested too deeply to be followed
        finally:
            self._asked.discard(found)

    def wrapping(self, module: str, name: str) -> list[int]:
        """The lines on which a function hands on what another of the project may give."""
        known = name in self.outline(module).definitions and self.outline(module).may_give(name)
        return list(self._wrapping(Definition(module, name), WRAPPERS)) if known else []

    def _wrapping(self, found: Definition, wrappers: int) -> Iterator[int]:
        outline = self.outline(found.module)
        for called, line in outline.handed(found.name) if wrappers else ():
            head, dot, rest = called.partition(".")
            if head in outline.definitions:
                head = f"{found.module}.{head}"
            elif head in outline.bound:
                dots, name = outline.bound[head]
                head = absolute(b"." * dots, name.encode(), self._around(found.module))
            else:
                continue
            if self.may_give(f"{head}{dot}{rest}", wrappers - 1):
                yield line

    def _around(self, module: str) -> str:
        """What the relative imports of a module are relative to."""
        path = self._paths.get(module) or ""
        return module if path.endswith("__init__.py") else module.rpartition(".")[0]

    def _holds(self, found: Definition) -> bool:
        """Whether a definition has a line that could acquire something."""
        first, last = self.outline(found.module).definitions[found.name]
        return any(first <= line <= last for line in self.lines(found.module))

    def used_in(self, data: bytes, package: str) -> bool:
        """Whether a file that acquires nothing by itself imports something of the project that may give.

        ``package`` is what the file's relative imports are relative to.
        """
        for each in calls_of(data).imports:
            if not each.names:
                if self.knows(each.module.decode()) and self._called_through(data, each.bound, each.module.decode()):
                    return True
                continue
            base = absolute(each.dots, each.module, package)
            if base and not self.knows(base):
                continue
            for name, bound in each.names:
                qualified = f"{base}.{name.decode()}" if base else name.decode()
                if self.may_give(qualified) or self._called_through(data, bound, qualified):
                    return True
        return False

    def _called_through(self, data: bytes, name: bytes, module: str) -> bool:
        if self.text(module) is None:
            return False
        return any(self.may_give(f"{module}{path.decode()}") for path in calls_of(data).members(name))

    def lines(self, module: str) -> list[int]:
        """The lines of a module that could acquire something."""
        self.looked.modules.add(module)
        if module not in self._lines:
            self._lines[module] = prefilter(self.catalogue).lines(self.text(module) or b"")
        return self._lines[module]

    # --- what the analysis of another file asks --------------------------------------------------------------------

    def summary(self, qualified: str) -> Summary | None:
        """What a function, method or constructor of the project does."""
        found = self.definition(qualified) if self.knows(qualified) else None
        if found is None:
            return None
        self.looked.followed.add(found.module)
        if "." not in found.name and self._plain(found):
            whole = functools.partial(self._whole, found)
            return Summary((), lambda *_: Effect.TAKES, more=whole, harmless=lambda: _is_harmless(whole()))
        return self._whole(found)

    def _plain(self, found: Definition) -> bool:
        """Whether a function or class is known well enough without being parsed: it gives nothing, and returns."""
        outline = self.outline(found.module)
        gives = self.may_give(f"{found.module}.{found.name}")
        silent = not gives and not (outline.asynchronous(found.name) and self._holds(found))
        return silent and outline.surely_returns(found.name)

    def _whole(self, found: Definition) -> Summary | None:
        analyser = self.analyser(found.module)
        return None if analyser is None else analyser.summary((f"{found.module}.{found.name}",))

    def class_of(self, qualified: str) -> tuple[FileAnalyser, ast.ClassDef] | None:
        """The class of the project with a qualified name, and the file that defines it."""
        found = self.definition(qualified) if self.knows(qualified) else None
        analyser = self.analyser(found.module) if found is not None else None
        if found is None or analyser is None or found.name not in analyser.names.classes:
            return None
        self.looked.followed.add(found.module)
        return analyser, analyser.names.classes[found.name]

    # --- what was looked at ----------------------------------------------------------------------------------------

    def facts(self, looked: Looked) -> tuple[Fact, ...]:
        """Everything that a result rests on which looked at ``looked``: files, and files that are not there."""
        modules = set(looked.modules)
        waiting, seen = list(looked.followed), set(looked.followed)
        while waiting:
            other = self._looked_by.get(waiting.pop())
            if other is not None:
                modules |= other.modules
                waiting += other.followed - seen
                seen |= other.followed
        return tuple(fact for module in sorted(modules) for fact in self._facts_of(module))

    def _facts_of(self, module: str) -> tuple[Fact, ...]:
        known = self._facts.get(module)
        if known is None:
            base = "/".join(module.split("."))
            package, plain = f"{base}/__init__.py", f"{base}.py"
            data, path = self._texts.get(module), self._paths.get(module)
            if data is None or path is None:
                known = ((package, None), (plain, None))
            elif path.endswith("__init__.py"):
                known = ((package, digest_of(data)),)
            else:
                known = ((package, None), (plain, digest_of(data)))
            self._facts[module] = known
        return known


@dataclass(frozen=True, slots=True)
class View:
    """A project as the analysis of one file sees it: whatever it asks for is written down."""

    project: Project
    looked: Looked = field(default_factory=Looked)

    def watch(self, ask: Callable[[str], T], name: str) -> T:
        """``ask(name)``, with what it looks at written down here."""
        before, self.project.looked = self.project.looked, self.looked
        try:
            return ask(name)
        finally:
            self.project.looked = before

    def knows(self, qualified: str) -> bool:
        """Whether a name belongs to the project."""
        return self.watch(self.project.knows, qualified)

    def may_give(self, qualified: str) -> bool:
        """Whether a function or class of the project could acquire something."""
        return self.watch(self.project.may_give, qualified)

    def wrapping(self, module: str, name: str) -> list[int]:
        """The lines on which a function of a module hands on what another may give."""
        return self.watch(functools.partial(self.project.wrapping, module), name)

    def used_in(self, data: bytes, package: str) -> bool:
        """Whether a file imports something of the project that may give."""
        return self.watch(lambda package: self.project.used_in(data, package), package)

    def summary(self, qualified: str) -> Summary | None:
        """What a function, method or constructor of the project does."""
        return self.watch(self.project.summary, qualified)

    def class_of(self, qualified: str) -> tuple[FileAnalyser, ast.ClassDef] | None:
        """A class of the project, and the file that defines it."""
        return self.watch(self.project.class_of, qualified)

    def facts(self) -> tuple[Fact, ...]:
        """Everything that what was asked for rests on; paths from the project's root, with ``/``."""
        return self.project.facts(self.looked)


def _is_harmless(summary: Summary | None) -> bool:
    return summary is not None and summary.harmless()


@dataclass
class Projects:
    """The projects that the checked files belong to, one a top package (or a folder of plain modules)."""

    catalogue: Catalogue
    strict: bool = False
    level: RaiseLevel = RaiseLevel.DEFAULT
    kept: Kept = field(default_factory=Kept)
    trees: Trees = field(default_factory=Trees)
    _found: dict[tuple[str, str], Project] = field(default_factory=dict)

    def of(self, path: str, module: str) -> Project:
        """The project of a file."""
        key = folder, package = root_of(path, module)
        if key not in self._found:
            self._found[key] = Project(folder, package, self.catalogue, self.level, self.strict, self.kept, self.trees)
        return self._found[key]
