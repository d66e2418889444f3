"""Process state that a test fails for is put back, so that the verdict about the next test does not depend on it."""

from __future__ import annotations

from .conftest import Run, scenario


@scenario(
    """
import os, pytest

@pytest.mark.parametrize("number", range(3))
def test_leaves(number):
    os.environ["SAME"] = "1"
    os.umask(0o077)

def test_clean():
    assert "SAME" not in os.environ
    before = os.umask(0o022)
    os.umask(before)
    assert before != 0o077
"""
)
def test_each_test_that_leaves_the_same_value_is_charged(told: Run) -> None:
    assert [told.kinds(f"test_leaves[{number}]") for number in range(3)] == [{"environment variable", "umask"}] * 3
    assert told.outcome("test_clean") == "passed"


@scenario(
    """
import os, pytest

@pytest.fixture(scope="module", autouse=True)
def wide():
    os.environ["WIDE"] = "module"
    yield
    assert os.environ.pop("WIDE") == "module"

@pytest.mark.parametrize("number", range(2))
def test_leaves(number):
    os.environ["WIDE"] = "test"

def test_sees_what_the_fixture_has_set():
    assert os.environ["WIDE"] == "module"
"""
)
def test_what_a_living_fixture_has_set_is_what_is_put_back(told: Run) -> None:
    assert [told.outcome(f"test_leaves[{number}]") for number in range(2)] == ["failed", "failed"]
    assert told.outcome("test_sees_what_the_fixture_has_set") == "passed"


@scenario(
    """
import asyncio, os, signal, pytest
BEFORE = signal.getsignal(signal.SIGUSR2), os.getcwd()

@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    os.chdir(tmp_path_factory.mktemp("wide"))
    signal.signal(signal.SIGUSR2, lambda *_: None)

class Policy(asyncio.DefaultEventLoopPolicy):
    pass

@pytest.mark.parametrize("number", range(2))
def test_leaves(number, tmp_path):
    os.chdir(os.sep)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    asyncio.set_event_loop_policy(Policy())

def test_clean():
    assert (signal.getsignal(signal.SIGUSR2), os.getcwd()) == BEFORE
    assert type(asyncio.get_event_loop_policy()) is not Policy

def test_is_the_last_to_use_the_fixture(wide):
    pass
""",
    """
import os, signal
def test_after_the_module():
    assert signal.getsignal(signal.SIGUSR2) == signal.SIG_DFL
    assert "wide" not in os.getcwd()
""",
)
def test_directories_handlers_and_policies_too_and_what_a_fixture_fails_for(told: Run) -> None:
    kinds = {"working directory", "signal handler", "event loop policy"}
    assert [told.kinds(f"test_leaves[{number}]") for number in range(2)] == [kinds, kinds]
    assert told.outcome("test_clean") == "passed"
    assert told.kinds("test_is_the_last_to_use_the_fixture") == {"working directory", "signal handler"}
    assert told.outcomes["1::test_after_the_module"] == "passed"


@scenario(
    """
import os, pytest

@pytest.mark.memguard_allow("environment variable", reason="the next test wants it")
def test_is_allowed_to():
    os.environ["ALLOWED"] = "1"

@pytest.mark.memguard(kinds="environment variable=report")
def test_is_only_reported():
    os.environ["REPORTED"] = "1"

def test_sees_both():
    assert os.environ.pop("ALLOWED") == os.environ.pop("REPORTED") == "1"
"""
)
def test_what_is_allowed_or_only_reported_stays(told: Run) -> None:
    assert set(told.outcomes.values()) == {"passed"}
