"""What the prefilter leaves out holds no finding: the same is found when it asks for nothing before the dot."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from memlint.engine import Checker
from memlint.settings import Settings
from memlint.source.calls import Calls, calls_of

SAMPLE = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[::8]


def findings() -> list[object]:
    calls_of.cache_clear()
    checker = Checker(Settings(preview=True))
    return [finding for path in SAMPLE for finding in checker.check_file(str(path)).findings]


def test_what_stands_before_the_dot_decides_on_cost_only(monkeypatch: pytest.MonkeyPatch) -> None:
    strict = findings()
    with monkeypatch.context() as loose:
        loose.setattr(Calls, "_counts", lambda *_: True)
        assert findings() == strict
    calls_of.cache_clear()
    assert strict
