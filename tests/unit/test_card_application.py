"""The simulated chip, command by command; every byte typed from docs/wire.md."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.card.application import CardApplication
from simulators.card.card_file import CardFile
from tests.stack import card_file, chip

SELECT_SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
SELECT_PAYMENT = "00A404000E315041592E5359532E4444463031"
SELECT_EF05 = "00A4020002EF05"
SELECT_EF06 = "00A4020002EF06"


def ask(card: CardApplication, *commands: str) -> str:
    """Send commands, return the last answer in hex."""
    answer = b""
    for command in commands:
        answer = card.transmit(bytes.fromhex(command))
    return answer.hex().upper()


def test_answer_to_reset_carries_the_region() -> None:
    assert chip("zhumadian-normal").atr.hex().upper() == "3B6D0000008154440086604117" + "00001001"
    assert chip("beijing-normal").atr[4 + 7 : 4 + 9].hex() == "1100"


@pytest.mark.parametrize(
    ("card", "command", "status"),
    [
        ("zhumadian-normal", SELECT_SSSE, "6118"),
        ("zhumadian-normal", SELECT_PAYMENT, "6117"),
        ("beijing-normal", SELECT_PAYMENT, "6A82"),
        ("bank-only", SELECT_SSSE, "6A82"),
        ("bank-only", SELECT_PAYMENT, "6117"),
        ("blank", SELECT_SSSE, "6118"),
        ("zhumadian-normal", "00A4040006D15600000500", "610F"),
        ("zhumadian-normal", "00A4040006D15600000503", "610F"),
        ("zhumadian-normal", "00A4040006D15600000504", "6A82"),
        ("bank-only", "00A4040006D15600000500", "6A82"),
    ],
)
def test_selection_by_name(card: str, command: str, status: str) -> None:
    assert ask(chip(card), command) == status


def test_get_response_gives_what_waits_whole_or_in_parts_and_once() -> None:
    card = chip("zhumadian-normal")
    whole = "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA503880101"
    assert ask(card, SELECT_SSSE, "00C0000018") == whole + "9000"
    assert ask(card, "00C000001A") == "6985"
    assert ask(card, SELECT_SSSE, "00C0000002") == "6F16" + "6116"
    assert ask(card, "00C0000016") == whole[4:] + "9000"
    assert ask(card, SELECT_SSSE, "00C00000FF") == "6C18"
    assert ask(card, SELECT_SSSE, SELECT_EF05, "00C000001A") == "6985"  # another command in between forgets it


def test_records_by_tag_and_a_wrong_length_is_told_its_right_one() -> None:
    card = chip("zhumadian-normal")
    assert ask(card, SELECT_SSSE, SELECT_EF05, "00B2030006") == "0304322E3030" + "9000"
    assert ask(card, "00B2030007") == "6C06"
    assert ask(card, "00B2030000") == "6C06"
    assert ask(card, "00B2050006") == "050420210301" + "9000"
    assert ask(card, "00B207000B") == "0709543431313730303135" + "9000"
    assert ask(card, "00B2080014") == "6A83"  # of the other file
    assert ask(card, SELECT_EF06, "00B2080014") == "0812343131373030313938353034313231303336" + "9000"
    assert ask(card, "00B20A0003") == "0A01319000"
    assert ask(card, "00B20B0003") == "0B01019000"
    assert ask(card, "00B20C0005") == "0C034117009000"
    assert ask(card, "00B2090020") == "091E" + "D5C5CABEC0FD" + "00" * 24 + "9000"  # 张示例 in GBK


def test_a_blank_chip_has_files_without_records() -> None:
    assert ask(chip("blank"), SELECT_SSSE, SELECT_EF05) == "9000"
    assert ask(chip("blank"), SELECT_SSSE, SELECT_EF05, "00B2030006") == "6A83"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("00A4", "6700"),
        ("00FE000000", "6D00"),
        ("80FE000000", "6D00"),
        ("BA20000000", "6E00"),
        ("8020000000", "6E00"),  # a known instruction in another class
        ("00A4030002EF05", "6A86"),
        ("00A4020002EF", "6700"),
        ("00A4020003EF0500", "6700"),
        ("00A4020002EF09", "6A82"),
        ("00B2030106", "6A86"),
        ("00B2030006", "6986"),  # no file selected
        ("0020000100", "6A86"),
        ("0020000001AA", "6700"),
        ("0084000004", "6700"),
        ("0084010008", "6A86"),
        ("00C0000010", "6985"),
        ("0088030108" + "00" * 8, "6A86"),  # an algorithm of other cards
        ("0088010208" + "00" * 8, "6A88"),  # a key for the other purpose
        ("0088010107" + "00" * 7, "6700"),
        ("0082010208" + "00" * 8, "6985"),  # nobody asked for a challenge
        ("00D6000001AA", "6982"),
        ("00DC000001AA", "6982"),
        ("841E000004AAAAAAAA", "6988"),
        ("8424000004AAAAAAAA", "6988"),
        ("805E000003AAAAAA", "6A86"),
    ],
)
def test_refusals(command: str, status: str) -> None:
    card = chip("zhumadian-normal")
    ask(card, SELECT_SSSE, "00C0000018")
    assert ask(card, command) == status


def test_pin_counter_falls_and_a_right_pin_resets_it() -> None:
    card = chip("zhumadian-normal")
    ask(card, SELECT_SSSE)
    assert ask(card, "0020000000") == "63C6"
    assert ask(card, "00200000") == "63C6"  # four bytes: P3 counts as zero
    assert ask(card, "0020000003111111") == "63C5"
    assert ask(card, "0020000003111111") == "63C4"
    assert ask(card, "0020000000") == "63C4"
    assert ask(card, "0020000003246810") == "9000"
    assert ask(card, "0020000000") == "63C6"


def test_six_wrong_pins_lock_and_the_right_one_comes_too_late() -> None:
    card = chip("zhumadian-normal")
    ask(card, SELECT_SSSE)
    assert [ask(card, "0020000003999999") for _ in range(7)] == ["63C5", "63C4", "63C3", "63C2", "63C1", "63C0", "6983"]
    assert ask(card, "0020000003246810") == "6983"
    assert ask(card, "0020000000") == "6983"
    assert ask(card, "805E010007246810FF135791") == "6983"
    card.reset()
    ask(card, SELECT_SSSE)
    assert ask(card, "0020000003246810") == "6983"


def test_change_pin() -> None:
    card = chip("zhumadian-normal")
    ask(card, SELECT_SSSE)
    assert ask(card, "805E010007111111FF135791") == "63C5"
    assert ask(card, "805E010006246810135791") == "6A80"  # no separator
    assert ask(card, "805E010007246810FFABCDEF") == "6A80"  # no digits
    assert ask(card, "0020000000") == "63C5"  # a malformed command spends no try
    assert ask(card, "805E010007246810FF135791") == "9000"
    assert ask(card, "0020000000") == "63C6"
    assert ask(card, "0020000003246810") == "63C5"
    assert ask(card, "0020000003135791") == "9000"


def test_an_odd_pin_is_padded_with_f() -> None:
    card = chip("zhumadian-normal")
    ask(card, SELECT_SSSE)
    assert ask(card, "805E010008246810FF1357902F") == "9000"
    assert ask(card, "00200000041357902F") == "9000"


def test_a_card_whose_pin_the_centre_holds_has_none() -> None:
    assert ask(chip("beijing-normal"), SELECT_SSSE, "0020000000") == "6A88"
    assert ask(chip("beijing-normal"), SELECT_SSSE, "0020000003123456") == "6A88"


def test_pin_needs_the_environment() -> None:
    assert ask(chip("zhumadian-normal"), "0020000000") == "6985"
    assert ask(chip("zhumadian-normal"), SELECT_PAYMENT, "0020000000") == "6985"


def test_the_counter_is_kept_before_the_answer_goes_out() -> None:
    kept: list[CardFile] = []
    card = chip("zhumadian-normal", keep=kept.append)
    ask(card, SELECT_SSSE, "0020000003111111")
    again = CardApplication(kept[-1])
    assert ask(again, SELECT_SSSE, "0020000000") == "63C5"
    ask(card, "805E010007246810FF135791")
    assert ask(CardApplication(kept[-1]), SELECT_SSSE, "0020000003135791") == "9000"
    kept.clear()
    ask(card, "0020000003135791")
    assert kept == []  # nothing changed, nothing written


def test_internal_authenticate_answers_known_by_openssl() -> None:
    """``openssl enc -des-ede -nopad`` and ``-sm4-ecb`` on the keys in the card files."""
    assert ask(chip("zhumadian-normal"), SELECT_SSSE, "00880101080011223344556677") == "6108"
    card = chip("zhumadian-normal")
    assert ask(card, SELECT_SSSE, "00880101080011223344556677", "00C0000008") == "A6D30E2A640E8F34" + "9000"
    clone = chip("clone-of-zhumadian-normal")
    assert ask(clone, SELECT_SSSE, "00880101080011223344556677", "00C0000008") == "A123E2A994B7708D" + "9000"
    third = chip("zhumadian-3.00")
    command = "008803011000112233445566778899AABBCCDDEEFF"
    assert ask(third, SELECT_SSSE, command, "00C0000010") == "AF264C29F047858E7761187959B38442" + "9000"


def test_a_3_0_card_opens_its_holder_file_to_an_authenticated_terminal_only() -> None:
    # The challenge is fixed; its cryptogram under key 02 DBF5DAF2… by `openssl enc -sm4-ecb -nopad`.
    card = CardApplication(card_file("zhumadian-3.00"), draw=lambda size: bytes(range(size)))
    cryptogram = "006AA5A268FAEF742B92B280A8E70B33"
    assert ask(card, SELECT_SSSE, SELECT_EF06, "00B20A0003") == "6982"
    assert ask(card, "0084000010") == "000102030405060708090A0B0C0D0E0F" + "9000"
    assert ask(card, "0082030210" + "00" * 16) == "6300"
    assert ask(card, "0082030210" + cryptogram) == "6985"  # each challenge is good once
    assert ask(card, "0084000010", SELECT_EF06, "0082030210" + cryptogram) == "6985"  # and for the next command only
    assert ask(card, "0084000010", "0082030210" + cryptogram) == "9000"
    assert ask(card, "00B20A0003") == "0A01329000"
    card.power_off()
    assert ask(card, SELECT_SSSE, SELECT_EF06, "00B20A0003") == "6982"


def test_security_is_lost_with_another_directory() -> None:
    card = CardApplication(card_file("zhumadian-3.00"), draw=lambda size: bytes(range(size)))
    ask(card, SELECT_SSSE, "0084000010", "0082030210006AA5A268FAEF742B92B280A8E70B33", SELECT_EF06)
    assert ask(card, "00B20A0003") == "0A01329000"
    assert ask(card, SELECT_SSSE, SELECT_EF06, "00B20A0003") == "6982"


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_bytes_get_a_status_word(commands: list[bytes]) -> None:
    card = chip("zhumadian-3.00")
    card.transmit(bytes.fromhex(SELECT_SSSE))
    for command in commands:
        assert len(card.transmit(command)) >= 2


@given(st.sampled_from([0xA4, 0xB2, 0xC0, 0x20, 0x5E, 0x84, 0x88, 0x82]), st.binary(min_size=2, max_size=24))
def test_known_instructions_with_any_parameters(ins: int, rest: bytes) -> None:
    for name in ("zhumadian-normal", "blank", "bank-only", "zhumadian-locked"):
        card = chip(name)
        card.transmit(bytes.fromhex(SELECT_SSSE))
        card.transmit(bytes.fromhex(SELECT_EF05))
        cla = 0x80 if ins == 0x5E else 0x00
        assert len(card.transmit(bytes([cla, ins]) + rest)) >= 2


def test_secrets_do_not_show_in_repr() -> None:
    environment = card_file("zhumadian-normal").social_security
    assert environment is not None
    shown = repr(environment)
    assert "246810" not in shown
    assert "03166C456FB1F475" not in shown
    assert "张示例" not in shown
    assert msgspec.json.encode(environment).find(b"246810") > 0


SELECT_MEDICAL = "00A4040006D15600000503"
SELECT_EF08 = "00A4020002EF08"


def test_the_log_is_read_by_number_in_the_medical_directory() -> None:
    card = chip("zhumadian-normal")
    record = "2026102709301201000021CA" + "CABEC0FDCFD8C8CBC3F1D2BDD4BA" + "00" * 16
    assert ask(card, SELECT_MEDICAL, SELECT_EF08, "00B201042C") == record + "5BC3" + "9000"
    assert ask(card, "00B2010400") == "6C2C"
    assert ask(card, "00B204042C")[-4:] == "9000"
    assert ask(card, "00B205042C") == "6A83"
    assert ask(card, "00B200042C") == "6A83"
    assert ask(card, "00B201002C") == "6A86"


@pytest.mark.parametrize(
    ("card", "commands", "status"),
    [
        ("zhumadian-normal", (SELECT_SSSE, SELECT_EF08), "6A82"),
        ("zhumadian-normal", (SELECT_MEDICAL, SELECT_EF05), "6A82"),
        ("zhumadian-locked", (SELECT_MEDICAL, SELECT_EF08), "6A82"),
        ("zhumadian-initial-pin", (SELECT_MEDICAL, SELECT_EF08, "00B201042C"), "6A83"),
        ("zhumadian-normal", (SELECT_SSSE, SELECT_EF05, "00B2010412"), "6A86"),
    ],
)
def test_where_there_is_no_log(card: str, commands: tuple[str, ...], status: str) -> None:
    assert ask(chip(card), *commands) == status
