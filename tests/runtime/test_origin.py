from __future__ import annotations

import inspect
import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_memguard.runtime import Origin, capture
from pytest_memguard.runtime.origin import DEPTH, here, snapshot


def line() -> int:
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


def test_an_origin_names_file_line_and_function() -> None:
    origin, expected = capture(), line()

    (frame, *_) = origin.frames()
    assert (frame.file, frame.line) == (__file__, expected)
    assert frame.function == "test_an_origin_names_file_line_and_function"


def test_it_reads_as_path_line_and_function_seen_from_the_working_directory(tmp_path, monkeypatch) -> None:
    module = tmp_path / "app" / "client.py"
    namespace = {"capture": capture}
    exec(compile("\n\ndef connect():\n    return capture()\n", str(module), "exec"), namespace)
    monkeypatch.chdir(tmp_path)

    assert str(namespace["connect"]()) == "app/client.py:4 in connect"


def test_a_path_outside_the_working_directory_stays_whole(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert str(capture()).startswith(__file__)


def test_the_line_of_a_call_over_many_lines_is_that_of_the_call() -> None:
    expected = line() + 1
    origin = capture(
        depth=1,
    )

    assert origin.frames()[0].line == expected


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(1, 12))
def test_it_keeps_the_innermost_frames_up_to_its_depth(calls: int, depth: int) -> None:
    def nested(left: int) -> Origin:
        return nested(left - 1) if left else capture(depth)

    names = [frame.function for frame in nested(calls).frames()]

    assert len(names) == depth
    assert names[: calls + 1] == ["nested"] * min(calls + 1, depth)


def test_a_shallow_stack_is_kept_whole() -> None:
    found: list[list[str]] = []

    def outermost() -> None:
        found.append([frame.function for frame in Origin(snapshot(0)).frames()])

    thread = threading.Thread(target=outermost)
    thread.run = outermost  # type: ignore[method-assign]  # no frame of ours below it but threading's
    thread.start()
    thread.join()
    assert found[0][0] == "outermost"
    assert len(found[0]) < DEPTH


@settings(deadline=None)
@given(st.integers(0, 12))
def test_a_snapshot_is_what_walking_the_stack_gives(calls: int) -> None:
    def nested(left: int) -> tuple[list[str], list[str]]:
        if left:
            return nested(left - 1)
        frame, walked = inspect.currentframe(), []
        while frame is not None and len(walked) < DEPTH:
            walked.append(frame.f_code.co_name)
            frame = frame.f_back
        return [frame.function for frame in Origin(snapshot(0)).frames()], walked

    taken, walked = nested(calls)
    assert taken == walked


def test_an_origin_keeps_no_local_variable_alive() -> None:
    class Large:
        pass

    import weakref

    def work() -> tuple[Origin, weakref.ref[Large]]:
        large = Large()
        return capture(), weakref.ref(large)

    origin, large = work()
    assert origin
    assert large() is None


def test_a_place_is_one_position() -> None:
    positions, expected = here(), line()

    assert [frame.line for frame in Origin(positions).frames()] == [expected]


def test_an_empty_origin_says_so() -> None:
    assert not Origin()
    assert str(Origin()) == "an unknown place"


def test_equal_places_are_equal_and_hash_alike() -> None:
    first, second = [capture(depth=1) for _ in range(2)]

    assert first == second
    assert len({first, second}) == 1
    assert first != capture(depth=1)
