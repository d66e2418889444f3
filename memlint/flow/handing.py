"""What becomes of arguments at a callee that nothing is known of, and whether the call may raise."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from memlint.catalogue.model import Acquire, Category
from memlint.cfg import instructions as ir
from memlint.cfg.graph import RAISED
from memlint.flow.arguments import Arguments
from memlint.flow.callees import believed
from memlint.flow.exceptions import OPERATING
from memlint.flow.machine import Machine
from memlint.flow.raising import LOGGERS, QUIET_METHODS, RaiseLevel
from memlint.flow.state import State
from memlint.flow.values import NONE, UNKNOWN, Bag, Element, Handle, Literal, Method, Value
from memlint.flow.wording import call_text, last_word

ENTERING = frozenset({"enter_context", "enter_async_context", "enterContext", "enterClassContext", "push"})
"""Methods of exit stacks and test cases that own what they are given, and give it back entered."""

_READERS = frozenset({"from_file", "load", "parse", "parse_file", "read_file", "readfp", "load_file"})
"""Names of callees that read a stream to its end, and leave the rest to who has opened it."""
_QUIET_WORDS = ("is_", "has_", "fork_", "_fork_")
"""How the names of predicates begin, and of helpers that fork, which fails as rarely as forking itself."""


@dataclass(slots=True)
class Handing:
    """The lower half of a call."""

    m: Machine
    i: ir.Call
    state: State
    arguments: Arguments

    # --- unknown callees -----------------------------------------------------------------------------------------

    def unknown(self, word: str, value: Value = UNKNOWN, *, receiver: str = "") -> Value:
        """A callee that nothing is known of."""
        if not receiver and isinstance(self.i.node.func, ast.Attribute):
            receiver = last_word(self.i.node.func.value)
        if word in ENTERING:
            return self.enter_in_stack(value)
        if not self.arguments.telling:
            pass  # there is nothing to give away
        elif self.m.world.strict or (word in _READERS and self.opened_in_place()):
            self.give_away_rest()
        else:
            self.give_away(f"handed to `{call_text(self.i.node)}`")
        quiet = self.is_quiet_method(word, receiver) or self.makes_from_nothing(word) or self.takes_one_end(word)
        if not quiet and not self.encodes(word):
            self.raises(making=self.names_class(word))
        return value

    def names_class(self, word: str) -> bool:
        """Whether a callee is a class, by its name."""
        name = word.lstrip("_")
        return name[:1].isupper() and not name.isupper()

    def opened_in_place(self) -> bool:
        """Whether all that is handed over is one file that is opened among the arguments: ``parse(open(path))``."""
        handles = [value for value, _, _ in self.arguments.every() if isinstance(value, Handle)]
        sites = [self.m.records[each.site].site for each in handles]
        return len(sites) == 1 and sites[0].node in self.i.node.args and sites[0].kind.name == "file"

    def encodes(self, word: str) -> bool:
        """Whether text is made into UTF-8, which holds all text."""
        if word != "encode" or self.m.world.level is RaiseLevel.STRICT:
            return False
        first = self.arguments.find("encoding", 0)
        return first is None or any(first == Literal.of(name) for name in ("utf-8", "utf8", "UTF-8", "UTF8"))

    def makes_from_nothing(self, word: str) -> bool:
        """Whether a class, by its name, is called without arguments: there is nothing that could be wrong with them."""
        bare = not self.arguments.positional and not self.arguments.keywords
        return bare and self.m.world.level is not RaiseLevel.STRICT and self.names_class(word)

    def takes_one_end(self, word: str) -> bool:
        """Whether a class is handed one end of a pair that one call made: wrapping both ends is one step."""
        if self.m.world.level is RaiseLevel.STRICT or not word[:1].isupper():
            return False
        ends = [value.site for value, _, _ in self.arguments.every() if isinstance(value, Handle)]
        made = {id(self.m.records[site].site.node) for site in ends}
        return any(
            other.site not in ends and id(self.m.records[other.site].site.node) in made for other in self.state.status
        )

    def enter_in_stack(self, value: Value = UNKNOWN) -> Value:
        """A stack owns what it is given from here on, and gives it back entered."""
        text = f"entered in an exit stack by `{call_text(self.i.node)}`"
        for each, _, _ in self.arguments.every():
            self.m.transfer(self.state, each, self.i.node, text)
        first = self.arguments.find(0)
        return first if first is not None else value

    def is_quiet_method(self, word: str, receiver: str) -> bool:
        """Whether a method of something unknown starts no exceptional path, by its name."""
        if self.m.world.level is RaiseLevel.STRICT:
            return False
        if word in QUIET_METHODS or word.startswith(_QUIET_WORDS) or believed(receiver, LOGGERS):
            return True
        return any(believed(receiver, q.receivers) for q in self.m.world.catalogue.quiet_methods.get(word, ()))

    def give_away(self, text: str) -> None:
        """Every argument has another owner now, unless this function is seen to keep it."""
        for value, _, _ in self.arguments.every():
            self.give_one_away(value, text)

    def give_one_away(self, value: Value, text: str) -> None:
        """One argument has another owner now, unless this function is seen to keep it."""
        if isinstance(value, (Handle, Element)) or self.are_paths(value):
            self.m.lend(self.state, value, self.i.node, text)
        else:
            self.m.transfer(self.state, value, self.i.node, text)

    def are_paths(self, value: Value) -> bool:
        """Whether all that a value reaches are temporary paths: who opens one does not own what lies there."""
        handles = list(self.state.handles(value)) if isinstance(value, (Handle, Bag)) else []
        return bool(handles) and all(self.m.kind(each).category is Category.TEMPORARY for each in handles)

    def give_away_rest(self) -> None:
        """Bound release methods among the arguments hand their resource over."""
        if not self.arguments.telling:
            return
        for value, _, _ in self.arguments.every():
            if isinstance(value, Method):
                self.m.transfer(self.state, value, self.i.node, f"its method is handed to `{call_text(self.i.node)}`")

    # --- exceptions ----------------------------------------------------------------------------------------------

    def raises(
        self, *, classes: tuple[str, ...] | None = None, acquiring: Acquire | None = None, making: bool = False
    ) -> None:
        """The call may raise, unless the level of the raise model says otherwise.

        ``making``: all that it does is make an object that owes nothing.
        """
        m = self.m
        if making and m.world.level is not RaiseLevel.STRICT:
            m.making.add(id(self.i.node))
        if m.world.level is RaiseLevel.RELAXED and classes is None:
            return
        quiet = False
        if acquiring is not None:
            classes = OPERATING
            quiet = m.world.catalogue.resolve(acquiring.call) in m.world.catalogue.quiets
            if quiet and m.landing == RAISED:
                return
        m.may_raise(self.state, self.i.node, None, classes=classes, held_against=not quiet)

    def times_out(self) -> None:
        """A wait with a time limit may end before the process does; followed where somebody is there to handle it."""
        limit = self.arguments.find("timeout", 0 if last_word(self.i.node.func) == "wait" else 1)
        if limit is not None and limit != NONE and self.m.landing != RAISED:
            text = f"`{call_text(self.i.node)}`"
            self.m.may_raise(self.state, self.i.node, text, classes=("subprocess.TimeoutExpired",))
