"""Makes what is generated from the catalogue's TOML files, or with ``--check`` says what is stale.

Makes ``memlint/catalogue/data/stored.json``, the parsed form that a run reads, and the reference page
``docs/reference/catalogue.md``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import catalogue_page

from memlint.catalogue import CatalogueError, layers, stored
from memlint.catalogue.loader import sound

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "catalogue.md"


def generated() -> dict[Path, str]:
    """Each generated file's path and what it must hold."""
    files = layers.shipped()
    layer = sound(layers.built_in(files))
    return {stored.PATH: stored.text(files, layer), PAGE: catalogue_page.page()}


def main(arguments: list[str]) -> int:
    """Write what is stale, or report it: 0 when all was fresh or written, 1 when stale, 2 when wrong."""
    try:
        wanted = generated()
    except CatalogueError as error:
        print(error, file=sys.stderr)
        return 2
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        if "--check" in arguments:
            print(f"{path} is stale: run python tools/catalogue_files.py", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], "utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
