"""urllib3 1.26.8 lost its socket when TLS could not be begun, and 1.26.9 closed it: the guard tells them apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import run_pytest, write

SUITE = """
import os, sys
sys.path.insert(0, os.environ["RELEASE"])
import socket
import pytest, urllib3

@pytest.fixture(scope="module")
def port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]

def test_tls_that_cannot_begin(port):
    assert urllib3.__file__.startswith(os.environ["RELEASE"])
    with urllib3.HTTPSConnectionPool("127.0.0.1", port, retries=False, ca_certs="no such file") as pool:
        with pytest.raises(urllib3.exceptions.HTTPError):
            pool.request("GET", "/")
"""


def install(requirement: str, folder: Path) -> Path:
    """A release in a folder of its own, from the package index; skips where that cannot be reached."""
    words = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), requirement]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        pytest.skip(f"pip cannot install {requirement} here: {done.stderr.strip().splitlines()[-1]}")
    return folder


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="urllib3 1.26.8 does not import on Python 3.12")
@pytest.mark.parametrize(("requirement", "leaks"), [("urllib3==1.26.8", True), ("urllib3>=2", False)])
def test_the_release_that_lost_sockets_is_told_from_one_that_closes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, requirement: str, leaks: bool
) -> None:
    release = install(requirement, tmp_path / "site-packages")
    monkeypatch.setenv("RELEASE", str(release))
    folder = tmp_path / "suite"
    write(folder, {"test_it.py": SUITE})
    run = run_pytest(folder, "--memguard-strict")
    assert run.outcome("test_tls_that_cannot_begin") == ("failed" if leaks else "passed"), run.output
    found = run.failing("test_tls_that_cannot_begin")
    assert [(each["kind"], each["how"]) for each in found] == (
        [("socket", "closed only by the garbage collector")] if leaks else []
    )
    for each in found:
        assert "urllib3" in each["origin"][0]["file"]
        assert each["origin"][-1]["function"] == "test_tls_that_cannot_begin"
