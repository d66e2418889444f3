"""Settings of folders: those of the folder around go below, those of the nearest on top."""

from __future__ import annotations

from pathlib import Path

from ..options import BadOption, Settings, overlaid


class Folders:
    """Tells a folder's settings, and remembers them.

    Raises `BadOption` when a folder that is named is not there: a misspelled one would be silently without settings.
    """

    def __init__(self, settings: Settings, root: Path) -> None:
        self._settings = settings
        self._root = root
        self._written = {(root / path).resolve(): dict(values) for path, values in settings.folders}
        for path, _ in settings.folders:
            if not (root / path).is_dir():
                raise BadOption(f"memguard_folders: there is no folder {path!r} in {root}")
        self._known: dict[Path, Settings] = {}

    def of(self, folder: Path) -> Settings:
        """The settings for what lies in a folder."""
        if not self._written:
            return self._settings
        known = self._known.get(folder)
        if known is None:
            known = self._settings
            resolved = folder.resolve()
            for each in (*reversed(resolved.parents), resolved):
                if each in self._written:
                    known = overlaid(known, self._written[each])
            self._known[folder] = known
        return known

    def every(self) -> list[Settings]:
        """The settings of the run and of each folder that has some."""
        return [self._settings, *(self.of(folder) for folder in self._written)]
