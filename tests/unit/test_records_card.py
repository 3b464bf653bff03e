"""Check characters, the PIN's account, and masks, each by values worked out by hand."""

import pytest

from kiosk.records.card import CardState, card_number_check_character, pin_account
from kiosk.records.masking import (
    mask_account,
    mask_address,
    mask_card_number,
    mask_name,
    mask_name_in_words,
    mask_number,
)


@pytest.mark.parametrize(
    ("first_eight", "check"),
    [
        ("D2143569", "X"),  # 39+14+9+40+15+40+24+18 = 199 = 18·11 + 1 → 10
        ("A1234567", "4"),  # 30+7+18+30+20+40+24+14 = 183 = 16·11 + 7 → 4
        ("00000000", "0"),  # 0 → 11
        ("00000001", "9"),  # 2 → 9
        ("00000006", "X"),  # 12 = 11 + 1 → 10
    ],
)
def test_check_character(first_eight: str, check: str) -> None:
    assert card_number_check_character(first_eight) == check


@pytest.mark.parametrize("number", ["D2143569X", "A12345674"])
def test_any_other_digit_in_one_place_fails_the_check(number: str) -> None:
    body, check = number[:8], number[8]
    for place in range(1, 8):
        for digit in set("0123456789") - {body[place]}:
            assert card_number_check_character(body[:place] + digit + body[place + 1 :]) != check


def test_the_rule_is_blind_to_letters_eleven_apart() -> None:
    # GB 11714 counts modulo 11 and letters run to 35: D (13) and O (24) weigh the same.
    assert card_number_check_character("D2143569") == card_number_check_character("O2143569")
    assert card_number_check_character("D2143569") != card_number_check_character("E2143569")


@pytest.mark.parametrize("bad", ["", "D214356", "D2143569X", "d2143569", "D21435六9", "D214 569"])
def test_no_check_character_for_what_is_no_card_number(bad: str) -> None:
    with pytest.raises(ValueError, match=r"eight characters|substring not found"):
        card_number_check_character(bad)


@pytest.mark.parametrize(
    ("number", "account"),
    [("11010119900307004X", "119900307004"), ("110101199003070046", "119900307004"), ("1234567890123", "123456789012")],
)
def test_pin_account_is_the_twelve_digits_before_the_check_digit(number: str, account: str) -> None:
    assert pin_account(number) == account


@pytest.mark.parametrize(
    ("number", "account"),
    [
        ("FRA310115900307", "031011590030"),  # a foreigner's: A counts as 0
        ("1101011990X3070046", "119903307004"),  # X counts as 3
        ("123456789012", "012345678901"),
        ("", "000000000000"),
    ],
)
def test_letters_and_short_numbers_give_an_account_too(number: str, account: str) -> None:
    assert pin_account(number) == account


def test_card_states_have_the_codes_of_aaz502() -> None:
    assert {state.name: state.value for state in CardState} == {
        "SEALED": "0", "NORMAL": "1", "LOST": "2", "LOCKED": "3", "TEMPORARILY_LOST": "4", "CANCELLED": "9",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", ""),
        ("张", "*"),
        ("张三", "张*"),
        ("张小明", "张*明"),
        ("欧阳小明", "欧**明"),
        ("阿·买买提", "阿***提"),
        ("𠮷田明", "𠮷*明"),
    ],
)
def test_names(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张明明", "张*明"),
        ("张三", "张*"),
        ("", ""),
        ("ANNA OF UPPSALA", "A*** ** ******A"),
        ("O K", "O K"),
        ("J P LI", "J * *I"),
    ],
)
def test_a_long_name_keeps_its_gaps_under_the_mask(name: str, shown: str) -> None:
    assert mask_name_in_words(name) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [("110101199003070046", "110*************46"), ("123456", "123*56"), ("12345", "*****"), ("", "")],
)
def test_numbers(number: str, shown: str) -> None:
    assert mask_number(number) == shown


@pytest.mark.parametrize(("number", "shown"), [("D2143569X", "D******9X"), ("A123", "A*23"), ("A12", "***"), ("", "")])
def test_card_numbers(number: str, shown: str) -> None:
    assert mask_card_number(number) == shown


def test_accounts() -> None:
    assert mask_account("6217000000001234567") == "****4567"


@pytest.mark.parametrize(
    ("address", "shown"), [("虚构市样板区测试街3号", "虚构市******"), ("五号", "五******"), ("", "******")]
)
def test_an_address_shows_its_city_and_no_length(address: str, shown: str) -> None:
    assert mask_address(address) == shown
