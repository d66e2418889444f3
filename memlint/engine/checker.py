"""One file: read, parse, analyse, judge, silence.  Nothing that happens in it ends the run."""

from __future__ import annotations

import ast
import functools
import os
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from memlint.catalogue import Catalogue, load
from memlint.findings import Finding, Severity
from memlint.flow.analysis import Analysis, analyse
from memlint.flow.prefilters import prefilter
from memlint.flow.raising import RaiseLevel
from memlint.flow.show import show_facts
from memlint.project import Projects, View
from memlint.reports.excerpt import Excerpt, excerpt
from memlint.reports.model import Failure
from memlint.results.grounds import digest_of, packages_around
from memlint.results.result import FileResult, Grounds
from memlint.rules import RULES, Rule
from memlint.rules.definitions import StructureRule
from memlint.settings import Selection, Settings, globs
from memlint.source.cells import SUFFIX
from memlint.source.codes import UNPARSABLE, UNUSED
from memlint.source.decode import Unreadable, check_syntax, decode, split_lines, too_deep
from memlint.source.modules import forget, module_name
from memlint.source.notebook import Notebook, read_notebook
from memlint.source.suppressions import Suppressions, read_suppressions
from memlint.source.text import Source

T = TypeVar("T")

_DEEP = 60
"""Nesting from which running out of stack is laid to the file and not to us."""


@functools.cache
def standard_catalogue() -> Catalogue:
    """The catalogue without any table of the user's, loaded once a process."""
    return load()


