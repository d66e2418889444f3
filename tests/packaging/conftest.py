"""The distribution, built and installed in each way that users install it, with none of its dependencies."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .building import CHECKOUT, Installed, build, install


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, the wheel made from that sdist, and in `straight/` the wheel made from the checkout."""
    out = tmp_path_factory.mktemp("dist")
    build(CHECKOUT, out)
    build(CHECKOUT, out / "straight", "--wheel")
    return out


@pytest.fixture(scope="session")
def sdist(dist: Path) -> Path:
    """The source distribution."""
    (archive,) = dist.glob("*.tar.gz")
    return archive


@pytest.fixture(scope="session")
def wheels(dist: Path) -> dict[str, Path]:
    """The wheel made from the sdist, and the one made from the checkout."""
    (indirect,), (straight,) = dist.glob("*.whl"), (dist / "straight").glob("*.whl")
    return {"wheel from the sdist": indirect, "wheel": straight}


@pytest.fixture(scope="session")
def editable(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An editable install of a copy of the checkout."""
    folder = tmp_path_factory.mktemp("editable")
    leave = shutil.ignore_patterns(".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "tests", "examples")
    shutil.copytree(CHECKOUT, folder / "checkout", ignore=leave)
    return install(folder / "home", folder / "checkout", "--editable", str(folder / "checkout"))


@pytest.fixture(scope="session", params=["wheel from the sdist", "wheel", "editable"])
def installed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wheels: dict[str, Path]
) -> Installed:
    """The distribution, installed in each of the ways."""
    if request.param == "editable":
        found: Installed = request.getfixturevalue("editable")
        return found
    return install(tmp_path_factory.mktemp("home"), CHECKOUT, "--no-index", str(wheels[request.param]))
