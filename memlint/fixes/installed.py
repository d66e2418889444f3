"""Whether what rewrites code is installed: linting does not need it."""

from __future__ import annotations


class NotInstalled(Exception):
    """libcst is missing; the text is one line for the user."""


def check_installed() -> None:
    """Refuse where libcst is missing.

    Raises:
        NotInstalled: saying what to install.
    """
    try:
        import libcst  # noqa: F401 # only whether it is there is asked
    except ModuleNotFoundError as error:
        if error.name != "libcst":
            raise
        cure = "pip install 'pytest-memguard[lint]'"
        raise NotInstalled(f"fixing needs libcst, which is not installed: {cure}") from error
