"""``[tool.memlint]``: found, read, and refused by name where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from memlint.settings import FileCodes, Settings, SettingsError, find_configuration, read_configuration
from memlint.settings.options import OPTIONS, Kind, Place

from .conftest import Command
from .fakes import CODES


def configured(folder: Path, text: str, name: str = "pyproject.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_every_option_of_the_file_is_a_field_of_the_settings() -> None:
    for option in OPTIONS:
        if option.place is not Place.FLAG_ONLY:
            assert option.name in Settings.__slots__
            if option.kind is not Kind.TABLE:
                assert getattr(Settings(), option.name) == option.default


def test_the_nearest_table_upwards_is_used(tmp_path: Path) -> None:
    far = configured(tmp_path, "[tool.memlint]\npreview = true\n")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    configured(tmp_path / "a", "[tool.other]\n")  # a pyproject.toml that does not speak of us is passed by

    assert find_configuration([str(inner)]) == far


def test_one_run_has_the_configuration_of_the_folder_that_holds_all_its_paths(tmp_path: Path) -> None:
    whole = configured(tmp_path, "[tool.memlint]\n")
    for name in "ab":
        (tmp_path / name).mkdir()
        configured(tmp_path / name, "[tool.memlint]\n")

    assert find_configuration([str(tmp_path / "a"), str(tmp_path / "b" / "x.py")]) == whole
    assert find_configuration([str(tmp_path / "a")]) == tmp_path / "a" / "pyproject.toml"


def test_values_become_settings(tmp_path: Path) -> None:
    path = configured(
        tmp_path,
        """
        [tool.memlint]
        select = ["MEM1", "ALL"]
        extend-ignore = ["MEM000"]
        strict = true
        jobs = 3
        output-format = "concise"
        exclude = ["vendor", "docs/**/gen_*.py"]
        [tool.memlint.per-file-ignores]
        "tests/*" = ["MEM101"]
        [[tool.memlint.catalogue.acquire]]
        call = "mine.connect"
        """,
    )

    settings = read_configuration(path, CODES)

    assert settings == Settings(
        root=str(tmp_path),
        origin=str(path),
        select=("MEM1", "ALL"),
        extend_ignore=("MEM000",),
        strict=True,
        jobs=3,
        output_format="concise",
        exclude=("vendor", "docs/**/gen_*.py"),
        per_file_ignores=(FileCodes("tests/*", ("MEM101",)),),
        catalogue={"acquire": [{"call": "mine.connect"}]},
    )


def test_a_file_of_another_name_holds_the_table_itself(tmp_path: Path) -> None:
    assert read_configuration(configured(tmp_path, "preview = true\n", "memlint.toml"), CODES).preview


WRONG = [
    ("selct = ['MEM101']", "unknown key `selct`; did you mean `select`?"),
    ("extend_select = ['MEM101']", "unknown key `extend_select`; did you mean `extend-select`?"),
    ("colour = true", "unknown key `colour`"),
    ("output-file = 'x'", "unknown key `output-file`"),
    ("select = 'MEM101'", "`select` must be a list of rule codes or their prefixes, not the string 'MEM101'"),
    ("select = [1]", "`select` must be a list of rule codes or their prefixes, not a list holding the number 1"),
    ("select = ['MEM102']", "`select`: no rule `MEM102`; did you mean `MEM101`?"),
    ("ignore = ['SIM115']", "`ignore`: no rule `SIM115`; `memlint rules` lists them"),
    ("ignore = ['']", "`ignore`: no rule ``"),
    ("preview = 'yes'", "`preview` must be true or false, not the string 'yes'"),
    ("preview = 1", "`preview` must be true or false, not the number 1"),
    ("jobs = 0", "`jobs` must be a whole number of at least 1, not the number 0"),
    ("jobs = true", "`jobs` must be a whole number of at least 1, not `true`"),
    ("output-format = 'jsn'", "`output-format` cannot be `jsn`; did you mean `json`?"),
    ("exclude = [' ', '/']", "`exclude`: pattern `/` is empty"),
    ("exclude = ['[z-a]']", "`exclude`: pattern `[z-a]` is not a pattern (bad character range z-a)"),
    ("catalogue = []", "`catalogue` must be a table, not a list"),
    ("per-file-ignores = ['x']", "`per-file-ignores` must be a table of file pattern = list of rule codes, not a list"),
    ("per-file-ignores = {'x' = 'MEM101'}", "`per-file-ignores`.'x' must be a list of rule codes"),
    ("per-file-ignores = {'x' = ['MEM9']}", "`per-file-ignores`.'x': no rule `MEM9`"),
    ("jobs = 2020-01-01", "`jobs` must be a whole number of at least 1, not a date or time"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[text for text, _ in WRONG])
def test_a_wrong_setting_is_refused_by_its_name(text: str, said: str, tmp_path: Path) -> None:
    path = configured(tmp_path, f"[tool.memlint]\n{text}\n")

    with pytest.raises(SettingsError) as caught:
        read_configuration(path, CODES)

    assert str(caught.value).startswith(f"{path}: [tool.memlint]: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_that_is_none_is_refused(tmp_path: Path, faked: Command) -> None:
    configured(tmp_path, "[tool]\nmemlint = 3\n")

    outcome = faked("check")

    assert outcome.code == 2
    assert outcome.err == f"memlint: {tmp_path / 'pyproject.toml'}: tool.memlint must be a table, not the number 3\n"


def test_a_broken_pyproject_is_one_line_that_names_file_and_line(tmp_path: Path, memlint: Command) -> None:
    path = configured(tmp_path, "[tool.memlint]\nselect = [\n")
    (tmp_path / "a.py").touch()

    outcome = memlint("check", ".")

    assert outcome.code == 2
    assert outcome.err.startswith(f"memlint: {path}: is not valid TOML: ")
    assert len(outcome.err.splitlines()) == 1
    assert memlint("check", "--isolated", ".").code == 0


def test_a_wrong_table_is_one_line_through_the_real_command(tmp_path: Path, memlint: Command) -> None:
    path = configured(tmp_path, "[tool.memlint]\nstict = true\n")

    outcome = memlint("check", ".")

    assert outcome.code == 2
    assert outcome.err == f"memlint: {path}: [tool.memlint]: unknown key `stict`; did you mean `strict`?\n"


def test_an_unknown_rule_on_the_command_line_is_one_line(memlint: Command) -> None:
    outcome = memlint("check", "--select", "MEM000,XYZ")

    assert outcome.code == 2
    assert outcome.err == "memlint: command line: `select`: no rule `XYZ`; `memlint rules` lists them\n"


def test_a_catalogue_entry_with_a_typo_is_one_line(tmp_path: Path, memlint: Command) -> None:
    configured(tmp_path, "[[tool.memlint.catalogue.acquire]]\ncall = 'a.b'\nkind = 'file'\nwhy = 'x'\nwraaps = [0]\n")

    outcome = memlint("check", ".")

    assert outcome.code == 2
    assert outcome.err.startswith("memlint: pyproject.toml [tool.memlint.catalogue]: ")
    assert "did you mean 'wraps'?" in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_an_explicit_configuration_must_exist(faked: Command) -> None:
    outcome = faked("check", "--config", "gone.toml")

    assert outcome.code == 2
    assert outcome.err == "memlint: gone.toml: cannot be read: No such file or directory\n"


def test_the_command_line_speaks_last_and_extensions_add_up(tmp_path: Path, faked: Command) -> None:
    configured(tmp_path, "[tool.memlint]\nselect = ['MEM000']\nextend-select = ['MEM401']\nextend-exclude = ['a']\n")
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.py").write_text("import socket\nf = open(1)\ng = socket.socket()\n")

    outcome = faked("check", "--select", "MEM101", "--extend-exclude", "b", "--output-format", "concise")

    assert [line.split()[:2] for line in outcome.lines] == [["c/x.py:2:5:", "MEM101"], ["c/x.py:3:5:", "MEM401"]]
