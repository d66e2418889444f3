from __future__ import annotations

import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Cross each way with everything that its file acquires."""
    if "acquire" in metafunc.fixturenames:
        every = metafunc.module.ALL
        metafunc.parametrize("acquire", [pytest.param(how, id=how.__name__) for _, how in every])
