"""Imports of this package's own modules as they are: pytest would rewrite their assertions, as it does a plugin's.

Where bytecode may not be written, as in many containers, that is 2 ms a file in each run: pytest's own start once more.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def unrewritten() -> Iterator[None]:
    """What is imported inside is not rewritten; for our own modules only."""
    hooks = [
        (at, each) for at, each in enumerate(sys.meta_path) if type(each).__module__ == "_pytest.assertion.rewrite"
    ]
    for _, each in hooks:
        sys.meta_path.remove(each)
    try:
        yield
    finally:
        for at, each in hooks:
            sys.meta_path.insert(at, each)
