"""Small projects whose files lean on one another: wrappers, helpers that close, base classes, re-exports, circles."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

MODULES = ("app.files", "app.use", "app.sub.more", "plain", "other", "third")
"""Modules that a project may have, beside the two packages ``app`` and ``app.sub``."""
PACKAGES = ("app", "app.sub")
FUNCTIONS = ("opened", "shut")
CLASSES = ("Base", "Owner")


def path_of(module: str) -> str:
    """Where a module stands below the project's folder."""
    return f"{module.replace('.', '/')}/__init__.py" if module in PACKAGES else f"{module.replace('.', '/')}.py"


def text_of(module: str, rng: random.Random) -> str:
    """A program for a module: what it imports, defines and misuses is drawn by ``rng``."""
    names = [*FUNCTIONS, *CLASSES]
    rng.shuffle(names)
    parts: list[str] = []
    for name in names[: rng.randrange(1, 5)]:  # a name is imported, defined, or nothing, so that chains are common
        if rng.random() < 0.5:
            parts.insert(0, _import(module, name, rng))
        else:
            parts.append(_function(name, rng) if name in FUNCTIONS else _class(name, rng))
    parts += [_user(number, rng) for number in range(rng.randrange(1, 4))]
    return "\n".join(parts) + "\n"


def _import(importer: str, name: str, rng: random.Random) -> str:
    every = (*MODULES, *PACKAGES)
    near = [module for module in every if module.startswith("app") == importer.startswith("app") and module != importer]
    module = rng.choice(near if rng.random() < 0.9 else every)
    last = module.rpartition(".")[2]
    ways = (
        f"from {module} import {name}",
        f"from {module} import {rng.choice(FUNCTIONS)} as {name}",
        f"from .{last} import {name}",
        f"from . import {last}\nimport {module}",
    )
    return rng.choice((*(4 * [ways[0]]), *ways))


def _function(name: str, rng: random.Random) -> str:
    other = _callee(rng)
    bodies = (
        "    return open(x)",
        "    x.close()",
        "    return x.fileno()",
        *(3 * [f"    return {other}(x)"]),
        *(3 * [f"    {other}(x)"]),
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
    end = rng.choice((*(2 * [f"{_callee(rng)}(f)"]), "print(f)", "f.close()", "print(f)  # noqa: MEM101", "return f"))
    begin = rng.choice(("open", "open", _callee(rng), _callee(rng), *CLASSES))
    return f"def user{number}(p):\n    f = {begin}(p)\n    {end}\n"


def _callee(rng: random.Random) -> str:
    plain = rng.choice(FUNCTIONS)
    module = rng.choice(MODULES)
    return rng.choice((*(6 * [plain]), f"{module}.{plain}", f"{module.rpartition('.')[2]}.{plain}"))


def write_project(folder: Path, rng: random.Random) -> None:
    """Write a project: most of the modules, each with a drawn program."""
    for module in (*PACKAGES, *MODULES):
        if rng.random() < 0.9:
            write(folder, module, text_of(module, rng))


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
    write(folder, module, text_of(module, rng))
    return f"{module} was written"


def _delete(path: Path) -> str:
    path.unlink()
    return f"{path} was deleted"


def _rename(path: Path, folder: Path, rng: random.Random) -> str:
    target = folder / path_of(rng.choice((*PACKAGES, *MODULES)))
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    return f"{path} became {target}"
