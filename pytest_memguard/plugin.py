"""The door to pytest: options, markers and the `memguard` fixture; the rest is loaded by `--memguard` alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from . import options

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .guard import Watch


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the command line and the ini keys from the options' table."""
    group = parser.getgroup("memguard", "leaks (pytest-memguard)")
    for option in options.OPTIONS:
        flag = option.kind == "flag"
        default = "" if option.default in ((), None) else option.default
        if option.kind == "folders":
            parser.addini(option.key, option.help, type="linelist", default=[])
            continue
        parser.addini(option.key, f"{option.help} (default: {default})", default=None)
        if flag:
            group.addoption(option.flag, action="store_true", dest=option.key, default=None, help=option.help)
        else:
            group.addoption(option.flag, dest=option.key, default=None, help=option.help, metavar=option.metavar)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; with `--memguard`, start to watch."""
    for line in options.MARKERS.values():
        config.addinivalue_line("markers", line)
    try:
        values = {option.name: read(config, option) for option in options.OPTIONS}
        if not values.pop(""):
            return
        settings = options.settings(values)
        from .unrewritten import unrewritten

        with unrewritten():
            from .session.run import NAME, Session

        config.pluginmanager.register(Session(config, settings), NAME)
    except options.BadOption as error:
        raise pytest.UsageError(str(error)) from None


def read(config: pytest.Config, option: options.Option) -> Any:
    """An option's value: from the command line, else the ini file, else its default; switches are put together."""
    if option.kind == "folders":
        return option.read(config.getini(option.key))
    value = config.getoption(option.key)
    if option.kind == "switches":
        written = (config.getini(option.key), value)
        return sum((option.read(each) for each in written if each is not None), ())
    if value is None:
        value = config.getini(option.key)
    return option.default if value is None else option.read(value)


class Memguard:
    """What the `memguard` fixture gives: `with memguard.watch() as watched:`, with or without `--memguard`."""

    def watch(self, name: str = "the watched block", **settings: Any) -> AbstractContextManager[Watch]:
        """Watch a block; `watched.findings` and `watched.assert_clean()` tell afterwards what it left."""
        from .unrewritten import unrewritten

        with unrewritten():
            from .guard import watch

        return watch(name, **settings)


@pytest.fixture
def memguard() -> Memguard:
    """Watch a part of a test: `with memguard.watch() as watched: ...`, then `watched.assert_clean()`."""
    return Memguard()
