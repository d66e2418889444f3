"""What fixes make of code, where they ask for the user's judgement, and what they leave alone."""

from __future__ import annotations

from textwrap import dedent

import pytest

from memlint.engine import Checker
from memlint.engine.fixing import FileFix, Fixer
from memlint.settings import Settings

CHECKER = Checker(Settings(select=("ALL",), preview=True))


def fix(program: str, *, unsafe: bool = False) -> FileFix:
    return Fixer(CHECKER, unsafe=unsafe).fix(dedent(program).encode(), "app.py")


def made(program: str, *, unsafe: bool = False) -> str:
    return fix(program, unsafe=unsafe).after.decode()


SAFE = {
    "the block ends with the last use": (
        """
        def f(path):
            stream = open(path)
            text = stream.read()
            words = text.split()
            return words
        """,
        """
        def f(path):
            with open(path) as stream:
                text = stream.read()
            words = text.split()
            return words
        """,
    ),
    "the block ends with the close, and what is read from it later stays outside": (
        """
        import csv
        def f(path):
            stream = open(path)
            rows = list(csv.reader(stream))
            stream.close()
            return rows
        """,
        """
        import csv
        def f(path):
            with open(path) as stream:
                rows = list(csv.reader(stream))
            return rows
        """,
    ),
    "the block goes on while a reader reads from it": (
        """
        import csv
        def f(path, show):
            stream = open(path)
            rows = csv.reader(stream)
            print("rows")
            for row in rows:
                show(row)
            print("done")
        """,
        """
        import csv
        def f(path, show):
            with open(path) as stream:
                rows = csv.reader(stream)
                print("rows")
                for row in rows:
                    show(row)
            print("done")
        """,
    ),
    "handles that end together share a line": (
        """
        def f(a, b):
            src = open(a)
            dst = open(b, "w")
            dst.write(src.read())
            src.close()
            dst.close()
        """,
        """
        def f(a, b):
            with open(a) as src, open(b, "w") as dst:
                dst.write(src.read())
        """,
    ),
    "a try whose finally closes is what the block says": (
        """
        def f(path, load):
            stream = open(path)
            print(path)
            try:
                return load(stream.read())
            except ValueError:
                return None
            finally:
                stream.close()
        """,
        """
        def f(path, load):
            with open(path) as stream:
                print(path)
                try:
                    return load(stream.read())
                except ValueError:
                    return None
        """,
    ),
    "what is acquired on a branch and used behind it is kept by a stack": (
        """
        import sys
        def f(path):
            if path:
                stream = open(path)
            else:
                stream = sys.stdin
            return stream.read()
        """,
        """
        import contextlib
        import sys
        def f(path):
            with contextlib.ExitStack() as stack:
                if path:
                    stream = stack.enter_context(open(path))
                else:
                    stream = sys.stdin
                return stream.read()
        """,
    ),
    "what only commits is closed by closing": (
        """
        from contextlib import closing
        import sqlite3
        def f(path):
            db = sqlite3.connect(path)
            return db.execute("select 1").fetchall()
        """,
        """
        from contextlib import closing
        import sqlite3
        def f(path):
            with closing(sqlite3.connect(path)) as db:
                return db.execute("select 1").fetchall()
        """,
    ),
    "a descriptor is closed in finally": (
        """
        import os
        def f(path):
            fd = os.open(path, os.O_RDONLY)
            data = os.read(fd, 10)
            os.close(fd)
            return data
        """,
        """
        import os
        def f(path):
            fd = os.open(path, os.O_RDONLY)
            try:
                data = os.read(fd, 10)
            finally:
                os.close(fd)
            return data
        """,
    ),
    "the descriptor that nobody wants is closed at once": (
        """
        import tempfile
        def f():
            _, path = tempfile.mkstemp()
            return path
        """,
        """
        import os
        import tempfile
        def f():
            descriptor, path = tempfile.mkstemp()
            os.close(descriptor)
            return path
        """,
    ),
    "a name is found for what has none": (
        """
        def f(stream, path):
            return stream.write(open(path).read())
        """,
        """
        def f(stream, path):
            with open(path) as stream2:
                return stream.write(stream2.read())
        """,
    ),
    "a name that a block is done with serves again": (
        """
        def f(a, b):
            one = open(a).read()
            for line in open(b):
                print(one, line)
        """,
        """
        def f(a, b):
            with open(a) as stream:
                one = stream.read()
            with open(b) as stream:
                for line in stream:
                    print(one, line)
        """,
    ),
    "a module's own names stay what they were": (
        """
        TEXT = open("text").read()
        """,
        """
        with open("text") as _stream:
            TEXT = _stream.read()
        """,
    ),
    "a loop over it stands in its block": (
        """
        def f(path, show):
            for line in open(path):
                if not line:
                    break
                show(line)
        """,
        """
        def f(path, show):
            with open(path) as stream:
                for line in stream:
                    if not line:
                        break
                    show(line)
        """,
    ),
    "an annotation stays with the variable": (
        """
        from typing import IO
        def f(path):
            # the source
            stream: IO[str] = open(path)  # opened
            return stream.read()
        """,
        """
        from typing import IO
        def f(path):
            # the source
            stream: IO[str]
            with open(path) as stream:  # opened
                return stream.read()
        """,
    ),
    "a lock is held by its block": (
        """
        import threading
        lock = threading.Lock()
        def f(work):
            lock.acquire()
            if not work:
                return
            work()
            lock.release()
        """,
        """
        import threading
        lock = threading.Lock()
        def f(work):
            with lock:
                if not work:
                    return
                work()
        """,
    ),
    "a second file under the same name has a block of its own": (
        """
        def f(a, b):
            x = open(a)
            one = x.read()
            x.close()
            x = open(b)
            two = x.read()
            x.close()
            return one, two
        """,
        """
        def f(a, b):
            with open(a) as x:
                one = x.read()
            with open(b) as x:
                two = x.read()
            return one, two
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), SAFE.values(), ids=SAFE)
def test_a_safe_fix(before: str, after: str) -> None:
    done = fix(before)

    assert done.after.decode() == dedent(after)
    assert all(each.safe for each in done.kept)
    left = {finding.code for finding in CHECKER.check_bytes(done.after, "app.py").findings}
    assert not left & {each.finding.code for each in done.kept}


UNSAFE = {
    "a loop in a generator": """
        def f(path):
            for line in open(path):
                yield line
        """,
    "a socket that nobody closed before the function ended": """
        import socket
        def f(address, work):
            sock = socket.create_connection(address)
            sock.sendall(b"x")
            work()
        """,
    "a block that holds a yield": """
        def f(path):
            stream = open(path)
            for line in stream:
                yield line
            stream.close()
        """,
    "a block that waits": """
        from concurrent.futures import ThreadPoolExecutor
        def f(work):
            pool = ThreadPoolExecutor(2)
            pool.submit(work).result()
            work()
            pool.shutdown()
        """,
    "what came from it is given to somebody unknown": """
        from somewhere import show
        def f(path):
            stream = open(path)
            kept = stream.anything()
            show(kept)
            print(path)
        """,
    "what is closed and then used again": """
        def f(path):
            stream = open(path)
            print(stream.read())
            stream.close()
            print(stream.name)
        """,
    "a reader that the loop's next turn reads from": """
        import csv
        def f(paths, show):
            rows = ()
            for path in paths:
                for row in rows:
                    show(row)
                stream = open(path)
                rows = csv.reader(stream)
        """,
    "files that a loop opens and that a stack would keep open together": """
        def f(paths):
            stream = open("a")
            for path in paths:
                print(stream.read())
                stream = open(path)
            stream.close()
        """,
    "a size that the user must choose": """
        import queue
        def f(stream):
            lines = queue.Queue()
            while True:
                lines.put(stream.readline())
        """,
    "a release behind which somebody else may hold it": """
        def f(path):
            stream = open(path)
            if not stream.read(1):
                raise ValueError(path)
            return stream
        """,
}


@pytest.mark.parametrize("program", UNSAFE.values(), ids=UNSAFE)
def test_what_may_change_the_program_is_only_done_when_asked_for(program: str) -> None:
    done = fix(program)

    assert not done.changed
    assert done.unsafe
    assert fix(program, unsafe=True).changed


REFUSED = {
    "a lock that is another one by then": (
        "import threading\nlock = threading.Lock()\ndef f(work):\n    global lock\n    lock.acquire()\n    work()\n"
        "    lock = threading.Lock()\n    lock.release()\n",
        (),
    ),
    "what the function returns": ("def f(path):\n    x = open(path)\n    print(x)\n    y = x\n    return [y]\n", ()),
    "a view of it that leaves the function": (
        "import io\ndef f(path):\n    x = open(path)\n    y = (line for line in x)\n    return y\n",
        (),
    ),
    "a nested function that reads what reads from it": (
        "import csv\ndef f(path):\n    x = open(path)\n    rows = csv.reader(x)\n"
        "    def g():\n        return next(rows)\n    return g\n",
        ("a nested function uses `rows`, which reads from it",),
    ),
    "a file that is locked for as long as it is open": (
        "import fcntl\ndef f(path, work):\n    x = open(path)\n    fcntl.flock(x, fcntl.LOCK_EX)\n    work()\n",
        ("a lock on the file lasts for as long as it is open",),
    ),
    "two statements on one line": ("def f(path):\n    x = open(path); print(x.read())\n", ()),
    "a child that nobody waits for": (
        "import subprocess\ndef f(words):\n    x = subprocess.Popen(words)\n    print(x.pid)\n",
        (),
    ),
}


@pytest.mark.parametrize(("program", "reasons"), REFUSED.values(), ids=REFUSED)
def test_what_no_fix_is_known_for_is_left_alone(program: str, reasons: tuple[str, ...]) -> None:
    done = fix(program, unsafe=True)

    assert done.after.decode() == program
    for reason in reasons:
        assert reason in {each.reason for each in done.refused}


def test_what_an_object_gets_in_the_end_is_released_when_something_raises_before() -> None:
    before = """
        import socket
        class Link:
            def connect(self, address):
                sock = socket.socket()
                sock.connect(address)
                self.sock = sock
            def close(self):
                self.sock.close()
        """
    after = """
        import socket
        class Link:
            def connect(self, address):
                sock = socket.socket()
                try:
                    sock.connect(address)
                except BaseException:
                    sock.close()
                    raise
                self.sock = sock
            def close(self):
                self.sock.close()
        """

    done = Fixer(Checker(Settings()), unsafe=True).fix(dedent(before).encode(), "app.py")

    assert done.after.decode() == dedent(after)


def test_an_expression_that_does_something_first_is_left_alone() -> None:
    program = "def f(log, path):\n    return log.begin().write(open(path).read())\n"

    assert made(program, unsafe=True) == program


def test_a_condition_that_may_not_open_is_left_alone() -> None:
    program = "def f(x, path):\n    return x or open(path).read()\n"

    assert made(program, unsafe=True) == program


def test_a_fix_after_which_the_finding_is_still_there_is_dropped() -> None:
    program = """\
def copy(a, b):
    try:
        src = open(a)
        dst = open(b, "w")
        dst.write(src.read())
    finally:
        src.close()
        dst.close()
"""

    done = Fixer(Checker(Settings()), unsafe=True).fix(program.encode(), "app.py")

    assert not done.changed
    assert [(each.fix, each.reason) for each in done.dropped] == [("before-try", "the finding would still be there")]


def test_a_text_that_names_a_file_keeps_the_file_open_while_it_is_used() -> None:
    before = """
        import tempfile
        def f(run, out):
            draft = tempfile.NamedTemporaryFile()
            draft.write(b"x")
            draft.flush()
            words = ["cat", f"{draft.name}"]
            line = " ".join(words)
            print("run")
            run(line)
            print("ran")
        """
    after = """
        import tempfile
        def f(run, out):
            with tempfile.NamedTemporaryFile() as draft:
                draft.write(b"x")
                draft.flush()
                words = ["cat", f"{draft.name}"]
                line = " ".join(words)
                print("run")
                run(line)
            print("ran")
        """

    assert made(before, unsafe=True) == dedent(after)
    assert not fix(before).changed, "who runs it may do so later"
