"""The driver's card session without a reader between: what it sends, and what it makes of any answer."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.card_reader import fields
from drivers.card_reader.session import CardSession, NormVersion, recognise
from drivers.ports.card_reader import (
    AuthenticationAlgorithm,
    CardKind,
    Challenge,
    Cryptogram,
    DamagedRecord,
    ExternalAuthenticationRefused,
    HolderDataProtected,
    LoggedKind,
    LoggedTransaction,
    PinCheck,
    TransactionLog,
)
from drivers.ports.errors import DeviceError, ProtocolViolation
from drivers.transport.apdu import ApduChannel, Command
from tests.stack import DirectContact, chip, typed

ATR = bytes.fromhex("3B6D00000081544400866041170000 1001".replace(" ", ""))


def session_with(answer: Callable[[bytes], bytes], version: NormVersion = NormVersion.V2) -> CardSession:
    return CardSession(ApduChannel(DirectContact(answer)), ATR, version)


def record_card(**changed: str) -> Callable[[bytes], bytes]:
    """A card that answers READ RECORD from a table of hex values by tag, everything else with 9000."""
    records = {
        "01": "411700D1560000050000000000001001", "02": "31", "03": "322E3030", "04": "41" * 12, "05": "20210301",
        "06": "20991231", "07": "543431313730303135", "08": "343131373030313938353034313231303336",
        "09": "D5C5CABEC0FD" + "00" * 24, "4E": "00" * 20, "0A": "31", "0B": "01", "0C": "411700", "0D": "19850412",
    }  # fmt: skip
    records |= {tag.removeprefix("t"): value for tag, value in changed.items()}

    def answer(command: bytes) -> bytes:
        if command[1] != 0xB2:
            return bytes.fromhex("9000")
        value = bytes.fromhex(records[f"{command[2]:02X}"])
        return bytes([command[2], len(value)]) + value + bytes.fromhex("9000")

    return answer


def constantly(answer: bytes) -> Callable[[bytes], bytes]:
    return lambda _: answer


def test_kinds() -> None:
    def kind(name: str) -> CardKind:
        return recognise(ApduChannel(DirectContact(chip(name).transmit)), ATR)[0]

    assert kind("zhumadian-normal") is CardKind.SOCIAL_SECURITY
    assert kind("zhumadian-3.00") is CardKind.SOCIAL_SECURITY
    assert kind("blank") is CardKind.BLANK
    assert kind("bank-only") is CardKind.BANK_ONLY
    assert recognise(ApduChannel(DirectContact(lambda _: b"\x6a\x82")), ATR) == (CardKind.FOREIGN, None)
    assert recognise(ApduChannel(DirectContact(lambda _: b"\x6d\x00")), ATR) == (CardKind.FOREIGN, None)


@pytest.mark.parametrize("filler", ["00000000", "FFFFFFFF"])
def test_a_chip_with_empty_records_is_blank(filler: str) -> None:
    assert recognise(ApduChannel(DirectContact(record_card(t03=filler))), ATR) == (CardKind.BLANK, None)


def test_an_unknown_norm_is_said_so() -> None:
    with pytest.raises(ProtocolViolation, match=r"norm version: 4\.00"):
        recognise(ApduChannel(DirectContact(record_card(t03="342E3030"))), ATR)


def test_the_bytes_on_the_wire() -> None:
    contact = DirectContact(chip("zhumadian-normal").transmit)
    _, session = recognise(ApduChannel(contact), ATR)
    assert session is not None
    session.pin_tries_left()
    session.verify_pin(typed("246810"))
    session.change_pin(typed("246810"), typed("1357902"))
    session.answer_challenge(Challenge(bytes.fromhex("0011223344556677")))
    session.draw_challenge()
    assert [command.hex().upper() for command in contact.commands] == [
        "00A404000F7378312E73682EC9E7BBE1B1A3D5CF",
        "00C0000018",
        "00A4020002EF05",
        "00B2030006",
        "0020000000",
        "0020000003246810",
        "805E010008246810FF1357902F",
        "00880101080011223344556677",
        "00C0000008",
        "0084000008",
    ]


def test_issuer_and_holder() -> None:
    session = session_with(record_card())
    issuer, holder = session.read_issuer(), session.read_holder()
    assert issuer.card_number == "T41170015"
    assert issuer.region_code == "4117"
    assert (issuer.issued_on.isoformat(), issuer.expires_on.isoformat()) == ("2021-03-01", "2099-12-31")
    assert (holder.name, holder.social_security_number) == ("张示例", "411700198504121036")
    assert (holder.sex, holder.ethnic_group, holder.birthplace) == ("1", "01", "411700")
    assert holder.birth_date.isoformat() == "1985-04-12"


@pytest.mark.parametrize(
    ("tag", "value", "field"),
    [
        ("t07", "543431313730303100", "card number"),
        ("t05", "20210230", "issue date"),
        ("t06", "2099123F", "expiry date"),
        ("t06", "FFFFFFFF", "expiry date"),
        ("t02", "80", "card class"),
        ("t02", "3131", "card class"),  # another length
        ("t01", "41", "card identification code"),
        ("t08", "FF" * 18, "social security number"),
        ("t09", "FF" * 30, "name"),
        ("t09", "00" * 30, "name"),
        ("t09", "0A" + "00" * 29, "name"),
        ("t0A", "33", "sex"),
        ("t0B", "00", "ethnic group"),
        ("t0B", "57", "ethnic group"),
        ("t0B", "1A", "ethnic group"),
        ("t0C", "41170F", "birthplace"),
        ("t0D", "19851301", "birth date"),
    ],
)
def test_a_field_that_does_not_parse_is_named_and_not_quoted(tag: str, value: str, field: str) -> None:
    session = session_with(record_card(**{tag: value}))
    read = session.read_issuer if tag <= "t07" else session.read_holder
    with pytest.raises(ProtocolViolation, match=field) as caught:
        read()
    error: BaseException | None = caught.value
    while error is not None:
        assert "19851301" not in str(error)
        assert not isinstance(error, UnicodeDecodeError)  # it would carry the bytes
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("number", ["D2143569X", "A12345674", "T41170014"])
def test_nobody_is_refused_for_a_check_character(number: str) -> None:
    assert fields.card_number(number.encode()) == number


def test_region_comes_from_historical_bytes_wherever_they_begin() -> None:
    assert fields.region_code(ATR) == "4117"
    # The same with TA1, TD1 (T=0) and TD2 (T=1) announced, so that a check byte follows: 3B BD 94 00 80 31 …
    assert fields.region_code(bytes.fromhex("3B9D9480 0100 81544400866011000000 200100".replace(" ", ""))) == "1100"
    for malformed in ("", "3B", "3B6D0000", "3B00", "3BFDFF", "3B6D000000815444008660AB1700001001"):
        with pytest.raises(ProtocolViolation, match="region code"):
            fields.region_code(bytes.fromhex(malformed))


@pytest.mark.parametrize(
    ("status", "check"),
    [
        ("9000", PinCheck(accepted=True, tries_left=None)),
        ("63C5", PinCheck(accepted=False, tries_left=5)),
        ("63C0", PinCheck(accepted=False, tries_left=0)),
        ("6983", PinCheck(accepted=False, tries_left=0)),
        ("6984", PinCheck(accepted=False, tries_left=0)),
        ("6300", PinCheck(accepted=False, tries_left=None)),
    ],
)
def test_pin_status_words(status: str, check: PinCheck) -> None:
    session = session_with(lambda _: bytes.fromhex(status))
    assert session.verify_pin(typed("123456")) == check
    assert session.change_pin(typed("123456"), typed("654321")) == check


@pytest.mark.parametrize("status", ["6700", "6985", "6D00", "6F00", "9303"])
def test_other_answers_to_a_pin_are_violations_named_by_their_status(status: str) -> None:
    session = session_with(lambda _: bytes.fromhex(status))
    with pytest.raises(ProtocolViolation, match=f"VERIFY answered {status}"):
        session.verify_pin(typed("123456"))


def test_tries_left_words() -> None:
    def tries(status: str) -> int | None:
        return session_with(lambda _: bytes.fromhex(status)).pin_tries_left()

    assert tries("63C6") == 6
    assert tries("6983") == 0
    assert tries("6A88") is None
    with pytest.raises(ProtocolViolation):
        tries("6F00")


def test_holder_data_of_a_3_0_card_are_protected_at_selection_or_at_reading() -> None:
    for refused in (0xA4, 0xB2):

        def answer(command: bytes, refused: int = refused) -> bytes:
            return b"\x69\x82" if command[1] == refused else b"\x90\x00"

        session = session_with(answer)
        with pytest.raises(HolderDataProtected):
            session.read_holder()


def test_a_refused_cryptogram() -> None:
    for status in ("6300", "63C2", "6982", "6985", "6988"):
        answer = bytes.fromhex(status)
        session = session_with(constantly(answer), NormVersion.V3)
        with pytest.raises(ExternalAuthenticationRefused):
            session.authenticate_terminal(Cryptogram(bytes(16)))


def test_algorithm_by_norm_version() -> None:
    assert session_with(record_card(), NormVersion.V1).algorithm is AuthenticationAlgorithm.TRIPLE_DES
    assert session_with(record_card(), NormVersion.V2).algorithm is AuthenticationAlgorithm.TRIPLE_DES
    assert session_with(record_card(), NormVersion.V3).algorithm is AuthenticationAlgorithm.SM4
    with pytest.raises(ProtocolViolation, match="16 bytes"):
        session_with(record_card(), NormVersion.V3).answer_challenge(Challenge(bytes(8)))


def test_an_answer_without_end_is_given_up() -> None:
    contact = DirectContact(lambda _: b"\x61\xff")
    with pytest.raises(ProtocolViolation, match="does not end"):
        ApduChannel(contact).transmit(Command(0, 0xA4, 4, 0, b"x", 0))
    assert len(contact.commands) < 40


def test_answers_in_parts_and_wrong_lengths() -> None:
    answers = iter(["6C05", "0102036102", "6C02", "04059000"])
    contact = DirectContact(lambda _: bytes.fromhex(next(answers)))
    response = ApduChannel(contact).transmit(Command(0, 0xB2, 1, 0, expected=9))
    assert (response.data.hex(), response.status) == ("0102030405", 0x9000)
    assert [command.hex().upper() for command in contact.commands] == [
        "00B2010009", "00B2010005", "00C0000002", "00C0000002",
    ]  # fmt: skip


def test_t1_cards_get_the_expected_length_behind_the_data() -> None:
    contact = DirectContact(lambda _: bytes.fromhex("9000"), expects_length_after_data=True)
    ApduChannel(contact).transmit(Command(0, 0xA4, 4, 0, b"\xd1", 0))
    ApduChannel(contact).transmit(Command(0, 0x82, 3, 2, b"\xd1"))
    assert [command.hex().upper() for command in contact.commands] == ["00A4040001D100", "0082030201D1"]


def test_the_trace_names_instruction_and_status_and_no_data(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    _, session = recognise(ApduChannel(DirectContact(chip("zhumadian-normal").transmit)), ATR)
    assert session is not None
    session.read_holder()
    session.verify_pin(typed("246810"))
    assert "INS 20 SW 9000" in caplog.text
    for datum in ("246810", "张示例", "411700", "D5C5", "343131373030"):
        assert datum.lower() not in caplog.text.lower()


statuses = st.sampled_from(
    [0x9000, 0x6110, 0x6C06, 0x63C3, 0x6300, 0x6982, 0x6983, 0x6985, 0x6A82, 0x6A83, 0x6A88, 0x6D00, 0x6F00, 0x0000]
)
anything = st.one_of(
    st.binary(max_size=40),
    st.builds(lambda data, word: data + word.to_bytes(2, "big"), st.binary(max_size=40), statuses),
)


@given(st.lists(anything, min_size=1, max_size=30), st.sampled_from(NormVersion), st.booleans())
@example([b""], NormVersion.V2, False)
@example([b"\x61"], NormVersion.V3, False)
def test_whatever_a_card_answers_only_named_errors_come_out(
    answers: list[bytes], version: NormVersion, well_formed: bool
) -> None:
    """With ``well_formed`` the records have the right frame and any value, so that the parsers see them too."""
    position = 0

    def answer(command: bytes) -> bytes:
        nonlocal position
        position += 1
        given_bytes = answers[position % len(answers)]
        if well_formed and command[1] == 0xB2:
            size = command[4] - 2
            return bytes([command[2], size % 256]) + (given_bytes * 40)[:size].ljust(size, b"1") + b"\x90\x00"
        if well_formed:
            return b"\x90\x00"
        return given_bytes

    session = session_with(answer, version)
    block = 16 if version is NormVersion.V3 else 8
    calls: list[Callable[[], object]] = [
        lambda: recognise(ApduChannel(DirectContact(answer)), answers[0]),
        session.read_issuer,
        session.read_holder,
        session.pin_tries_left,
        lambda: session.verify_pin(typed("123456")),
        lambda: session.change_pin(typed("123456"), typed("654321")),
        lambda: session.answer_challenge(Challenge(bytes(block))),
        session.draw_challenge,
        lambda: session.authenticate_terminal(Cryptogram(bytes(block))),
        lambda: fields.region_code(answers[0]),
    ]
    for call in calls:
        with suppress(DeviceError, HolderDataProtected, ExternalAuthenticationRefused):
            call()


# The transaction log, byte for byte from docs/wire.md: 20261019 094627, kind 01, 25000 fen, 模拟医院, CRC.
LOGGED = "20261019094627" + "01" + "000061A8" + "C4A3C4E2D2BDD4BA" + "00" * 22


def with_check(record: str) -> str:
    """The record with its CRC, computed bit by bit as the page describes it."""
    register = 0xFFFF
    for byte in bytes.fromhex(record):
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1) ^ (0x1021 if register & 0x8000 else 0)
            register &= 0xFFFF
    return f"{record}{register:04X}"


def log_card(*records: str, status: str = "9000", closing: str = "9000") -> Callable[[bytes], bytes]:
    """A card whose cyclic file holds these records, newest first."""
    selected: list[bytes] = []

    def answer(command: bytes) -> bytes:
        if command[1] == 0xA4:
            selected.append(command[5:])
            last = len(selected) > 1 and command[2] == 0x04
            return bytes.fromhex(closing if last else "9000")
        assert command[:2] == bytes.fromhex("00B2")
        assert command[3:] == bytes.fromhex("042C"), "by number, 44 bytes"
        assert selected == [bytes.fromhex("D15600000503"), bytes.fromhex("EF08")]
        if command[2] > len(records):
            return bytes.fromhex("6A83")
        return bytes.fromhex(records[command[2] - 1] + status)

    return answer


def log_of(card: Callable[[bytes], bytes]) -> TransactionLog | None:
    return session_with(card).read_transaction_log()


def test_a_record_of_the_log() -> None:
    expected = LoggedTransaction(1, datetime(2026, 10, 19, 9, 46, 27), LoggedKind.OUTPATIENT, 25000, "模拟医院")  # noqa: DTZ001 - the chip's own time
    assert log_of(log_card(with_check(LOGGED))) == (expected,)


def test_the_check_is_the_one_whose_known_answer_is_29b1() -> None:
    assert with_check(b"123456789".hex()).endswith("29B1")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("01", LoggedKind.OUTPATIENT),
        ("02", LoggedKind.INPATIENT),
        ("03", LoggedKind.PHARMACY),
        ("04", LoggedKind.REFUND),
        ("05", LoggedKind.OTHER),
        ("FF", LoggedKind.OTHER),
    ],
)
def test_kinds_of_logged_transactions(code: str, kind: LoggedKind) -> None:
    log = log_of(log_card(with_check(LOGGED[:14] + code + LOGGED[16:])))
    assert log is not None
    assert isinstance(log[0], LoggedTransaction)
    assert log[0].kind is kind


@pytest.mark.parametrize(
    "damaged",
    [
        with_check(LOGGED)[:-1] + "0",  # the check itself
        with_check(LOGGED).replace("000061A8", "000061A9"),  # one fen more
        with_check("20261319094627" + LOGGED[14:]),  # a thirteenth month, checked and all
        with_check("20261019246060" + LOGGED[14:]),
        with_check(LOGGED[:24] + "FF" * 30),  # no GB 18030
        with_check(LOGGED[:24] + "00" * 30),  # no place at all
        with_check(LOGGED)[:-4],  # too short
    ],
)
def test_a_damaged_record_is_told_and_its_neighbours_stand(damaged: str) -> None:
    log = log_of(log_card(with_check(LOGGED), damaged, with_check(LOGGED)))
    assert log is not None
    assert log[1] == DamagedRecord(2)
    assert [one.number for one in log] == [1, 2, 3]
    assert isinstance(log[0], LoggedTransaction)
    assert isinstance(log[2], LoggedTransaction)


def test_places_that_were_never_written_are_left_out() -> None:
    log = log_of(log_card("00" * 44, with_check(LOGGED), "FF" * 44))
    assert log is not None
    assert [one.number for one in log] == [2]


def test_no_more_than_ten_records_are_asked_for() -> None:
    log = log_of(log_card(*[with_check(LOGGED)] * 12))
    assert log is not None
    assert [one.number for one in log] == list(range(1, 11))


@pytest.mark.parametrize("status", ["6982", "6A82", "6283"])
def test_a_log_that_is_not_there_or_closed(status: str) -> None:
    def no_directory(command: bytes) -> bytes:
        return bytes.fromhex(status)

    def no_file(command: bytes) -> bytes:
        return bytes.fromhex(status if command[2] == 0x02 else "9000")

    assert log_of(no_directory) is None
    assert log_of(no_file) is None
    if status == "6982":
        assert log_of(log_card("", status=status)) is None


def test_the_environment_is_selected_again_after_the_log() -> None:
    with pytest.raises(ProtocolViolation, match="environment is gone"):
        log_of(log_card(with_check(LOGGED), closing="6A82"))


def test_the_log_stays_out_of_logs_of_ours() -> None:
    (entry,) = log_of(log_card(with_check(LOGGED))) or ()
    assert repr(entry) == "LoggedTransaction(number=1)"