class Checker:
    """Checks files with one set of settings.

    ``read`` and ``judge`` are apart so that a run over many files can read them all before it judges any.

    Raises ``CatalogueError`` at construction when the user's catalogue table is wrong.
    """

    def __init__(self, settings: Settings, rules: Sequence[Rule] = RULES, catalogue: Catalogue | None = None) -> None:
        selection = Selection(settings, rules)
        self.settings = settings
        self.catalogue = catalogue or (load(settings.catalogue) if settings.catalogue else standard_catalogue())
        self.level = RaiseLevel(settings.raises)
        self.known = tuple(rules)
        """All rules, those that are off too."""
        self.rules = selection.rules()
        """The rules that are on."""
        self._prefilter = prefilter(self.catalogue)
        self._triggers = [rule.trigger for rule in self.rules if isinstance(rule, StructureRule)]
        self._projects = Projects(self.catalogue, self.settings.strict, self.level)
        self.sees_project = True
        """Whether other files of a file's package are looked into; a plugin that is given one file does not."""
        self.tells_grounds = False
        """Whether each result says what it rests on."""
        self._view: tuple[str, View] | None = None
        forget()
        self._reports_unparsable = selection.reports_unparsable()
        self._reports_unused = selection.reports_unused()

    def check_file(self, path: str) -> FileResult:
        """Check a file on disk."""
        try:
            with open(path, "rb") as stream:
                data = stream.read()
        except OSError as error:
            return FileResult(path, failure=Failure(path, f"cannot be read: {error.strerror or error}"))
        result = self.check_bytes(data, path)
        if self.tells_grounds and result.failure is None:
            return replace(result, grounds=self._grounds(data, path))
        return result

    def check_bytes(self, data: bytes, path: str) -> FileResult:
        """Check a program given as bytes; ``path`` is what reports call it."""
        self._view = None
        return self._kept_in(path, lambda: self._check(data, path))

    def check_tree(self, tree: ast.Module, lines: Sequence[str], path: str, heed_comments: bool = True) -> FileResult:
        """Check a program that somebody else has parsed (flake8): nothing is parsed again.

        Comments are heeded here too, for flake8 looks for them on the finding's own line only.
        """
        text = "".join(lines)
        if not self._reports_unused and not self._may_tell(text.encode("utf-8", "surrogatepass")):
            return FileResult(path)
        source = Source(path, text, tree, split_lines(text))
        return self._kept_in(path, lambda: self.judge(source, heed_comments))

    def read(self, data: bytes, path: str) -> Source | Notebook | None:
        """Decode and parse a file, or return None when it names no resource.

        Raises:
            Unreadable: the file cannot be analysed; this is found out for every file.
        """
        text = decode(data)
        asked = self._reports_unused and b"noqa" in data.lower()
        if path.endswith(SUFFIX):
            return read_notebook(text, path)
        if not asked and not self._may_tell(data) and not self._uses_project(data, path):
            check_syntax(text, path)
            return None
        return self._projects.trees.parse(text, path)

    def _may_tell(self, data: bytes) -> bool:
        """Whether a file acquires something, or has what a rule about structure looks for."""
        return self._prefilter.may_hold(data) or any(trigger.search(data) for trigger in self._triggers)

    def _uses_project(self, data: bytes, path: str) -> bool:
        """Whether the file calls something of its project that may give it a resource."""
        if not self.sees_project:
            return False
        module = module_name(path)
        package = module if os.path.basename(path) == "__init__.py" else module.rpartition(".")[0]
        return self._project(path).used_in(data, package)

    def _project(self, path: str) -> View:
        """The project of a file, as the file sees it; one view for all that is asked for one file's sake."""
        if self._view is None or self._view[0] != path:
            self._view = path, View(self._projects.of(path, module_name(path)))
        return self._view[1]

    def _grounds(self, data: bytes, path: str) -> Grounds:
        view = self._project(path)
        root = view.project.root
        own = os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/")
        return Grounds(root, own, digest_of(data), (*packages_around(root, own), *view.facts()))

    def analyse(self, source: Source) -> Analysis:
        """Follow what a file acquires.

        Raises:
            Unreadable: the file is nested too deeply to be followed.
        """
        module = module_name(source.path)
        elsewhere = self._project(source.path) if self.sees_project else None
        strict = self.settings.strict
        return _guarded(
            source,
            lambda: analyse(
                source, self.catalogue, level=self.level, strict=strict, module=module, elsewhere=elsewhere
            ),
        )

    def show_facts(self, source: Source, function: str) -> str:
        """What is known at each block of one function of a file.

        Raises:
            NoFunction: there is none of that name.
        """
        return show_facts(
            source,
            self.catalogue,
            function,
            level=self.level,
            strict=self.settings.strict,
            module=module_name(source.path),
            elsewhere=self._project(source.path),
        )

    def judge(self, source: Source, heed_comments: bool = True, analysis: Analysis | None = None) -> FileResult:
        """Analyse a file that was read, ask each rule that is on, and drop what comments silence.

        An ``analysis`` of the file that is there already is not made again.

        Raises:
            Unreadable: the file is nested too deeply to be followed.
        """
        rules = [rule for rule in self.rules if not self.ignores(rule.code, source.path)]
        analysis = analysis or self.analyse(source)
        every = _guarded(source, lambda: [finding for rule in rules for finding in rule.check(analysis)])
        if not every and not self._reports_unused:
            return FileResult(source.path, skipped=analysis.skipped)
        found = [finding for finding in every if self.settings.preview or not finding.preview]
        comments = read_suppressions(source.lines) if heed_comments else Suppressions()
        kept = [finding for finding in found if comments.silencing(finding) is None]
        silenced = len(found) - len(kept)
        if self._reports_unused and not self.ignores(UNUSED, source.path):
            kept += self._unused(comments, every, [rule.code for rule in rules], source.path)
        return FileResult(
            source.path,
            tuple(sorted(kept, key=lambda finding: finding.sort_key)),
            tuple(_texts([(source.path, source.lines)], kept)),
            silenced,
            analysis.skipped,
        )

    def _unused(
        self, comments: Suppressions, found: Sequence[Finding], judged: Sequence[str], path: str
    ) -> Iterator[Finding]:
        known = [UNPARSABLE, UNUSED, *(rule.code for rule in self.known)]
        for comment, code in comments.unused(found, judged, known):
            what = f"`{code}`" if code is not None else "the comment"
            why = "silences nothing here" if code is None or _names_any(code, known) else "is the code of no rule"
            yield Finding(UNUSED, path, comment.span, f"{what} {why}", Severity.NOTE)

    def _check(self, data: bytes, path: str) -> FileResult:
        source = self.read(data, path)
        if source is None:
            return FileResult(path)
        if isinstance(source, Source):
            return self.judge(source)
        result = self.judge(source.source)
        findings = tuple(source.located(finding) for finding in result.findings)
        return replace(result, findings=findings, texts=tuple(_texts(source.texts(), findings)))

    def _kept_in(self, path: str, check: Callable[[], FileResult]) -> FileResult:
        """The result of ``check``, whatever happens in it."""
        started = time.perf_counter()
        try:
            result = check()
        except Unreadable as unreadable:
            result = FileResult(path)
            if self._reports_unparsable and not self.ignores(UNPARSABLE, path):
                found = (unreadable.finding(path),)
                result = FileResult(path, found, tuple(_texts([(path, unreadable.lines)], found)))
        except Exception as error:  # a fault of ours must not hide what other files have to say
            words = " ".join(str(error).split())
            reason = f"internal error: {type(error).__name__}{': ' if words else ''}{words[:200]}"
            result = FileResult(path, failure=Failure(path, reason, True, traceback.format_exc()))
        self._projects.kept.let_go()
        return replace(result, seconds=time.perf_counter() - started)

    def terms(self, path: str) -> tuple[object, ...]:
        """What decides on the result of a file beside contents, as plain values that mean the same on every machine."""
        on = [rule.code for rule in self.rules if not self.ignores(rule.code, path)]
        on += [UNPARSABLE] * (self._reports_unparsable and not self.ignores(UNPARSABLE, path))
        on += [UNUSED] * (self._reports_unused and not self.ignores(UNUSED, path))
        known = [rule.code for rule in self.known]
        settings = self.settings
        return (on, known, settings.preview, settings.strict, self.level.value, self.catalogue.version)

    def ignores(self, code: str, path: str) -> bool:
        """Whether ``per-file-ignores`` leaves a rule out in a file."""
        return any(
            code.startswith(entry.codes) or "ALL" in entry.codes
            for entry in self.settings.per_file_ignores
            if entry.codes and globs.names(entry.pattern, path, self.settings.root)
        )


def _texts(own: Iterable[tuple[str, Sequence[str]]], findings: Sequence[Finding]) -> Iterator[tuple[str, Excerpt]]:
    """What must be kept of a file's own texts, and of other files that a witness names, to show ``findings``."""
    if not findings:
        return
    for path, lines in own:
        yield path, excerpt(lines, findings, path)
    here = {finding.path for finding in findings}
    for path in sorted({step.path for f in findings for step in f.witness if step.path is not None} - here):
        try:
            with open(path, "rb") as stream:
                yield path, excerpt(split_lines(decode(stream.read())), findings, path)
        except (OSError, Unreadable):
            yield path, Excerpt(0, {})


def _names_any(code: str, known: Sequence[str]) -> bool:
    return any(other.startswith(code) for other in known)


def _guarded(source: Source, step: Callable[[], T]) -> T:
    """The result of ``step``; running out of stack is laid to the file where it is nested deeply."""
    try:
        return step()
    except RecursionError:
        if _depth(source.tree) >= _DEEP:
            raise too_deep() from None
        raise


def _depth(tree: ast.AST) -> int:
    """How deeply the nodes of a tree are nested, found without recursion."""
    deepest = 0
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    return deepest
