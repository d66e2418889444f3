"""Whether anything that is installed brings a plugin, told without ``importlib.metadata``, which is dear to import."""

from __future__ import annotations

import importlib.machinery
import os
import sys

_METADATA = (".dist-info", ".egg-info")
"""How the folders end that hold what a distribution says of itself."""


def may_bring(group: str) -> bool:
    """Whether a distribution names a group of entry points; True also where that cannot be told."""
    others = (finder for finder in sys.meta_path if finder is not importlib.machinery.PathFinder)
    if any(hasattr(finder, "find_distributions") for finder in others):
        return True
    word = group.encode()
    return any(_is_archive(folder) or _names(folder, word) for folder in sys.path)


def _is_archive(folder: str) -> bool:
    """Whether it takes more than listing a folder to see what is installed there."""
    return folder.endswith(".egg") or os.path.isfile(folder)


def _names(folder: str, word: bytes) -> bool:
    """Whether a distribution in a folder names the group."""
    try:
        names = os.listdir(folder or os.curdir)
    except OSError:
        return False  # there is no such folder
    for name in names:
        if name.lower().endswith(_METADATA):
            try:
                with open(os.path.join(folder, name, "entry_points.txt"), "rb") as stream:
                    if word in stream.read():
                        return True
            except OSError:
                continue  # it has none
    return False
