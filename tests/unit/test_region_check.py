"""The loader against wrong packs: each fault with its line and what is allowed, and all of them at once."""

import tomllib
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.policy.form import faults_of
from kiosk.policy.pack import Pack, PackError, load_pack, load_packs
from kiosk.policy.positions import Positions

REGIONS = Path(__file__).parents[2] / "config" / "regions"
ZHUMADIAN = (REGIONS / "zhumadian.toml").read_text(encoding="utf-8")
RAW = tomllib.loads(ZHUMADIAN)
RULE = "wanted is a table with basis, value, cite, reason"
TRIES = '[pin.tries]\nvalue = 6\nbasis = "source"\ncite = ["zhumadian-2019 §3.3"]\n'
DEADLINE = '[loss.formal_deadline]\nbasis = "not_stated"\n'


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


# What is replaced, by what, the words in whose line the fault is told, and the fault.
WRONG = [
    (TRIES, TRIES.replace("cite =", "quote ="), "quote =", "pin.tries.quote: unknown key; allowed: basis, value, cite, reason"),
    (TRIES, '[pin.tries]\nvalue = 6\nbasis = "source"\n', "[pin.tries]", 'pin.tries.cite: missing; basis source wants cite = ["<source id> <section>"]'),
    (TRIES, TRIES.replace("zhumadian-2019 ", "henan-2001 "), '"henan-2001', 'pin.tries.cite[0]: "henan-2001 §3.3"; wanted is one of gb-t-2260, zhumadian-2019, a space, and the section'),
    (TRIES, TRIES.replace(" §3.3", ""), '["zhumadian-2019"]', 'pin.tries.cite[0]: "zhumadian-2019"; wanted is one of gb-t-2260, zhumadian-2019, a space, and the section'),
    (TRIES, TRIES.replace("6", '"six"'), '"six"', 'pin.tries.value: "six" does not fit; wanted is a whole number from 1 up'),
    (TRIES, TRIES.replace("6", "0"), "value = 0\n", "pin.tries.value: 0 does not fit; wanted is a whole number from 1 up"),
    (TRIES, TRIES.replace("6", "true"), "[pin.tries]\nvalue", "pin.tries.value: true does not fit; wanted is a whole number from 1 up"),
    (TRIES, TRIES.replace("value = 6\n", ""), "[pin.tries]", "pin.tries.value: missing; basis source wants one, and only not_stated has none"),
    (TRIES, TRIES.replace('"source"', '"guessed"'), '"guessed"', 'pin.tries.basis: "guessed" does not fit; allowed: source, inferred, operator, not_stated'),
    (TRIES, TRIES.replace('"source"', '"operator"'), "[pin.tries]", "pin.tries.reason: missing; basis operator wants a reason"),
    (TRIES, TRIES.replace('"source"', '"inferred"'), "[pin.tries]", "pin.tries.reason: missing; basis inferred wants a reason"),
    (TRIES, TRIES.replace('basis = "source"\n', ""), "[pin.tries]", "pin.tries.basis: missing; allowed: source, inferred, operator, not_stated"),
    (TRIES, TRIES.replace("[pin.tries]", "[pin]\ntries = 6\n[pin.attempts]"), "tries = 6", f"pin.tries: 6 does not fit; {RULE}"),
    (TRIES, "", "[pin.name]", f"pin.tries: missing; {RULE}"),
    ("[pin.optional]\n", "[pin.optional]\nvalue = true\n", "value = true\nbasis = \"not_stated\"", "pin.optional.value: basis not_stated has no value; take it out, or name another basis"),
    ('value = "123456"', 'value = "12345a"', "12345a", 'pin.initial.value: "12345a" does not fit; wanted is digits in quotes or one of last_six_of_social_security_number, old_medical_card'),
    ('value = "123456"', 'value = "1234567"', "1234567", "pin.initial.value: has not the 6 digits of pin.length"),
    ('[pin.initial_otherwise]\nbasis = "not_stated"', '[pin.initial_otherwise]\nvalue = "888888"\nbasis = "source"\ncite = ["zhumadian-2019 §3.1"]', '"888888"', "pin.initial_otherwise.value: pin.initial is one number for all; nobody is left for another"),
    ('value = "chip"\n', 'value = "card"\n', '"card"\n', 'pin.held_by.value: "card" does not fit; allowed: chip, centre'),
    ('value = ["4117"]', 'value = ["411700"]', '"411700"]', 'codes.value[0]: "411700" does not fit; wanted is four digits in quotes'),
    ('value = ["4117"]', 'value = "4117"', 'value = "4117"', 'codes.value: "4117" does not fit; wanted is a list in brackets'),
    ('name = { zh = "驻马店", en', 'name = { zh = "", en', 'zh = ""', 'name.zh: "" does not fit; wanted is words in quotes'),
    ('name = { zh = "驻马店", en = "Zhumadian" }', 'name = { zh = "驻马店" }', "name = { zh", "name.en: missing; wanted is words in quotes"),
    ('key = "zhumadian"', 'key = "zhengzhou"', "zhengzhou", 'key: must be the file\'s name, "zhumadian", not "zhengzhou"'),
    ('id = "gb-t-2260"', 'id = "zhumadian-2019" # again', "# again", 'sources[1].id: "zhumadian-2019" is there already'),
    ('date = "2007"\n', "", 'GB/T 2260 中华', "sources[1].date: missing; wanted is text in quotes"),
    ("[services.loss_lifting.self_service]", "[services.loss_lifted.self_service]", "[services.loss_lifted.self_service]", "services.loss_lifted: unknown key; allowed: card_query, pin_change, temporary_loss, loss_lifting"),
    ("[services.loss_lifting.place]\n", "[services.loss_lifting.where]\n", "[services.loss_lifting.where]", "services.loss_lifting.where: unknown key; allowed: self_service, pin_required, place, offline, fee_fen"),
    ('[services.loss_lifting.offline]\nvalue = "refused"', '[services.loss_lifting.offline]\nvalue = "later"', '"later"', 'services.loss_lifting.offline.value: "later" does not fit; allowed: chip_only, recorded, refused'),
    (DEADLINE, DEADLINE.replace("basis", "value = { count = 0, unit = \"months\" }\nreason = \"x\"\ncite = [\"zhumadian-2019 §4.2\"]\nbasis").replace("not_stated", "inferred"), "count = 0", "loss.formal_deadline.value.count: 0 does not fit; wanted is a whole number from 1 up"),
    (DEADLINE, DEADLINE.replace("basis", "value = { count = 3, unit = \"days\" }\nreason = \"x\"\ncite = [\"zhumadian-2019 §4.2\"]\nbasis").replace("not_stated", "inferred"), "count = 3", "loss.formal_deadline.value.leaves_open: missing; days want a word on whether calendar or working days are meant"),
    (DEADLINE, DEADLINE.replace("basis", "value = { count = 3, unit = \"months\" }\nreason = \"x\"\nbasis").replace("not_stated", "operator"), "[loss.formal_deadline]", "loss.formal_deadline.cite: missing; a term wants a citation whatever its basis"),
    (DEADLINE, DEADLINE.replace("basis", "value = { count = 3, unit = \"weeks\" }\nreason = \"x\"\ncite = [\"zhumadian-2019 §4.2\"]\nbasis").replace("not_stated", "inferred"), '"weeks"', 'loss.formal_deadline.value.unit: "weeks" does not fit; allowed: days, working_days, months'),
    ('[loss.bank_lines]\nbasis = "not_stated"', '[loss.bank_lines]\nvalue = [\n  # none of ours\n  { bank = { zh = "甲", en = "A" }, line = "95588" },\n  { bank = { zh = "乙", en = "B" } },\n]\nbasis = "source"\ncite = ["zhumadian-2019 §4.2"]', '"乙"', "loss.bank_lines.value[1].line: missing; wanted is a telephone number in quotes"),
    ('[loss.bank_lines]\nbasis = "not_stated"', '[loss.bank_lines]\nvalue = [{ bank = { zh = "甲", en = "A" }, line = "%⒆9" }]\nbasis = "source"\ncite = ["zhumadian-2019 §4.2"]', '"甲"', 'loss.bank_lines.value[0].line: "%⒆9" does not fit; wanted is a telephone number in quotes'),
    ("[codes]\n", '[[unreadable]]\nwhat = { zh = "电话", en = "a line" }\ncite = "elsewhere §1"\n\n[codes]\n', "elsewhere", 'unreadable[0].cite: "elsewhere §1"; wanted is one of gb-t-2260, zhumadian-2019, a space, and the section'),
    ("[hotline]\n", "[hotlines]\n", "[hotlines]", "hotlines: unknown key; allowed: key, name, codes, sources, hotline, medical_account, unreadable, pin, loss, services"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words", "fault"), WRONG, ids=[fault for *_, fault in WRONG])
def test_a_wrong_pack_is_refused_with_what_is_wrong(tmp_path: Path, old: str, new: str, words: str, fault: str) -> None:
    text = changed(old, new)
    assert f"{line_of(text, words)}: {fault}" in told(tmp_path, text)


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
VALUES = st.sampled_from([0, -1, 7, True, "", "x", "6", "source", [], ["x"], {}, {"zh": "x"}, 1.5])


def put(value: object) -> Callable[[Any, Any], None]:
    return lambda table, key: table.__setitem__(key, value)


def remove(table: Any, key: Any) -> None:
    del table[key]


@given(st.sampled_from(PLACES), st.one_of(VALUES.map(put), st.just(remove)))
def test_nothing_that_the_form_refuses_goes_untold(place: tuple[Any, ...], break_: Callable[[Any, Any], None]) -> None:
    """msgspec, which stops at the first thing wrong, is the second opinion."""
    raw = deepcopy(RAW)
    inner: Any = raw
    for key in place[:-1]:
        inner = inner[key]
    break_(inner, place[-1])
    told = list(faults_of(raw, msgspec.inspect.type_info(Pack)))
    try:
        msgspec.convert(raw, Pack)
    except msgspec.ValidationError:
        assert told
    assert all(fault.where[: len(place) - 1] == place[: len(place) - 1] or not told for fault in told) or told
