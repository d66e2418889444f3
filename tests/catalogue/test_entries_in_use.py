"""Every entry does what it says: memlint reports who loses what it acquires, and nobody who releases or hands it on."""

from __future__ import annotations

import pytest

from memlint.catalogue.model import Context, Kind

from .programs import CATALOGUE, Acquisition, function, module_of, spelled


def _acquisitions() -> list[Acquisition]:
    tables = (CATALOGUE.acquires, CATALOGUE.methods)
    return [
        Acquisition(entry, CATALOGUE.kinds[entry.kind], call)
        for table in tables
        for call, entries in table.items()
        for entry in entries
    ]


ACQUISITIONS = _acquisitions()
each_acquisition = pytest.mark.parametrize(
    "acquisition", ACQUISITIONS, ids=[f"{one.call}-{one.kind.name}" for one in ACQUISITIONS]
)


@each_acquisition
def test_what_is_acquired_and_forgotten_is_reported(acquisition: Acquisition) -> None:
    program = acquisition.losing()
    assert program.findings, program


@each_acquisition
def test_what_is_acquired_and_released_is_clean(acquisition: Acquisition) -> None:
    program = acquisition.releasing(next(acquisition.ways()))
    assert not program.findings, program


def _ways() -> list[tuple[Acquisition, str]]:
    first = {one.kind.name: one for one in reversed(ACQUISITIONS)}
    return [(one, way) for one in first.values() for way in one.ways()]


@pytest.mark.parametrize(
    ("acquisition", "way"), _ways(), ids=[f"{one.kind.name}-{way.format(name='it')}" for one, way in _ways()]
)
def test_every_way_of_release_is_clean(acquisition: Acquisition, way: str) -> None:
    program = acquisition.releasing(way)
    reading = way.startswith("for ")  # it may fail half-way, and that is said
    assert not [one for one in program.findings if not (reading and one.code == "MEM301")], program


ENTERED = [one for one in ACQUISITIONS if one.entering() is not None]


@pytest.mark.parametrize("acquisition", ENTERED, ids=[f"{one.call}-{one.kind.name}" for one in ENTERED])
def test_entering_the_call_itself_is_clean(acquisition: Acquisition) -> None:
    program = acquisition.entering()
    assert program is not None
    assert not program.findings, program


@pytest.mark.parametrize(
    "call",
    [
        "aiofiles.open",
        "aiosqlite.connect",
        "aiohttp.ClientSession.get",
        "aiohttp.ClientSession.ws_connect",
        "asyncpg.create_pool",
        "asyncpg.Pool.acquire",
        "asyncssh.connect",
        "sqlalchemy.ext.asyncio.AsyncEngine.connect",
        "websockets.connect",
        "websockets.serve",
    ],
)
def test_an_awaitable_block_needs_no_await_of_its_own(call: str) -> None:
    program = function(f"async with {call}(x) as held:  # here\n    held.use(x)\n", {module_of(call)}, "x")
    assert not program.findings, program


KEEPING = [one for one in ACQUISITIONS if Context.KEEPS in (one.kind.context, one.kind.async_context)]


@pytest.mark.parametrize("acquisition", KEEPING, ids=[one.call for one in KEEPING])
def test_a_block_that_keeps_does_not_release(acquisition: Acquisition) -> None:
    program = acquisition.releasing("with {name}: pass")
    assert program.findings, program


CONDITIONAL = [
    (one, condition)
    for one in ACQUISITIONS
    for condition in one.entry.unless
    if not one.entry.receiver and condition.values
]


@pytest.mark.parametrize(
    ("acquisition", "argument", "value"),
    [(one, condition.argument, condition.values[0]) for one, condition in CONDITIONAL],
    ids=[f"{one.call}-{condition.argument}" for one, condition in CONDITIONAL],
)
def test_an_excepted_argument_acquires_nothing(acquisition: Acquisition, argument: str, value: object) -> None:
    awaited = "await " if acquisition.entry.awaited else ""
    receiver = f"{acquisition.entry.receivers[0]}." if acquisition.entry.receivers else ""
    body = f"held = {awaited}{receiver}{spelled(acquisition.call)}({argument}={value!r})  # here\n"
    program = function(body, acquisition.imports, acquisition.parameters)
    assert not program.findings, program


