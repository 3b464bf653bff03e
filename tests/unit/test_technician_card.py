"""The technician's card without a reader between: what the driver sends, and what it makes of any answer."""

import logging
from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card_reader.technician_card import TechnicianCardSession, find_technician_card
from drivers.ports.errors import ProtocolViolation
from drivers.transport.apdu import ApduChannel
from simulators.card.technician_chip import (
    TECHNICIANS,
    TechnicianCardFile,
    TechnicianChip,
    load_technician_card,
    technicians_deck,
)
from tests.stack import DirectContact, technician_chip, typed


def session_with(answer: Callable[[bytes], bytes], *, t1: bool = False) -> TechnicianCardSession:
    return TechnicianCardSession(ApduChannel(DirectContact(answer, expects_length_after_data=t1)))


def found(card: TechnicianChip) -> tuple[TechnicianCardSession, DirectContact]:
    contact = DirectContact(card.transmit)
    session = find_technician_card(ApduChannel(contact))
    assert session is not None
    return session, contact


def test_the_commands_are_the_profiles() -> None:
    session, contact = found(technician_chip("t1001"))
    session.read_certificate()
    session.verify_pin(typed("135790"))
    session.sign_digest(bytes(32))
    sent = [command for command in contact.commands if command[1] != 0xC0]
    assert sent == [
        bytes.fromhex("00A404000BA000000308000010000100"),
        bytes.fromhex("00CB3FFF055C035FC105"),
        bytes.fromhex("0020008008313335373930FFFF"),
        bytes.fromhex("0087119A267C2482008120") + bytes(32),
    ]


def test_any_other_card_is_none() -> None:
    assert find_technician_card(ApduChannel(DirectContact(lambda _: bytes.fromhex("6A82")))) is None


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        ("6A82", "6A82"),
        ("530A7002AABB7101019000", "wanted|cut"),
        ("53077002AABB7101019000", "compressed"),
        ("53037101009000", "no certificate"),
        ("7C009000", "wanted"),
        ("5385000000009000", "length"),
        ("9000", "wanted"),
    ],
)
def test_a_certificate_outside_the_profile_is_a_violation(answer: str, match: str) -> None:
    with pytest.raises(ProtocolViolation, match=match):
        session_with(lambda _: bytes.fromhex(answer)).read_certificate()


@pytest.mark.parametrize("answer", ["7C00 9000", "7C02 8100 9000", "6A80", "6982", "9000", "30029000"])
def test_an_answer_without_signature_is_a_violation(answer: str) -> None:
    with pytest.raises(ProtocolViolation):
        session_with(lambda _: bytes.fromhex(answer)).sign_digest(bytes(32))


@given(data=st.binary(max_size=300))
def test_whatever_a_card_answers_only_named_errors_come_out(data: bytes) -> None:
    session = session_with(lambda _: data + bytes.fromhex("9000"))
    for ask in (session.read_certificate, lambda: session.sign_digest(bytes(32))):
        with suppress(ProtocolViolation):
            assert ask()


def test_neither_pin_nor_digest_of_another_length_is_sent() -> None:
    session, contact = found(technician_chip("t1001"))
    before = len(contact.commands)
    with pytest.raises(ProtocolViolation):
        session.verify_pin(typed("123456789"))
    with pytest.raises(ProtocolViolation):
        session.sign_digest(bytes(20))
    assert len(contact.commands) == before


def test_a_trace_holds_neither_pin_nor_certificate(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        session, _ = found(technician_chip("t1001"))
        session.read_certificate()
        session.verify_pin(typed("135790"))
    assert "135790" not in caplog.text
    assert "313335373930" not in caplog.text


def test_the_chip_keeps_its_counter_before_it_answers() -> None:
    kept: list[TechnicianCardFile] = []
    card = TechnicianChip(load_technician_card(TECHNICIANS / "t1001.json"), keep=kept.append)
    session, _ = found(card)
    assert session.verify_pin(typed("000000")).tries_left == 2
    assert [one.pin.tries_left for one in kept] == [2]
    assert session.verify_pin(typed("135790")).accepted
    assert kept[-1].pin.tries_left == 3


def test_what_was_proved_is_gone_after_a_reset() -> None:
    card = technician_chip("t1001")
    session, contact = found(card)
    assert session.verify_pin(typed("135790")).accepted
    card.reset()
    again = find_technician_card(ApduChannel(contact))
    assert again is not None
    with pytest.raises(ProtocolViolation, match="6982"):
        again.sign_digest(bytes(32))


def test_the_cards_that_come_with_the_simulator() -> None:
    cards = technicians_deck()
    assert {path.stem for path in TECHNICIANS.glob("*.json")} == set(cards)
    for name, card in cards.items():
        stored = load_technician_card(TECHNICIANS / f"{name}.json")
        assert msgspec.structs.replace(stored, certificate=b"") == msgspec.structs.replace(card, certificate=b"")
        assert "key" not in repr(stored)
