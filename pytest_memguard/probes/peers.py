"""What a socket is connected to, read from the kernel's tables by the socket's number: no object is touched.

Cost: one read of `/proc/self/net/*`, only when a socket is reported.
"""

from __future__ import annotations

import re
import socket
import struct

TABLES = (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6), ("udp", socket.AF_INET), ("udp6", socket.AF_INET6))


def address(link: str) -> str:
    """Say protocol, own address and peer of `socket:[1234]`; one that was never bound or connected has none."""
    number = link[link.find("[") + 1 : -1]
    for table, family in TABLES:
        for fields in _rows(table):
            if len(fields) > 9 and fields[9] == number:
                here, there = _end(fields[1], family), _end(fields[2], family)
                protocol = table.removesuffix("6")
                return f"{protocol} {here} → {there}" if not there.endswith(":0") else f"{protocol} {here}"
    for fields in _rows("unix"):
        if len(fields) > 6 and fields[6] == number:
            return f"unix {fields[7]}" if len(fields) > 7 else "unix (a pair)"
    return "without an address"


def _rows(table: str) -> list[list[str]]:
    try:
        with open(f"/proc/self/net/{table}", encoding="ascii", errors="replace") as lines:
            return [line.split() for line in lines.readlines()[1:]]
    except OSError:  # no such table on this system
        return []


def _end(text: str, family: int) -> str:
    """Decode `0100007F:1F90`: the kernel writes words of the machine's order in hexadecimal."""
    if not re.fullmatch(r"[0-9A-F]+:[0-9A-F]{4}", text):
        return text
    host, _, port = text.partition(":")
    words = [struct.pack("=I", int(host[at : at + 8], 16)) for at in range(0, len(host), 8)]
    name = socket.inet_ntop(family, b"".join(words))
    return f"[{name}]:{int(port, 16)}" if family == socket.AF_INET6 else f"{name}:{int(port, 16)}"
