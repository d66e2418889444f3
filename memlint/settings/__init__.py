"""What the user asks for: options, the file that holds them, and which rules they leave on."""

from __future__ import annotations

from memlint.settings.model import FileCodes, Settings
from memlint.settings.problems import SettingsError
from memlint.settings.reading import find_configuration, read_configuration, with_options
from memlint.settings.selection import Selection

__all__ = [
    "FileCodes",
    "Selection",
    "Settings",
    "SettingsError",
    "find_configuration",
    "read_configuration",
    "with_options",
]
