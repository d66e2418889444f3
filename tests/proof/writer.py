"""Writes random programs of the modelled language (docs/explanation/proof.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

HEAD = "import asyncio\nimport contextlib\nimport res\n"
NAMES = ("a", "c", "d")
CLASSES = ("OSError", "OSError", "Exception", "Exception", "BaseException", "ValueError", "KeyError", "res.Error")
HELPERS: dict[str, str] = {
    "shut": "def shut(r):\n    r.close()\n",
    "shut_if_any": "def shut_if_any(r):\n    if r is not None:\n        r.close()\n",
    "shut_after_work": "def shut_after_work(r):\n    r.use()\n    r.close()\n",
    "shut_anyway": "def shut_anyway(r):\n    try:\n        res.look(r)\n    finally:\n        r.close()\n",
    "shut_by_block": "def shut_by_block(r):\n    with r:\n        res.work()\n",
    "read": "def read(r):\n    return r.peek()\n",
    "probe": "def probe(r):\n    res.look(r)\n    return r.peek()\n",
    "same": "def same(r):\n    r.use()\n    return r\n",
    "stow": "def stow(r, box):\n    box.slot = r\n",
    "give_up": "def give_up():\n    raise res.Error\n",
    "make": "def make(n):\n    return res.acquire({site})\n",
    "make_checked": (
        "def make_checked(n):\n    r = res.acquire({site})\n    try:\n        r.use()\n    except BaseException:\n"
        "        r.close()\n        raise\n    return r\n"
    ),
    "make_careless": "def make_careless(n):\n    r = res.acquire({site})\n    r.use()\n    return r\n",
    "make_two": "def make_two(n):\n    return res.acquire({site}), 1\n",
}
"""Functions that a program may have beside ``main``."""
MANAGERS: dict[str, str] = {
    "opened": (
        "@contextlib.contextmanager\ndef opened(n):\n    r = res.acquire({site})\n    try:\n        yield r\n"
        "    finally:\n        r.close()\n"
    ),
    "opened_careless": (
        "@contextlib.contextmanager\ndef opened_careless(n):\n    r = res.acquire({site})\n    yield r\n    r.close()\n"
    ),
    "opened_block": (
        "@contextlib.contextmanager\ndef opened_block(n):\n    with res.acquire({site}) as r:\n        yield r\n"
    ),
}
"""Context managers that a program may have."""
RES, MAYBE, NONE, UNBOUND = "resource", "maybe", "none", "unbound"


@dataclass
class Writer:
    """One program being written."""

    random: Random
    size: int
    lines: list[str] = field(default_factory=list)
    helpers: dict[str, str] = field(default_factory=dict)
    numbers: int = 0
    depth: int = 1
    loops: int = 0
    cleaning: int = 0
    handling: int = 0
    kinds: dict[str, str] = field(default_factory=dict)
    """What each name is believed to hold."""
    flag: bool = False
    mode: str = "plain"
    """``generator`` and ``async`` programs may wait, and be given up where they do."""

    def program(self) -> str:
        """The text of the program."""
        for name in NAMES:
            self.kinds[name] = UNBOUND
        if self.random.random() < 0.3:
            for name in NAMES:
                self.line(f"{name} = None")
                self.kinds[name] = NONE
        self.acquisition()
        while self.size > 0:
            self.statement()
        body = "\n".join(self.lines)
        helpers = "\n\n".join(self.helpers.values())
        word = "async def" if self.mode == "async" else "def"
        return "\n\n".join(part for part in (HEAD, helpers, f"{word} main(b0, b1, k, box):\n{body}\n") if part)

    # --- small parts ---------------------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        """One line at the present depth."""
        self.lines.append("    " * self.depth + text)

    def number(self) -> int:
        """A fresh number."""
        self.numbers += 1
        return self.numbers

    def chance(self, share: float) -> bool:
        """True in a share of cases."""
        return self.random.random() < share

    def name(self, *kinds: str) -> str | None:
        """A name that holds one of these."""
        fit = [name for name in NAMES if self.kinds[name] in kinds]
        return self.random.choice(fit) if fit else None

    def call(self, helper: str) -> str:
        """The name of a helper, which is defined when it was not."""
        if helper not in self.helpers:
            self.helpers[helper] = (HELPERS | MANAGERS)[helper].format(site=self.number())
        return helper

    def acquiring(self) -> str:
        """An acquiring expression that gives one resource."""
        if self.chance(0.15):
            helper = self.call(self.random.choice(("make", "make_checked", "make_careless")))
            return f"{helper}({self.number()})"
        return f"res.acquire({self.number()})"

    def test(self) -> str:
        """A condition."""
        plain = ("b0", "b1", "not b0", "k == 1", "k != 1")
        tests: list[Callable[[], str]] = [lambda: self.random.choice(plain)] * 5
        tests.append(lambda: f"res.flip({self.number()})")
        if self.flag:
            tests += [lambda: "ok", lambda: "not ok"] * 2
        if name := self.name(MAYBE, RES, NONE):
            tests += [lambda: str(name), lambda: f"{name} is None", lambda: f"{name} is not None"]
        if self.chance(0.1):
            return f"b0 {self.random.choice(('and', 'or'))} res.flip({self.number()})"
        return self.random.choice(tests)()

    # --- statements ----------------------------------------------------------------------------------------------

    def statement(self) -> None:
        """One random statement."""
        self.size -= 1
        weights: list[tuple[float, Callable[[], None]]] = [
            (3, self.acquisition),
            (2.5, self.work),
            (4, self.release),
            (2, self.use),
            (1.2, self.rebind),
            (2.5, self.branch),
            (1.3, self.loop),
            (3, self.protected),
            (1.5, self.block),
            (1, self.leave),
            (1, self.flagging),
            (1.2, self.hand),
            (0.8, self.several),
            (0.7, self.bags),
        ]
        chosen = self.random.choices([each for _, each in weights], [weight for weight, _ in weights])[0]
        chosen()

    def body(self, write: Callable[[], None] | None = None, most: int = 3) -> None:
        """An indented suite of one or more statements."""
        self.depth += 1
        before = len(self.lines)
        if write is not None:
            write()
        for _ in range(self.random.randint(0 if write else 1, most)):
            if self.size > 0:
                self.statement()
        if len(self.lines) == before:
            self.line("pass")
        self.depth -= 1

    def acquisition(self) -> None:
        name = self.random.choice(NAMES)
        if self.mode == "async" and self.chance(0.4):
            self.connection()
            return
        if self.chance(0.1):
            self.line(self.acquiring() + self.random.choice((".close()", ".use()", "")))
        elif self.chance(0.08):
            self.line(f"{name} = {self.acquiring()} if {self.test()} else None")
            self.kinds[name] = MAYBE
        elif self.chance(0.06):
            self.line(f"{name}, _ = {self.call('make_two')}({self.number()})")
            self.kinds[name] = RES
        else:
            self.line(f"{name} = {self.acquiring()}")
            self.kinds[name] = RES

    def connection(self) -> None:
        """A connection is opened, used and closed, or opened by a block."""
        if self.chance(0.35):
            self.line(f"async with res.connect({self.number()}) as m:")
            self.body()
            return
        self.line(f"m = await res.connect({self.number()})")
        shape = self.random.choice(("try", "try", "plain", "forgotten", "not awaited"))
        if shape == "try":
            self.line("try:")
            self.body()
            self.line(self.random.choice(("finally:", "finally:", "except Exception:", "except BaseException:")))
        elif self.chance(0.5):
            self.statement()
        self.depth += shape == "try"
        if shape != "forgotten":
            self.line("m.aclose()" if shape == "not awaited" else "await m.aclose()")
            if shape == "try" and self.lines[-2].strip().startswith("except"):
                self.line("raise")
        self.depth -= shape == "try"

    def work(self) -> None:
        if self.mode == "async" and self.chance(0.6):
            self.line("await res.pause()")
            return
        if self.mode == "generator" and not self.cleaning and self.chance(0.6):
            name = self.name(RES, MAYBE)
            self.line(f"yield {name}" if name and self.chance(0.2) else "yield")
            return
        if self.chance(0.08):
            self.line(f"assert res.flip({self.number()})")
            return
        self.line("res.work()" if self.chance(0.9) else f"{self.call('give_up')}()")

    def release(self) -> None:
        if name := self.name(RES):
            forms = [f"{name}.close()"] * 6 + ["shut", "shut_after_work", "shut_anyway", "shut_by_block"]
            form = self.random.choice(forms)
            self.line(f"{self.call(form)}({name})" if form in HELPERS else form)
            if self.chance(0.15):
                self.line(f"{name} = None")
                self.kinds[name] = NONE
        elif name := self.name(MAYBE):
            if self.chance(0.2):
                self.line(f"{self.call('shut_if_any')}({name})")
            else:
                self.line(f"if {name}{self.random.choice(('', ' is not None'))}:")
                self.depth += 1
                self.line(f"{name}.close()")
                self.depth -= 1
        else:
            self.work()

    def use(self) -> None:
        if name := self.name(RES):
            forms = (f"{name}.use()", f"{name}.use()", f"{name}.peek()", f"res.look({name})", "read", "probe")
            form = self.random.choice(forms)
            self.line(f"{self.call(form)}({name})" if form in HELPERS else form)
        else:
            self.work()

    def rebind(self) -> None:
        source, target = self.name(RES, MAYBE), self.random.choice(NAMES)
        if source is None or self.chance(0.3):
            self.line(f"{target} = None")
            self.kinds[target] = NONE
        elif self.chance(0.15) and self.kinds[source] == RES:
            self.line(f"{target} = {self.call('same')}({source})")
            self.kinds[target] = RES
        elif self.chance(0.15):
            self.line(f"del {source}")
            self.kinds[source] = UNBOUND
        else:
            self.line(f"{target} = {source}")
            self.kinds[target] = self.kinds[source]

    def branch(self) -> None:
        before = dict(self.kinds)
        if self.chance(0.08):
            self.matching(before)
            return
        test = self.test()
        self.line(f"if {test}:")
        word, _, rest = test.partition(" ")
        if word in NAMES:
            self.kinds[word] = NONE if rest == "is None" else RES
        self.body()
        then = self.kinds
        self.kinds = dict(before)
        if self.chance(0.4):
            if word in NAMES:
                self.kinds[word] = RES if rest == "is None" else NONE
            self.line("else:")
            self.body()
        self.kinds = self.joined(then, self.kinds)

    def matching(self, before: dict[str, str]) -> None:
        """A ``match`` on something undecided."""
        self.line(f"match res.flip({self.number()}):")
        self.depth += 1
        for pattern in ("True", "_"):
            self.kinds = dict(before)
            self.line(f"case {pattern}:")
            self.body(most=2)
            before = self.joined(before, self.kinds)
        self.depth -= 1
        self.kinds = before

    def joined(self, one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
        """What names hold after either of two ways."""
        return {name: self.either(one[name], other[name]) for name in NAMES}

    def either(self, one: str, other: str) -> str:
        """What a name holds that holds one or the other."""
        if one == other:
            return one
        return UNBOUND if UNBOUND in (one, other) else MAYBE

    def loop(self) -> None:
        before = dict(self.kinds)
        kind = self.random.choice(("for", "for", "while", "forever"))
        self.loops += 1
        if kind == "forever":
            self.line("while True:")
            number = self.number()
            self.depth += 1
            self.line(f"if not res.more({number}):")
            self.depth += 1
            self.line("break")
            self.depth -= 2
        elif kind == "while":
            self.line(f"while res.more({self.number()}):")
        else:
            self.line(f"for _ in res.turns({self.number()}):")
        self.body()
        self.loops -= 1
        self.kinds = self.joined(before, self.kinds)
        if kind != "forever" and self.chance(0.15):
            self.line("else:")
            self.body(most=2)
            self.kinds = self.joined(before, self.kinds)

    def protected(self) -> None:
        before = dict(self.kinds)
        self.line("try:")
        self.body()
        after = dict(self.kinds)
        during = self.joined(before, after)
        shape = self.random.choice(("except", "except", "finally", "finally", "both"))
        ways = []
        if shape != "finally":
            for clause in self.clauses():
                self.kinds = dict(during)
                self.line(clause)
                self.cleaning += 1
                self.handling += 1
                self.body(most=2)
                if self.chance(0.35):
                    self.depth += 1
                    self.line("raise")
                    self.depth -= 1
                else:
                    ways.append(self.kinds)
                self.handling -= 1
                self.cleaning -= 1
            self.kinds = after
            if self.chance(0.15):
                self.line("else:")
                self.body(most=2)
            for way in ways:
                self.kinds = self.joined(self.kinds, way)
        if shape != "except":
            after = self.kinds
            self.kinds = self.joined(during, self.kinds)
            self.line("finally:")
            self.cleaning += 1
            loops, self.loops = self.loops, 0
            self.body(self.release if self.chance(0.7) else None, most=2)
            self.loops = loops
            self.cleaning -= 1
            self.kinds = self.joined(after, self.kinds)

    def clauses(self) -> list[str]:
        """The ``except`` lines of one ``try``."""
        if self.chance(0.15):
            return ["except:"]
        classes = self.random.sample(CLASSES, 2)
        if self.chance(0.15):
            return [f"except ({', '.join(classes)}):"]
        return [f"except {name}:" for name in classes[: 2 if self.chance(0.2) else 1]]

    def block(self) -> None:
        name = self.random.choice(NAMES)
        held = self.name(RES)
        if held is not None and self.chance(0.3):
            self.line(f"with {held}:")
        elif self.chance(0.15):
            self.line(f"with contextlib.suppress({self.random.choice(CLASSES)}):")
            before = dict(self.kinds)
            self.body()
            self.kinds = self.joined(before, self.kinds)
            return
        elif self.chance(0.1):
            self.line(f"with {self.call(self.random.choice(tuple(MANAGERS)))}({self.number()}):")
        elif self.chance(0.1):
            self.line(f"with contextlib.closing({self.acquiring()}) as {name}:")
            self.kinds[name] = RES
        elif self.chance(0.1):
            self.line("with contextlib.ExitStack() as stack:")
            if held is None or self.chance(0.7):
                write = f"{name} = stack.enter_context({self.acquiring()})"
                self.kinds[name] = RES
            else:
                write = f"stack.callback({held}.close)"
            self.body(lambda: self.line(write))
            return
        elif self.chance(0.2):
            self.line(f"with {self.acquiring()}, {self.acquiring()}:")
        else:
            self.line(f"with {self.acquiring()} as {name}:")
            self.kinds[name] = RES
        self.body()

    def leave(self) -> None:
        if self.depth == 1 and self.size > 2:
            self.size += 1
            self.work()
            return
        if self.loops and self.chance(0.5):
            self.line(self.random.choice(("break", "continue")))
            return
        if self.chance(0.3):
            self.line("raise" if self.handling and self.chance(0.6) else "raise res.Error")
            return
        name = self.name(RES, MAYBE)
        if name and self.chance(0.6):
            self.line(f"return {name}" if self.chance(0.8) else f"return {name}, 1")
            return
        self.line("return")
        return

    def flagging(self) -> None:
        self.line(f"ok = {self.random.choice(('True', 'False', f'res.flip({self.number()})'))}")
        self.flag = True

    def hand(self) -> None:
        name = self.name(RES)
        if name is None:
            self.acquisition()
            return
        form = self.random.choice(("keep", "keep", "box", "stow"))
        if form == "keep":
            self.line(f"res.keep({name})")
            return
        if form == "box":
            self.line(f"box.slot = {name}")
            return
        self.line(f"{self.call('stow')}({name}, box)")
        return

    def several(self) -> None:
        one, other = self.random.sample(NAMES, 2)
        if RES in (self.kinds[one], self.kinds[other]) and UNBOUND not in (self.kinds[one], self.kinds[other]):
            self.line(f"{one}, {other} = {other}, {one}")
            self.kinds[one], self.kinds[other] = self.kinds[other], self.kinds[one]
        else:
            pair = f"{self.acquiring()}, {self.acquiring()}" if self.chance(0.5) else f"res.pair({self.number()})"
            self.line(f"{one}, {other} = {pair}")
            self.kinds[one] = self.kinds[other] = RES

    def bags(self) -> None:
        """A list is filled, perhaps something happens, the list is drained."""
        if self.chance(0.4):
            self.line(f"xs = [{self.acquiring()} for _ in res.turns({self.number()})]")
        else:
            self.line("xs = []")
            if name := self.name(RES):
                self.line(f"xs.append({name})")
            self.line(f"for _ in res.turns({self.number()}):")
            self.depth += 1
            self.line(f"xs.append({self.acquiring()})")
            self.depth -= 1
        if self.chance(0.4):
            self.statement()
        if self.chance(0.7):
            self.line("for x in xs:")
            self.depth += 1
            self.line("x.close()")
            self.depth -= 1
        elif self.chance(0.3):
            self.line("return xs")


def write(random: Random, size: int = 8) -> str:
    """A program of about ``size`` statements."""
    mode = random.choices(("plain", "generator", "async"), (6, 1, 2))[0]
    return Writer(random, size, mode=mode).program()