def _sample(kind: Kind | None) -> tuple[str, str, set[str]]:
    """An acquisition of some kind: the statement, the variable, the imports."""
    if kind is None:
        return "held = open(x)  # here", "held", set()
    beside = next((one for one in ACQUISITIONS if one.entry.beside == kind.name), None)
    if beside is not None:
        first = beside.names[0]
        ended = f"{spelled(beside.kind.release_by[0])}({first})"
        return f"{first}, held = {spelled(beside.call)}()  # here\n{ended}", "held", beside.imports
    one = next(one for one in ACQUISITIONS if one.kind is kind and not one.entry.receivers and not one.entry.receiver)
    return one.before + one.statement, one.names[0], one.imports


def _arguments(arguments: tuple[int | str, ...], value: str) -> str:
    first = arguments[0]
    if first == "*":
        return value
    return ", ".join(["x"] * first + [value]) if isinstance(first, int) else f"{first}={value}"


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (call, kind)
        for call, entries in CATALOGUE.releases.items()
        for entry in entries
        for kind in (entry.kinds or ("file",))
    ],
)
def test_a_releasing_function_is_believed(call: str, kind: str) -> None:
    statement, name, imports = _sample(CATALOGUE.kinds[kind])
    entry = next(entry for entry in CATALOGUE.releases[call] if not entry.kinds or kind in entry.kinds)
    awaited = "await " if entry.awaited else ""
    body = f"{statement}\n{awaited}{spelled(call)}({_arguments(entry.arguments, name)})\n"
    program = function(body, {*imports, module_of(call)}, "x")
    others = [one.names[1:] for one in ACQUISITIONS if one.kind.name == kind and one.statement in statement]
    if others and others[0]:
        body = body.replace("# here\n", "# here\n" + "".join(f"{spelled(call)}({other})\n" for other in others[0]))
        program = function(body, {*imports, module_of(call)}, "x")
    assert not program.findings, program


@pytest.mark.parametrize("call", [call for call in CATALOGUE.borrows if call not in CATALOGUE.acquires])
def test_what_is_lent_is_still_owed(call: str) -> None:
    entry = CATALOGUE.borrows[call]
    statement, name, imports = _sample(None)
    body = f"{statement}\nresult = {spelled(call)}({_arguments(entry.arguments, name)})\n"
    if entry.view:
        body += "return result\n"
    program = function(body, {*imports, module_of(call)}, "x")
    assert program.findings, program


@pytest.mark.parametrize("call", CATALOGUE.transfers)
def test_what_is_handed_over_is_owed_no_more(call: str) -> None:
    entry = CATALOGUE.transfers[call]
    body = f"held = open(x)  # here\n{spelled(call)}({_arguments(entry.arguments, 'held')})\n"
    program = function(body, {module_of(call)}, "x")
    assert not [one for one in program.findings if one.code != "MEM301"], program


@pytest.mark.parametrize("call", CATALOGUE.quiets)
def test_between_acquisition_and_release_a_quiet_callee_opens_no_path(call: str) -> None:
    body = f"held = open(x)  # here\n{spelled(call)}(x)\nheld.close()\n"
    program = function(body, {module_of(call)}, "x")
    assert not program.findings, program


@pytest.mark.parametrize(
    ("call", "receiver"), [(call, one.receivers[0]) for call, same in CATALOGUE.quiet_methods.items() for one in same]
)
def test_between_acquisition_and_release_a_quiet_method_opens_no_path(call: str, receiver: str) -> None:
    receiver = "anything" if receiver == "*" else receiver
    program = function(f"held = open(x)  # here\n{receiver}.{call}(x)\nheld.close()\n", set(), f"{receiver}, x")
    assert not program.findings, program


