"""MEM602 uncompressed-archive."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from memlint.flow.analysis import Analysis
from memlint.rules.definitions import Definitions, StructureRule, definitions, own_nodes
from memlint.rules.triggers import AnyWord

_ZIP = frozenset({"zipfile.ZipFile", "zipfile.PyZipFile"})
_TAR = frozenset({"tarfile.open", "tarfile.TarFile.open"})
_WRITES = ("w", "x", "a")
_PACKED = (".whl", ".egg", ".jar", ".npz", ".pyz", ".pex", ".apk", ".png", ".jpg", ".gz", ".zst", ".xz")
"""Names of what is packed already, or is read in place."""


class UncompressedArchive(StructureRule):
    """An archive is written as large as what it holds."""

    code = "MEM602"
    name = "uncompressed-archive"
    summary = "An archive is written without compression, which is not what its writer gets by default."
    trigger = AnyWord((b"ZipFile", b"tarfile", b"make_archive"))

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding an archive that is written, at the call that opens it."""
        found = definitions(analysis.source)
        symbols = {id(node): each.symbol for each in found.functions for node in own_nodes(each.node)}
        for node in ast.walk(found.tree):
            if isinstance(node, ast.Call):
                message = _stored(node, found)
                if message is not None:
                    yield symbols.get(id(node), "<module>"), node, message


def _stored(call: ast.Call, found: Definitions) -> str | None:
    names = set(found.names.qualified(call.func))
    if not names & (_ZIP | _TAR | {"shutil.make_archive"}):
        return None
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if None in given or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    target = _text(call.args[0] if call.args else given.get("file", given.get("name")))
    mode = _text(call.args[1] if len(call.args) > 1 else given.get("mode"))
    if target is not None and target.endswith(_PACKED):
        return None
    if names & _ZIP and mode in _WRITES and len(call.args) < 3 and "compression" not in given:
        return "`ZipFile` stores its members as they are: `compression` is not given"
    if names & _TAR and mode in ("w", "w:", "x", "x:") and "fileobj" not in given and _is_backup(target):
        return f"`tarfile.open` writes without compression: its mode is `{mode}`"
    form = _text(call.args[1] if len(call.args) > 1 else given.get("format"))
    if "shutil.make_archive" in names and form == "tar":
        return "`make_archive` writes without compression: its format is `tar`"
    return None


def _is_backup(target: str | None) -> bool:
    """Whether the name of a plain tar file says that it is there to be kept."""
    return target is not None and any(word in target.lower() for word in ("archive", "backup", "dump", "log"))


def _text(node: ast.expr | None) -> str | None:
    """The constant text of an argument, or the last part of a formatted one."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=[*_, ast.Constant(value=str(text))]):
            return text
        case ast.BinOp(right=ast.Constant(value=str(text))):
            return text
    return None
