"""The loader against wrong packs: each fault with its line and what is allowed, and all of them at once."""

import tomllib
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.policy.form import faults_of
from kiosk.policy.pack import Pack, PackError, load_pack, load_packs
from kiosk.policy.positions import Positions

REGIONS = Path(__file__).parents[2] / "config" / "regions"
ZHUMADIAN = (REGIONS / "zhumadian.toml").read_text(encoding="utf-8")
RAW = tomllib.loads(ZHUMADIAN)
TRIES = '[pin.tries]\nvalue = 6\nbasis = "source"\ncite = ["zhumadian-2019 §3.3"]\n'


def told(folder: Path, text: str) -> list[str]:
    """What is wrong with this text, each without the file's name."""
    path = folder / "zhumadian.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PackError) as caught:
        load_pack(path)
    assert str(caught.value) == "\n".join(caught.value.faults)
    assert all(fault.startswith(f"{path}:") for fault in caught.value.faults)
    return [fault.removeprefix(f"{path}:") for fault in caught.value.faults]


def line_of(text: str, words: str) -> int:
    assert text.count(words) == 1, words
    return text[: text.index(words)].count("\n") + 1


def changed(old: str, new: str) -> str:
    assert ZHUMADIAN.count(old) == 1, old
    return ZHUMADIAN.replace(old, new)


WRONG = tomllib.loads(Path(__file__).with_name("wrong_packs.toml").read_text(encoding="utf-8"))["wrong"]


@pytest.mark.parametrize("wrong", WRONG, ids=[wrong["fault"] for wrong in WRONG])
def test_a_wrong_pack_is_refused_with_what_is_wrong(tmp_path: Path, wrong: dict[str, str]) -> None:
    text = changed(wrong["old"], wrong["new"])
    assert f"{line_of(text, wrong['at'])}: {wrong['fault']}" in told(tmp_path, text)


def test_one_wrong_thing_is_told_once(tmp_path: Path) -> None:
    text = changed(TRIES, TRIES.replace("6", "0"))
    assert len(told(tmp_path, text)) == 1


def test_everything_is_told_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = changed(TRIES, TRIES.replace("zhumadian-2019 ", "henan-2001 "))
    text = text.replace("[hotline]\n", "[hotlines]\n").replace('value = "123456"', 'value = "abc"')
    lines = [fault.split(": ")[0:2] for fault in told(tmp_path, text)]
    assert [rule for _, rule in lines] == ["hotline", "hotlines", "pin.initial.value", "pin.tries.cite[0]"]
    assert [int(line) for line, _ in lines] == sorted(int(line) for line, _ in lines)


def test_what_is_not_toml_at_all(tmp_path: Path) -> None:
    assert told(tmp_path, changed('key = "zhumadian"', "key = "))[0].startswith("2: not TOML: ")
    (tmp_path / "zhumadian.toml").write_bytes(b'key = "\xff"\n')
    with pytest.raises(PackError, match="not UTF-8: invalid start byte at byte 7"):
        load_pack(tmp_path / "zhumadian.toml")


def test_an_unfinished_file_is_told_at_its_end(tmp_path: Path) -> None:
    assert told(tmp_path, 'key = "zhumadian"\nname = { zh = """')[0].startswith("2: not TOML: ")


def test_a_missing_pack_and_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"nowhere\.toml: can't be read: No such file"):
        load_pack(tmp_path / "nowhere.toml")
    with pytest.raises(PackError, match="no region pack"):
        load_packs(tmp_path)


def test_lines_of_every_way_to_write_toml() -> None:
    positions = Positions(
        "a = 1\n"  # 1
        "b.c = { x = 1, 'y z' = [1, { q = 2 }] }\n"
        '[p."q.r"]\n'
        "value = [\n"
        "  { z = 1 }, # one\n"  # 5
        "  # none\n"
        '  """\ntwo lines""",\n'
        "  3,\n"
        "]\n"  # 10
        "[[s]]\n"
        "id = 1\n"
        "[s.u]\n"
        "k = 1\n"
        "[[s]]\n"  # 15
        "[[s.t]]\n"
        "id = 2\n"
        "[s.t.v]\n"
        "k = 3\n"
    )
    expected = {
        (): 1,
        ("a",): 1,
        ("nowhere",): 1,
        ("b", "c", "y z", 1, "q"): 2,
        ("p", "q.r"): 3,
        ("p", "q.r", "missing"): 3,
        ("p", "q.r", "value", 0, "z"): 5,
        ("p", "q.r", "value", 1): 7,
        ("p", "q.r", "value", 2): 9,
        ("s",): 11,
        ("s", 0, "id"): 12,
        ("s", 0, "u", "k"): 14,
        ("s", 1): 15,
        ("s", 1, "t", 0, "id"): 17,
        ("s", 1, "t", 0, "v", "k"): 19,
    }
    assert {where: positions.line(where) for where in expected} == expected


def places(raw: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    return [where] * bool(where) + [place for key, value in items for place in places(value, (*where, key))]


PLACES = places(RAW)
FORM = msgspec.inspect.type_info(Pack)
VALUES = st.sampled_from([0, -1, 7, True, "", "x", "6", "source", [], ["x"], {}, {"zh": "x"}, 1.5])


def put(value: object) -> Callable[[Any, Any], None]:
    return lambda table, key: table.__setitem__(key, value)


def remove(table: Any, key: Any) -> None:
    del table[key]


def double(table: Any, key: Any) -> None:
    if isinstance(table, dict):
        table[f"{key}_"] = table[key]


@settings(deadline=None)
@given(st.sampled_from(PLACES), st.one_of(VALUES.map(put), st.just(remove), st.just(double)))
def test_nothing_that_the_form_refuses_goes_untold(place: tuple[Any, ...], break_: Callable[[Any, Any], None]) -> None:
    """msgspec, which stops at the first thing wrong, is the second opinion."""
    raw = deepcopy(RAW)
    inner: Any = raw
    for key in place[:-1]:
        inner = inner[key]
    break_(inner, place[-1])
    found = list(faults_of(raw, FORM))
    try:
        msgspec.convert(raw, Pack)
    except msgspec.ValidationError:
        assert found
