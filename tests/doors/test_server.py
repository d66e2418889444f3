"""The language server, driven over its pipes by an independent client."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from memlint.cli.server import Session
from memlint.cli.server.wire import read_message, write_message

from .fakes import FAKES, Broken

LEAK = "import json\n\n\ndef load(path):\n    é = 'ü𝄞'; f = open(path)\n    return json.load(f)\n"


class Editor:
    """A client that waits for what it is told."""

    def __init__(self, client: LanguageClient, capabilities: types.InitializeResult) -> None:
        self.client = client
        self.capabilities = capabilities.capabilities
        self.published: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()
        self.shown: asyncio.Queue[types.ShowMessageParams] = asyncio.Queue()

    async def told(self) -> types.PublishDiagnosticsParams:
        return await asyncio.wait_for(self.published.get(), 30)

    def open(self, path: Path, text: str, version: int = 1) -> None:
        item = types.TextDocumentItem(path.as_uri(), "python", version, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, path: Path, text: str, version: int) -> None:
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, path.as_uri()),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )


@asynccontextmanager
async def editor(folder: Path, *encodings: types.PositionEncodingKind) -> AsyncIterator[Editor]:
    client = LanguageClient("editor", "1")
    await client.start_io(sys.executable, "-m", "memlint.cli", "server")
    capabilities = types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=list(encodings) or None)
    )
    params = types.InitializeParams(capabilities, root_uri=folder.as_uri())
    made = Editor(client, await client.initialize_async(params))

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def published(params: types.PublishDiagnosticsParams) -> None:
        made.published.put_nowait(params)

    @client.feature(types.WINDOW_SHOW_MESSAGE)
    def shown(params: types.ShowMessageParams) -> None:
        made.shown.put_nowait(params)

    client.initialized(types.InitializedParams())
    yield made
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()


def session(folder: Path, talk: Callable[[Editor], Awaitable[None]], *encodings: types.PositionEncodingKind) -> None:
    async def whole() -> None:
        async with editor(folder, *encodings) as made:
            await talk(made)

    asyncio.run(whole())


def test_an_editor_is_told_of_leaks_while_the_file_is_edited(tmp_path: Path) -> None:
    path = tmp_path / "app.py"

    async def talk(editor: Editor) -> None:
        editor.open(path, LEAK)
        first = await editor.told()
        (diagnostic,) = first.diagnostics
        assert (first.uri, first.version) == (path.as_uri(), 1)
        assert (diagnostic.code, diagnostic.source) == ("MEM101", "memlint")
        assert diagnostic.severity is types.DiagnosticSeverity.Error
        assert diagnostic.related_information is not None
        assert diagnostic.related_information[0].message == "acquired here"
        assert diagnostic.related_information[0].location.uri == path.as_uri()

        editor.change(path, LEAK.replace("f = open(path)", "f = 1"), 2)
        assert not (await editor.told()).diagnostics

        editor.change(path, "def f(:\n", 3)
        assert [found.code for found in (await editor.told()).diagnostics] == ["MEM000"]

        closed = types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(path.as_uri()))
        editor.client.text_document_did_close(closed)
        assert not (await editor.told()).diagnostics

    session(tmp_path, talk)


@pytest.mark.parametrize(
    ("encodings", "column"),
    [
        ((), 19),
        ((types.PositionEncodingKind.Utf16,), 19),
        ((types.PositionEncodingKind.Utf16, types.PositionEncodingKind.Utf32), 18),
        ((types.PositionEncodingKind.Utf8,), 23),
    ],
)
def test_columns_are_counted_as_the_client_counts(
    encodings: tuple[types.PositionEncodingKind, ...], column: int, tmp_path: Path
) -> None:
    async def talk(editor: Editor) -> None:
        editor.open(tmp_path / "app.py", LEAK)
        (found,) = (await editor.told()).diagnostics
        assert found.range.start == types.Position(4, column)

    session(tmp_path, talk, *encodings)


def test_a_quick_fix_silences_and_a_hover_explains(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    here = types.TextDocumentIdentifier(path.as_uri())

    async def talk(editor: Editor) -> None:
        editor.open(path, LEAK)
        (found,) = (await editor.told()).diagnostics
        asked = types.CodeActionParams(here, found.range, types.CodeActionContext([found]))
        actions = await editor.client.text_document_code_action_async(asked)
        assert actions is not None
        silence = next(action for action in actions if action.title == "Silence MEM101 here")
        assert isinstance(silence, types.CodeAction)
        assert silence.edit is not None
        assert silence.edit.changes is not None
        (edit,) = silence.edit.changes[path.as_uri()]
        assert edit.new_text == LEAK.splitlines()[4] + "  # noqa: MEM101"

        hover = await editor.client.text_document_hover_async(types.HoverParams(here, found.range.start))
        assert hover is not None
        assert isinstance(hover.contents, types.MarkupContent)
        assert hover.contents.value.startswith("**MEM101** `f` acquired here")
        assert "# unreleased-resource (MEM101)" in hover.contents.value

        elsewhere = types.HoverParams(here, types.Position(0, 0))
        assert await editor.client.text_document_hover_async(elsewhere) is None

    session(tmp_path, talk)


def applied(text: str, edits: Sequence[types.TextEdit]) -> str:
    """A text with edits of whole lines made, as an editor makes them: the last one first."""
    lines = text.splitlines(keepends=True)
    for edit in sorted(edits, key=lambda edit: edit.range.start.line, reverse=True):
        assert edit.range.start.character == edit.range.end.character == 0
        lines[edit.range.start.line : edit.range.end.line] = [edit.new_text]
    return "".join(lines)


@pytest.mark.parametrize(
    ("before", "after", "title", "safe"),
    [
        (
            "import json\n\ndef f(p):\n    return json.load(open(p))\n\nx = 1\n",
            "import json\n\ndef f(p):\n    with open(p) as stream:\n        return json.load(stream)\n\nx = 1\n",
            "Give it a name by `with`",
            True,
        ),
        (
            "import sqlite3\r\ndef f(p):\r\n    c = sqlite3.connect(p)\r\n"
            "    for n in p:\r\n        c.commit()\r\n        yield n\r\n",
            "import contextlib\r\nimport sqlite3\r\ndef f(p):\r\n"
            "    with contextlib.closing(sqlite3.connect(p)) as c:\r\n"
            "        for n in p:\r\n            c.commit()\r\n            yield n\r\n",
            "Hold it by `with` and closing() (may change what the program does)",
            False,
        ),
    ],
)
def test_a_quick_fix_mends(before: str, after: str, title: str, safe: bool, tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    here = types.TextDocumentIdentifier(path.as_uri())

    async def talk(editor: Editor) -> None:
        editor.open(path, before)
        (found,) = (await editor.told()).diagnostics
        asked = types.CodeActionParams(here, found.range, types.CodeActionContext([found]))
        actions = await editor.client.text_document_code_action_async(asked)
        assert actions is not None
        mend = actions[0]
        assert isinstance(mend, types.CodeAction)
        assert (mend.title, mend.kind, mend.is_preferred) == (title, types.CodeActionKind.QuickFix, safe)
        assert mend.edit is not None
        assert mend.edit.changes is not None
        text = applied(before, mend.edit.changes[path.as_uri()])
        assert text == after

        editor.change(path, text, 2)
        assert not (await editor.told()).diagnostics

    session(tmp_path, talk)


def test_settings_are_those_of_the_folder_and_may_change(tmp_path: Path) -> None:
    path, settings = tmp_path / "app.py", tmp_path / "pyproject.toml"
    settings.write_text("[tool.memlint]\nignore = ['MEM101']\n")

    async def talk(editor: Editor) -> None:
        editor.open(path, LEAK)
        assert not (await editor.told()).diagnostics

        settings.write_text("[tool.memlint]\nignroe = []\n")
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([]))
        shown = await asyncio.wait_for(editor.shown.get(), 30)
        assert "unknown key `ignroe`; did you mean `ignore`?" in shown.message
        assert len((await editor.told()).diagnostics) == 1

        settings.write_text("[tool.memlint]\nexclude = ['app.py']\n")
        editor.client.text_document_did_save(
            types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(path.as_uri()))
        )
        assert not (await editor.told()).diagnostics

    session(tmp_path, talk)


def test_a_saved_file_is_seen_by_those_that_use_it(tmp_path: Path) -> None:
    maker, user = tmp_path / "maker.py", tmp_path / "user.py"
    maker.write_text("def make(path):\n    return open(path)\n")
    text = "from maker import make\n\n\ndef use(path):\n    f = make(path)\n    print(f.name)\n"

    async def talk(editor: Editor) -> None:
        editor.open(user, text)
        assert [found.code for found in (await editor.told()).diagnostics] == ["MEM101"]

        maker.write_text("def make(path):\n    return path\n")
        saved = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(maker.as_uri()))
        editor.client.text_document_did_save(saved)
        assert not (await editor.told()).diagnostics

    session(tmp_path, talk)


# --- the wire, without an editor ------------------------------------------------------------------------------------


def request(number: int, method: str, **params: Any) -> dict[str, Any]:
    return {"id": number, "method": method, "params": params}


def conversation(*messages: dict[str, Any] | bytes) -> tuple[bool, list[Any]]:
    """Whether the session ended well, and what the server sent."""
    reader, writer = io.BytesIO(), io.BytesIO()
    for message in messages:
        if isinstance(message, bytes):
            reader.write(message)
        else:
            write_message(reader, message)
    reader.seek(0)
    ended = Session(reader, writer, (*FAKES, Broken())).run()
    writer.seek(0)
    return ended, list(answers(writer))


def answers(stream: io.BytesIO) -> Iterator[Any]:
    while (message := read_message(stream)) is not None:
        yield message


START = request(1, "initialize", capabilities={})
OPENED = {
    "method": "textDocument/didOpen",
    "params": {"textDocument": {"uri": "file:///x/a.py", "text": "f = open(1)", "version": 1}},
}
ASKED = request(5, "textDocument/hover", textDocument={"uri": "file:///x/a.py"}, position={"line": 0, "character": 5})
"""A question about the document, which makes the server check it although more messages are waiting."""


def test_many_changes_at_once_are_checked_once() -> None:
    changes = [
        {
            "method": "textDocument/didChange",
            "params": {
                "textDocument": {"uri": "file:///x/a.py", "version": n},
                "contentChanges": [{"text": "f = open(1)\n" * n}],
            },
        }
        for n in range(2, 30)
    ]

    _, sent = conversation(START, OPENED, *changes, ASKED, request(2, "shutdown"))

    published = [item["params"] for item in sent if item.get("method") == "textDocument/publishDiagnostics"]
    assert [params["version"] for params in published] == [29]
    assert len(published[0]["diagnostics"]) == 29


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (request(7, "textDocument/definition"), -32601),
        (request(7, "textDocument/hover"), -32602),
        (request(7, "textDocument/hover", textDocument={"uri": "file:///none.py"}, position={}), -32602),
        ({"id": 7, "method": "textDocument/hover", "params": [1]}, -32602),
    ],
)
def test_a_wrong_request_is_refused_and_the_session_goes_on(message: dict[str, Any], code: int) -> None:
    ended, sent = conversation(START, message, request(8, "shutdown"), {"method": "exit"})

    assert ended
    (refusal,) = [item for item in sent if item.get("id") == 7]
    assert refusal["error"]["code"] == code
    assert sent[-1] == {"jsonrpc": "2.0", "id": 8, "result": None}


def test_a_request_before_initialize_is_refused() -> None:
    _, sent = conversation(request(7, "shutdown"))

    assert sent[0]["error"]["code"] == -32002


def test_wrong_notifications_and_answers_are_passed_by() -> None:
    wrong = {"method": "textDocument/didChange", "params": {}}

    ended, sent = conversation(START, wrong, {"method": "$/unknown"}, {"id": 3, "result": 1}, request(2, "shutdown"))

    assert ended
    assert [item.get("id") for item in sent] == [1, 2]


def test_an_internal_error_is_logged_and_the_session_goes_on() -> None:
    broken = json.loads(json.dumps(OPENED).replace("open(1)", "open(1)  # explode"))

    ended, sent = conversation(START, broken, ASKED, request(2, "shutdown"))

    assert ended
    assert any(
        "ZeroDivisionError" in item["params"]["message"] for item in sent if item.get("method") == "window/logMessage"
    )


@pytest.mark.parametrize("noise", [b"hello\r\n\r\n", b"Content-Length: x\r\n\r\n", b"Content-Length: 2\r\n\r\n[]"])
def test_what_is_no_message_ends_the_session_in_order(noise: bytes) -> None:
    ended, sent = conversation(START, noise)

    assert not ended
    assert sent[-1]["method"] == "window/logMessage"


def test_a_client_that_goes_away_ends_the_server() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "memlint.cli", "server"], input=b"", capture_output=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")
