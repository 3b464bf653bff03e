"""The region packs against values typed from the handbooks, and the loader against wrong packs."""

from pathlib import Path

import pytest

from kiosk.policy.pack import Basis, PackError, Rule, load_pack, load_packs, rules_of
from kiosk.policy.region import Region

REGIONS = Path(__file__).parents[2] / "config" / "regions"

# Typed from the documents, section by section; None is "the document does not say".
TYPED: dict[str, dict[str, tuple[object, str, str]]] = {
    "zhumadian": {
        "codes": (("4117",), "source", "gb-t-2260 411700"),
        "hotline": ("12333、0396-12333", "source", "zhumadian-2019 §1.4"),
        "pin.held_by": ("chip", "inferred", "zhumadian-2019 §3.1"),
        "pin.length": (6, "inferred", "zhumadian-2019 §3.1"),
        "pin.initial": ("123456", "source", "zhumadian-2019 §3.1"),
        "pin.initial_must_change": (True, "source", "zhumadian-2019 §3.1"),
        "pin.tries": (6, "source", "zhumadian-2019 §3.3"),
        "pin.weak_refused": (None, "not_stated", ""),
        "services.card_query.self_service": (True, "operator", "zhumadian-2019 §1.2"),
        "services.card_query.pin_required": (True, "operator", ""),
        "services.pin_change.self_service": (True, "operator", "zhumadian-2019 §3.1"),
        "services.pin_change.pin_required": (True, "inferred", "zhumadian-2019 §3.2"),
    },
    "beijing": {
        "codes": (("1100", "1101"), "source", "gb-t-2260 110000"),
        "hotline": ("96102", "source", "beijing-rules 第4问"),
        "pin.held_by": ("centre", "inferred", "beijing-notes 第7条"),
        "pin.length": (6, "source", "beijing-notes 第7条"),
        "pin.initial": ("last_six_of_social_security_number", "source", "beijing-notes 第7条"),
        "pin.initial_must_change": (None, "not_stated", ""),
        "pin.tries": (None, "not_stated", ""),
        "pin.weak_refused": (None, "not_stated", ""),
        "services.card_query.self_service": (True, "source", "beijing-rules 第4问"),
        "services.card_query.pin_required": (True, "source", "beijing-notes 第7条"),
        "services.pin_change.self_service": (True, "source", "beijing-notes 第7条"),
        "services.pin_change.pin_required": (True, "inferred", "beijing-notes 第7条"),
    },
}
PLACES = {"pin.change", "pin.forgotten", "pin.locked", "services.card_query.place", "services.pin_change.place"}
WORDS = {*PLACES, "pin.name", "medical_account"}


def plain(rule: Rule[object]) -> tuple[object, str, str]:
    value = rule.value.value if hasattr(rule.value, "value") else rule.value
    return value, rule.basis.value, rule.cite[0] if rule.cite else ""


@pytest.mark.parametrize("key", sorted(TYPED))
def test_packs_say_what_the_handbooks_say(key: str) -> None:
    rules = {name: plain(rule) for name, rule in rules_of(load_pack(REGIONS / f"{key}.toml")) if name not in WORDS}
    assert rules == TYPED[key]


@pytest.mark.parametrize("key", sorted(TYPED))
def test_every_place_is_named_in_both_languages_with_its_source(key: str) -> None:
    rules = dict(rules_of(load_pack(REGIONS / f"{key}.toml")))
    for name in PLACES:
        place = rules[name]
        assert place.value is not None, name
        assert place.value.zh  # type: ignore[attr-defined]  # a Text
        assert place.value.en  # type: ignore[attr-defined]  # a Text
        assert place.cite


def test_all_packs_load() -> None:
    assert set(load_packs(REGIONS)) >= set(TYPED)


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = (REGIONS / "zhumadian.toml").read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path = tmp_path / "zhumadian.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('cite = ["zhumadian-2019 §3.3"]\n\n[pin.weak', "\n[pin.weak", r"pin\.tries: basis source wants cite"),
        ('"zhumadian-2019 §3.3"]\n\n[pin.weak', '"henan-2001 §3.3"]\n\n[pin.weak', r"henan-2001 §3\.3"),
        ('"zhumadian-2019 §3.3"]\n\n[pin.weak', '"zhumadian-2019"]\n\n[pin.weak', "a space, and the section"),
        ('value = 6\nbasis = "source"', 'value = "six"\nbasis = "source"', r"Expected `int"),
        ('value = 6\nbasis = "source"', 'basis = "source"', r"pin\.tries: a value is wanted"),
        ("[pin.weak_refused]", "[pin.weak_refused]\nvalue = true", r"weak_refused: a value is wanted"),
        ("[pin.tries]", "[pin.attempts]", r"attempts|tries"),
        ('basis = "inferred"', 'basis = "guessed"', "guessed"),
        ("[services.card_query.place]", "[services.card_enquiry.place]", "card_enquiry"),
        ('key = "zhumadian"', 'key = "zhengzhou"', "it must be the file's name"),
        ('key = "zhumadian"', "key = ", "not TOML"),
    ],
)
def test_a_wrong_pack_is_refused_with_what_is_wrong(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(PackError, match=message) as caught:
        load_pack(path)
    assert str(path) in str(caught.value)


def test_an_operators_decision_wants_its_reason(tmp_path: Path) -> None:
    path = changed(tmp_path, 'reason = "The handbook names looking up', 'cite = []\nreason_gone = "x')
    with pytest.raises(PackError):
        load_pack(path)


def test_a_missing_pack_and_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="can't be read"):
        load_pack(tmp_path / "nowhere.toml")
    with pytest.raises(PackError, match="no region pack"):
        load_packs(tmp_path)


def test_what_is_not_stated_opens_nothing() -> None:
    pack = load_pack(REGIONS / "beijing.toml")
    region = Region(pack)
    assert region.refuses_weak_pin is False
    assert region.demands_pin_change_first is False
    assert region.initial_pin is None
    assert region.citation(Rule(basis=Basis.NOT_STATED)) is None
    with pytest.raises(LookupError):
        pack.pin.tries.stated()


@pytest.mark.parametrize(
    ("number", "untypable"),
    [("11010119900307001X", True), ("110101199003070012", False), ("1101011990030700XX", True)],
)
def test_letter_in_the_last_six(number: str, untypable: bool) -> None:
    assert Region(load_pack(REGIONS / "beijing.toml")).initial_pin_untypable(number) is untypable
    assert Region(load_pack(REGIONS / "zhumadian.toml")).initial_pin_untypable(number) is False
