"""What is found in files: by what is kept of earlier runs where that is still true, else by looking."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable, Mapping, Sequence

from memlint.cli.configuration import settings_for
from memlint.engine.run import check_all, facts_of
from memlint.findings import RuleFacts
from memlint.results.memory import FOLDER, Memory
from memlint.results.result import FileResult
from memlint.values import TYPE_CHECKING

if TYPE_CHECKING:  # a run whose results are all kept imports neither
    from memlint.engine.checker import Checker
    from memlint.results.shared import Shared
    from memlint.rules import Rule


class Judge:
    """Judges files with the settings of a command line.

    Our own rules are not even imported while everything is found kept; ``rules`` of somebody else's are never kept.

    Raises at construction what makes a checker impossible: ``SettingsError``, ``CatalogueError``.
    """

    def __init__(self, arguments: argparse.Namespace, paths: Sequence[str], rules: Sequence[Rule] | None) -> None:
        self._arguments = arguments
        self._paths = paths
        self._rules = rules
        self._checker: Checker | None = None
        self.settings = settings_for(arguments, paths, rules)
        self.memory: Memory | None = None
        self.trouble: str | None = None
        """Why the shared cache could not be used."""
        self.kept = 0
        """How many results were not worked out anew."""
        if rules is None and self.settings.cache:
            self.memory = Memory(self.settings.cache_dir or os.path.join(self.settings.root, FOLDER), self.settings)
        head = self.memory.head if self.memory is not None else None
        self.rules: tuple[RuleFacts, ...] = ()
        """The rules that run."""
        self.notices: tuple[str, ...] = ()
        """What must be said about the settings."""
        if head is not None:
            self.rules, self.notices = head.rules, head.notices
        else:
            self._make()

    @property
    def checker(self) -> Checker:
        """What looks at files itself."""
        return self._checker or self._make()

    def _make(self) -> Checker:
        from memlint.engine.checker import Checker
        from memlint.rules import RULES
        from memlint.settings import Selection

        rules = RULES if self._rules is None else self._rules
        self.settings = settings_for(self._arguments, self._paths, rules)  # once more, now that the codes are known
        made = self._checker = Checker(self.settings, rules)
        made.tells_grounds = self.memory is not None or self.settings.shared_cache is not None
        self.rules = facts_of(made.rules)
        self.notices = tuple(
            f"`{selector}` selects only previews; add --preview to run them"
            for selector in Selection(self.settings, rules).only_previews()
        )
        return made

    def judge(self, files: Sequence[str], seen: Callable[[FileResult], None]) -> None:
        """Tell the result of each file, in no order."""
        known = self.memory.recall(files) if self.memory is not None else {}
        missing = [path for path in files if path not in known]
        with contextlib.ExitStack() as stack:
            shared = self._shared_cache() if missing else None
            if shared is not None:
                stack.callback(shared.close)
            self._look(known, missing, shared, seen)

    def _look(
        self,
        known: Mapping[str, FileResult],
        missing: Sequence[str],
        shared: Shared | None,
        seen: Callable[[FileResult], None],
    ) -> None:
        """Tell what is ``known``, and find out what is ``missing``: from others, else by looking."""
        fetched = shared.recall(missing) if shared is not None else {}
        for result in (*known.values(), *fetched.values()):
            seen(result)
        self.kept = len(known) + len(fetched)
        new: list[FileResult] = []
        missing = [path for path in missing if path not in fetched]
        if missing:
            for result in check_all(self.checker, missing, self.settings.jobs):
                new.append(result)
                seen(result)
        if shared is not None:
            shared.share(new)
            self.trouble = shared.trouble
        if self.memory is not None:
            self.memory.keep([*new, *fetched.values()], self.rules, self.notices)

    def _shared_cache(self) -> Shared | None:
        if self._rules is not None or self.settings.shared_cache is None:
            return None
        from memlint.results.shared import Shared
        from memlint.results.stores import open_store

        return Shared(open_store(self.settings.shared_cache), self.checker.terms)
