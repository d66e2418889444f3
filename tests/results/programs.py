"""Small projects whose files lean on one another: wrappers, helpers that close, base classes, re-exports, circles."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

MODULES = ("app.files", "app.base", "app.use", "app.sub.more", "app.sub.user", "plain", "other")
"""Modules that a project may have, beside the two packages ``app`` and ``app.sub``."""
PACKAGES = ("app", "app.sub")
FUNCTIONS = ("opened", "shut", "look", "both")
CLASSES = ("Base", "Owner")


def path_of(module: str) -> str:
    """Where a module stands below the project's folder."""
    return f"{module.replace('.', '/')}/__init__.py" if module in PACKAGES else f"{module.replace('.', '/')}.py"


def text_of(rng: random.Random) -> str:
    """A program: what it imports, defines and misuses is drawn by ``rng``."""
    lines = [_import(rng) for _ in range(rng.randrange(4))]
    lines += [_function(rng.choice(FUNCTIONS), rng) for _ in range(rng.randrange(3))]
    lines += [_class(rng.choice(CLASSES), rng) for _ in range(rng.randrange(2))]
    lines += [_user(number, rng) for number in range(rng.randrange(3))]
    rng.shuffle(lines)
    return "\n".join(sorted(lines, key=lambda line: "import" not in line)) + "\n"


def _import(rng: random.Random) -> str:
    module = rng.choice((*MODULES, *PACKAGES))
    name = rng.choice((*FUNCTIONS, *CLASSES))
    ways = (
        f"from {module} import {name}",
        f"from {module} import {name} as {rng.choice(FUNCTIONS)}",
        f"import {module}",
        f"from . import {module.rpartition('.')[2]}",
        f"from .{module.rpartition('.')[2]} import {name}",
    )
    return rng.choice(ways)


def _function(name: str, rng: random.Random) -> str:
    other = _callee(rng)
    bodies = (
        "    return open(x)",
        "    x.close()",
        "    return x.fileno()",
        f"    return {other}(x)",
        f"    {other}(x)",
        f"    if x:\n        return {other}(x)\n    return open(x)",
        f"    return {other}(open(x))",
        "    kept.append(x)",
        f"    {other}(x)\n    x.close()",
        f"    if x:\n        {other}(x)\n    else:\n        x.close()",
    )
    return f"def {name}(x):\n{rng.choice(bodies)}\n"


def _class(name: str, rng: random.Random) -> str:
    base = rng.choice(("", "", *(f"({each})" for each in CLASSES)))
    made = rng.choice(("open(p)", f"{_callee(rng)}(p)"))
    close = rng.choice(("", "    def close(self):\n        self.stream.close()\n"))
    return f"class {name}{base}:\n    def __init__(self, p):\n        self.stream = {made}\n{close}"


def _user(number: int, rng: random.Random) -> str:
    end = rng.choice(("print(f)", f"{_callee(rng)}(f)", "f.close()", "print(f)  # noqa: MEM101", "return f"))
    return f"def user{number}(p):\n    f = {rng.choice(('open', _callee(rng), *CLASSES))}(p)\n    {end}\n"


def _callee(rng: random.Random) -> str:
    plain = rng.choice(FUNCTIONS)
    module = rng.choice(MODULES)
    return rng.choice((plain, plain, plain, f"{module}.{plain}", f"{module.rpartition('.')[2]}.{plain}"))


def write_project(folder: Path, rng: random.Random) -> None:
    """Write a project: most of the modules, each with a drawn program."""
    for module in (*PACKAGES, *MODULES):
        if rng.random() < 0.85:
            write(folder, module, text_of(rng))


def write(folder: Path, module: str, text: str) -> None:
    """Write one module, and the folders around it."""
    path = folder / path_of(module)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def edit(folder: Path, rng: random.Random) -> str:
    """Change, add, delete or rename one file; says what was done."""
    files = sorted(path for path in folder.rglob("*.py"))
    ways: list[Callable[[], str]] = [lambda: _rewrite(folder, rng)]
    if files:
        ways += [lambda: _delete(rng.choice(files)), lambda: _rename(rng.choice(files), folder, rng)]
    return rng.choice([*ways, ways[0]])()


def _rewrite(folder: Path, rng: random.Random) -> str:
    module = rng.choice((*PACKAGES, *MODULES))
    write(folder, module, text_of(rng))
    return f"{module} was written"


def _delete(path: Path) -> str:
    path.unlink()
    return f"{path} was deleted"


def _rename(path: Path, folder: Path, rng: random.Random) -> str:
    target = folder / path_of(rng.choice((*PACKAGES, *MODULES)))
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    return f"{path} became {target}"
