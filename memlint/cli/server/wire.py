"""JSON-RPC messages with the headers that the Language Server Protocol puts before them."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO, TypeAlias

Message: TypeAlias = Mapping[str, Any]

METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
NOT_INITIALIZED = -32002


def read_message(stream: BinaryIO) -> Message | None:
    """The next message of a client, or None when there is no more.

    Raises:
        ValueError: what came is no message, after which nothing that follows can be understood either.
    """
    length = None
    while (line := stream.readline()).strip():
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    if length is None:
        if not line:
            return None
        raise ValueError("a message without Content-Length")
    body = stream.read(length)
    if len(body) < length:
        return None
    message = json.loads(body)
    if not isinstance(message, dict):
        raise ValueError("a message that is no object")
    return message


def write_message(stream: BinaryIO, message: Message) -> None:
    """Send one message."""
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    stream.flush()


class Inbox:
    """Messages as they come in, read by a thread so that it can be seen whether more are waiting."""

    def __init__(self, stream: BinaryIO) -> None:
        self._waiting: queue.SimpleQueue[Message | Exception | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(stream,), name="memlint inbox", daemon=True).start()

    def next(self) -> Message | None:
        """The next message; waits for it.  None when the client is gone.

        Raises:
            ValueError: as ``read_message`` does.
        """
        item = self._waiting.get()
        if isinstance(item, Exception):
            raise ValueError(str(item)) from item
        return item

    def empty(self) -> bool:
        """Whether no message is waiting."""
        return self._waiting.empty()

    def _read(self, stream: BinaryIO) -> None:
        while True:
            try:
                message = read_message(stream)
            except (ValueError, OSError) as error:
                self._waiting.put(error)
                return
            self._waiting.put(message)
            if message is None:
                return
