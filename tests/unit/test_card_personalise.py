"""Keys by outside known answers, and the deck's people that can't exist."""

from pathlib import Path

import msgspec
import pytest

from simulators.card.card_file import DECK, load_card_file, save_card_file
from simulators.card.ciphers import encrypt
from simulators.card.personalise import TEST_MASTER_KEYS, deck, diversify
from tests.stack import card_file

CODE = bytes.fromhex("411700D1560000050000000000001001")


def test_sm4_known_answer_of_the_norm() -> None:
    value = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    assert encrypt(3, value, value).hex().upper() == "681EDF34D206965E86B3E94F536E4246"


def test_two_key_triple_des_known_answer() -> None:
    """SP 800-20 style: with both halves equal it is single DES, whose answer is in FIPS 81's tradition."""
    key = bytes.fromhex("0123456789ABCDEF" * 2)
    assert encrypt(1, key, b"Now is t").hex().upper() == "3FA40E8A984D4815"


def test_no_other_algorithm() -> None:
    with pytest.raises(ValueError, match="02"):
        encrypt(2, bytes(16), bytes(16))


def test_diversified_keys_known_by_openssl() -> None:
    """``openssl enc -des-ede -nopad`` of factor 0000000000001001 and its inverse; ``-sm4-ecb`` of both for …1004."""
    assert diversify(1, TEST_MASTER_KEYS[1, 1], CODE).hex().upper() == "03166C456FB1F475" + "F54B7BBEC0A416F0"
    third = bytes.fromhex("411700D1560000050000000000001004")
    assert diversify(3, TEST_MASTER_KEYS[3, 1], third).hex().upper() == "451B6672828EFA11C0EA5EFCF4D9E578"
    assert diversify(3, TEST_MASTER_KEYS[3, 2], third).hex().upper() == "DBF5DAF21BBE113CA4D0A5FCD0B273C2"


def test_the_files_are_what_the_bureau_makes() -> None:
    assert {path.stem for path in DECK.glob("*.json")} == set(deck())
    for name, card in deck().items():
        assert load_card_file(DECK / f"{name}.json") == card


def test_the_deck_holds_what_the_kiosk_must_meet() -> None:
    wanted = {
        "zhumadian-normal", "zhumadian-initial-pin", "zhumadian-locked", "zhumadian-3.00", "beijing-normal",
        "beijing-x", "beijing-3.00", "rare-name", "clone-of-zhumadian-normal", "expired", "blank", "bank-only",
    }  # fmt: skip
    assert wanted <= set(deck())


@pytest.mark.parametrize("name", sorted(deck()))
def test_people_are_invented_but_their_numbers_check(name: str) -> None:
    environment = card_file(name).social_security
    if environment is None or environment.holder is None or environment.issuer is None:
        return
    number = environment.holder.social_security_number
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
    assert number[17] == "10X98765432"[total % 11]
    assert number[4:6] == "00"  # no resident's number has county 00
    assert number[6:14] == environment.holder.birth_date.strftime("%Y%m%d")
    assert (int(number[16]) % 2 == 1) == (environment.holder.sex == "1")

    values = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    card_number = environment.issuer.card_number
    check = (
        11
        - sum(values.index(char) * weight for char, weight in zip(card_number, (3, 7, 9, 10, 5, 8, 4, 2), strict=False))
        % 11
    )
    assert card_number[8] == {10: "X", 11: "0"}.get(check, str(check))


def test_the_clone_differs_in_its_keys_only() -> None:
    genuine, clone = (
        card_file("zhumadian-normal").social_security,
        card_file("clone-of-zhumadian-normal").social_security,
    )
    assert genuine is not None
    assert clone is not None
    assert clone.keys != genuine.keys
    assert msgspec.structs.replace(clone, keys=genuine.keys) == genuine


def test_a_card_file_is_read_strictly(tmp_path: Path) -> None:
    for wrong in (
        b'{"about": "x", "region": "4117", "serial": "00000001", "colour": "red"}',
        b'{"about": "x", "region": "41", "serial": "00000001"}',
        b'{"region": "4117", "serial": "00000001"}',
    ):
        path = tmp_path / "card.json"
        path.write_bytes(wrong)
        with pytest.raises(msgspec.ValidationError):
            load_card_file(path)


def test_saving_replaces_the_whole_file_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text("x" * 10_000)
    save_card_file(path, card_file("expired"))
    assert load_card_file(path) == card_file("expired")
    assert [entry.name for entry in path.parent.iterdir()] == ["card.json"]
