"""What a descriptor is, from the name that Linux gives it."""

from __future__ import annotations

import re

from .peers import address

KINDS = (
    (re.compile(r"socket:"), "socket"),
    (re.compile(r"pipe:"), "pipe"),
    (re.compile(r"anon_inode:\[?eventpoll"), "epoll"),
    (re.compile(r"anon_inode:\[?eventfd"), "eventfd"),
    (re.compile(r"anon_inode:\[?timerfd"), "timerfd"),
    (re.compile(r"(anon_inode:\[?)?pidfd"), "pidfd"),
    (re.compile(r"anon_inode:\[?signalfd"), "signalfd"),
    (re.compile(r"anon_inode:\[?inotify|inotify"), "inotify"),
    (re.compile(r"/memfd:"), "memfd"),
    (re.compile(r"/dev/(pts/|ptmx|tty)"), "terminal"),
    (re.compile(r"/dev/shm/"), "shared memory"),
)


def kind_of(link: str) -> str:
    """What a descriptor is, from the name that the kernel gives it."""
    return next((kind for pattern, kind in KINDS if pattern.match(link)), "file")


def name_of(kind: str, number: int, link: str) -> str:
    """Which one it is, as a report says it: a path, a socket's ends, else the number."""
    if kind == "socket":
        return address(link)
    return link if kind in ("file", "shared memory", "terminal") else f"descriptor {number}"
