"""Which module a file is, so that its relative imports and the catalogue's names meet."""

from __future__ import annotations

import functools
import os


def module_name(path: str) -> str:
    """The dotted name of the module in ``path``, from the packages around it; ``__main__`` where it has none.

    A folder is a package when it holds an ``__init__.py`` or ``__init__.pyi``.
    """
    folder, file = os.path.split(os.path.abspath(path))
    stem = os.path.splitext(file)[0]
    package = _package(folder)
    if stem == "__init__":
        return package or "__main__"
    if not stem.isidentifier():
        return "__main__"
    return f"{package}.{stem}" if package else stem


@functools.lru_cache(maxsize=4096)
def _package(folder: str) -> str:
    """The dotted name of a folder that is a package, else nothing."""
    if not any(os.path.isfile(os.path.join(folder, f"__init__{suffix}")) for suffix in (".py", ".pyi")):
        return ""
    above, name = os.path.split(folder)
    outer = _package(above) if name else ""
    return f"{outer}.{name}" if outer else name


def forget() -> None:
    """Look at the folders again: packages may have come and gone since."""
    _package.cache_clear()


def root_of(path: str, module: str) -> tuple[str, str]:
    """The folder that holds the top package of a file with a module's name, and that package, empty for none."""
    package, dot, _ = module.partition(".")
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.basename(path) == "__init__.py":
        folder = os.path.dirname(folder)
    elif not dot:
        package = ""
    for _ in range(module.count(".")):
        folder = os.path.dirname(folder)
    return folder, package


def absolute(dots: bytes, module: bytes, package: str) -> str:
    """The name that an import means by ``module`` behind so many dots, in a file of ``package``."""
    if not dots:
        return module.decode()
    parents = package.split(".") if package else []
    kept = parents[: len(parents) - (len(dots) - 1)]
    return ".".join([*kept, *([module.decode()] if module else [])])
