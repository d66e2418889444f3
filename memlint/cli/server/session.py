"""One client: its requests answered, its documents checked when it falls silent."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

from memlint import __version__
from memlint.cli.server import answers
from memlint.cli.server.documents import Checkers, Document
from memlint.cli.server.positions import UNITS, Places
from memlint.cli.server.wire import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    NOT_INITIALIZED,
    Inbox,
    Message,
    write_message,
)
from memlint.rules import Rule

_ERROR, _LOG = 1, 4


class Session:
    """A conversation over two streams."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO, rules: Sequence[Rule]) -> None:
        self._inbox = Inbox(reader)
        self._writer = writer
        self._documents: dict[str, Document] = {}
        self._dirty: dict[str, None] = {}
        self._checkers = Checkers(rules)
        self._told: str | None = None
        self._places: Places | None = None
        self._shut_down = False
        self._handlers: dict[str, Callable[[Mapping[str, Any]], object]] = {
            "initialize": self._initialize,
            "shutdown": self._shutdown,
            "textDocument/didOpen": self._open,
            "textDocument/didChange": self._change,
            "textDocument/didSave": self._files_changed,
            "textDocument/didClose": self._close,
            "textDocument/codeAction": self._code_actions,
            "textDocument/hover": self._hover,
            "workspace/didChangeWatchedFiles": self._files_changed,
        }

    def run(self) -> bool:
        """Answer until the end; True when the client shut down in good order."""
        while True:
            try:
                message = self._inbox.next()
            except ValueError as error:
                self._notify("window/logMessage", {"type": _ERROR, "message": f"memlint: {error}"})
                return False
            if message is None or message.get("method") == "exit":
                return self._shut_down
            self._take(message)
            if self._inbox.empty():
                self._check_dirty()

    def _take(self, message: Message) -> None:
        method, number = message.get("method"), message.get("id")
        if method is None:
            return  # an answer, and nothing was asked
        handler = self._handlers.get(method)
        if number is None:
            if handler is not None and self._places is not None:
                self._answered(handler, message)
            return
        if handler is None:
            self._refuse(number, METHOD_NOT_FOUND, f"memlint does not know {method}")
        elif self._places is None and method != "initialize":
            self._refuse(number, NOT_INITIALIZED, "initialize comes first")
        else:
            self._answered(handler, message)

    def _answered(self, handler: Callable[[Mapping[str, Any]], object], message: Message) -> None:
        number = message.get("id")
        try:
            result = handler(message.get("params") or {})
        except (KeyError, TypeError, IndexError) as error:
            self._refuse(number, INVALID_PARAMS, f"the parameters lack something: {error!r}")
        except Exception as error:  # a fault of ours must not end the session
            self._notify("window/logMessage", {"type": _ERROR, "message": traceback.format_exc()})
            self._refuse(number, INTERNAL_ERROR, f"internal error: {type(error).__name__}: {error}")
        else:
            if number is not None:
                write_message(self._writer, {"id": number, "result": result})

    def _refuse(self, number: object, code: int, words: str) -> None:
        if number is not None:
            write_message(self._writer, {"id": number, "error": {"code": code, "message": words}})

    def _notify(self, method: str, params: Mapping[str, object]) -> None:
        write_message(self._writer, {"method": method, "params": params})

    # --- the protocol's methods ------------------------------------------------------------------------------------

    def _initialize(self, params: Mapping[str, Any]) -> object:
        offered = ((params.get("capabilities") or {}).get("general") or {}).get("positionEncodings") or ["utf-16"]
        self._places = Places(next((name for name in UNITS if name in offered), "utf-16"))
        return {
            "capabilities": {
                "positionEncoding": self._places.encoding,
                "textDocumentSync": {"openClose": True, "change": 1, "save": {"includeText": False}},
                "codeActionProvider": {"codeActionKinds": ["quickfix"]},
                "hoverProvider": True,
            },
            "serverInfo": {"name": "memlint", "version": __version__},
        }

    def _shutdown(self, _params: Mapping[str, Any]) -> None:
        self._shut_down = True

    def _open(self, params: Mapping[str, Any]) -> None:
        item = params["textDocument"]
        self._documents[item["uri"]] = Document(item["uri"], item.get("version"), item["text"])
        self._dirty[item["uri"]] = None

    def _change(self, params: Mapping[str, Any]) -> None:
        document = self._documents[params["textDocument"]["uri"]]
        document.text = params["contentChanges"][-1]["text"]
        document.version = params["textDocument"].get("version")
        self._dirty[document.uri] = None

    def _files_changed(self, _params: Mapping[str, Any]) -> None:
        """What one file does may matter to all that are open."""
        self._checkers.forget()
        self._dirty.update(dict.fromkeys(self._documents))

    def _close(self, params: Mapping[str, Any]) -> None:
        address = params["textDocument"]["uri"]
        self._documents.pop(address, None)
        self._dirty.pop(address, None)
        self._notify("textDocument/publishDiagnostics", {"uri": address, "diagnostics": []})

    def _code_actions(self, params: Mapping[str, Any]) -> object:
        document = self._current(params)
        assert self._places is not None
        return list(answers.code_actions(document, params["range"], self._places, self._checkers.remedy))

    def _hover(self, params: Mapping[str, Any]) -> object:
        document = self._current(params)
        assert self._places is not None
        return answers.hover(document, params["position"], self._places)

    def _current(self, params: Mapping[str, Any]) -> Document:
        """The document that is asked about, checked as it is now."""
        document = self._documents[params["textDocument"]["uri"]]
        if document.uri in self._dirty:
            self._check_dirty()
        return document

    def _check_dirty(self) -> None:
        """Check what changed, once for however many changes came together."""
        while self._dirty:
            address = next(iter(self._dirty))
            del self._dirty[address]
            self._check(self._documents[address])

    def _check(self, document: Document) -> None:
        result = self._checkers.check(document)
        if self._checkers.trouble not in (None, self._told):
            self._notify("window/showMessage", {"type": _ERROR, "message": f"memlint: {self._checkers.trouble}"})
        self._told = self._checkers.trouble
        if result.failure is not None:
            self._notify("window/logMessage", {"type": _LOG, "message": f"{document.path}: {result.failure.reason}"})
        document.findings = result.findings
        document.remedies.clear()
        assert self._places is not None
        found = [answers.diagnostic(finding, document, self._places) for finding in result.findings]
        published: dict[str, object] = {"uri": document.uri, "diagnostics": found}
        if document.version is not None:
            published["version"] = document.version
        self._notify("textDocument/publishDiagnostics", published)