def test_between_acquisition_and_release_an_unknown_callee_opens_a_path() -> None:
    program = function("held = open(x)  # here\nsomewhere.something(x)\nheld.close()\n", {"somewhere"}, "x")
    assert [one.code for one in program.findings] == ["MEM301"]


@pytest.mark.parametrize("call", CATALOGUE.noreturns)
def test_nothing_follows_a_call_that_never_returns(call: str) -> None:
    body = f"held = open(x)  # here\nif x:\n    held.close()\n    {spelled(call)}()\n    held = open(x)\nheld.close()\n"
    program = function(body, {module_of(call)}, "x")
    assert not [one for one in program.findings if one.code != "MEM301"], program


@pytest.mark.parametrize("call", CATALOGUE.suppresses)
def test_a_suppressing_block_goes_on_after_it(call: str) -> None:
    entry = CATALOGUE.suppresses[call]
    argument = "" if entry.exceptions else "Exception"
    raised = entry.exceptions[0] if entry.exceptions else "ValueError"
    block = f"with {spelled(call)}({argument}):\n    held.close()\n    raise {raised}\n"
    body = f"held = open(x)  # here\n{block}return 1\n"
    program = function(body, {module_of(call), *(module_of(one) for one in entry.exceptions)}, "x")
    assert not program.findings, program


def _typed() -> list[tuple[str, str, str]]:
    """Each call with a known result, with a method of that class that acquires."""
    found = []
    for call, returned in CATALOGUE.returns.items():
        for method in CATALOGUE.acquires:
            owner, _, name = method.rpartition(".")
            if owner == returned.type and not CATALOGUE.acquires[method][0].receiver:
                found.append((call, method, name))
    return found


@pytest.mark.parametrize(("call", "method", "name"), _typed(), ids=[f"{call}-{name}" for call, _, name in _typed()])
def test_a_known_result_has_the_methods_of_its_class(call: str, method: str, name: str) -> None:
    awaited = "await " if CATALOGUE.acquires[method][0].awaited else ""
    program = function(f"thing = {spelled(call)}(x)\nheld = {awaited}thing.{name}(x)  # here\n", {module_of(call)}, "x")
    assert program.findings, program


def _makers() -> dict[str, Acquisition]:
    """For each class of a resource, an acquisition that gives one."""
    found: dict[str, Acquisition] = {}
    for one in ACQUISITIONS:
        plain = one.entry.positions is None and not one.entry.receivers and not one.entry.receiver
        if plain and not one.entry.passive:
            given = one.entry.type or (one.call if one.call in one.kind.types else next(iter(one.kind.types), ""))
            found.setdefault(given, one)
    return found


def _made_by_methods() -> list[tuple[Acquisition, Acquisition]]:
    makers = _makers()
    found = []
    for one in ACQUISITIONS:
        owner, _, name = one.call.rpartition(".")
        plain = not one.entry.receivers and not one.entry.receiver and name[:1].islower()
        if plain and owner in makers and makers[owner].call != one.call and not one.kind.child:
            found.append((makers[owner], one))
    return found


@pytest.mark.parametrize(
    ("maker", "method"), _made_by_methods(), ids=[f"{maker.call}-{method.call}" for maker, method in _made_by_methods()]
)
def test_a_method_of_a_resource_acquires_another(maker: Acquisition, method: Acquisition) -> None:
    awaited = "await " if method.entry.awaited else ""
    name = method.call.rpartition(".")[2]
    targets, _, _ = method.statement.partition(" = ")
    body = f"{maker.statement}\n{targets} = {awaited}held.{name}({method.arguments})  # here\n"
    body = body.replace("# here\n", "\n", 1).replace("held = ", "owner = ", 1).replace("held.", "owner.", 1)
    program = function(body, maker.imports | method.imports, "x")
    assert program.findings, program
