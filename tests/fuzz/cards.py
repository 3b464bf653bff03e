"""The card's wire: a chip that answers anything, below the session and below the real pcscd."""

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from drivers.card_reader import PcscCardReader, fields
from drivers.card_reader.session import CardSession, recognise
from drivers.ports.card_reader import (
    Challenge,
    Cryptogram,
    ExternalAuthenticationRefused,
    HolderData,
    HolderDataProtected,
    IssuerData,
    PinCheck,
)
from drivers.ports.errors import DeviceError, ProtocolViolation
from drivers.transport.apdu import ApduChannel, SecretWriter
from drivers.transport.pcsc import PcscContact, PcscContext
from simulators.card.slot import CardSlot
from simulators.pcscd import READER_NAME, PrivatePcscd
from tests.fuzz.decisions import Decisions
from tests.fuzz.target import Check, Target, always, require, tells_nothing
from tests.stack import chip, typed

PIN: Final = "246810"
NEW_PIN: Final = "135792"
# Of simulators/cards/zhumadian-normal.json and zhumadian-3.00.json, from which the seeds come.
CITIZENS: Final[Sequence[str | bytes]] = (
    "张示例", "赵虚构", "张示例".encode("gb18030"), "赵虚构".encode("gb18030"),
    "411700198504121036", b"411700198504121036", "411700200106191047", b"411700200106191047", PIN, NEW_PIN,
)  # fmt: skip
MOST_COMMANDS: Final = 700
"""Twenty-five commands of a conversation, each with its correction and at most sixteen parts with theirs."""
EXPECTED: Final = (DeviceError, HolderDataProtected, ExternalAuthenticationRefused)


@dataclass
class ScriptedContact:
    """Answers from the case: of each answer its length in one byte, then itself. Past the end it answers nothing."""

    script: Decisions
    expects_length_after_data: bool
    device: str = "card_reader"
    commands: list[bytes] = field(default_factory=list)
    secrets: list[bytes] = field(default_factory=list)
    last: bytes = b""

    def exchange(self, command: bytes) -> bytes:
        """Answer a command."""
        self.commands.append(command)
        require(len(self.commands) < MOST_COMMANDS, "commands without end")
        self.last = self.script.chunk()
        return self.last

    def exchange_secret(self, header: bytes, write: SecretWriter) -> bytes:
        """Answer a command with a secret in it."""
        page = bytearray(64)
        length = write(memoryview(page))
        self.secrets.append(header + bytes(page[:length]))
        self.last = self.script.chunk()
        return self.last


def converse(case: bytes) -> str:
    """Everything that a terminal does with one card, whatever the card says."""
    script = Decisions(case)
    contact = ScriptedContact(script, expects_length_after_data=script.chance(2))
    answer_to_reset = script.chunk()
    told: list[str] = []

    def attempt(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except EXPECTED as error:
            tells_nothing(error, CITIZENS)
            return None

    recognised = attempt(lambda: recognise(ApduChannel(contact), answer_to_reset))
    if recognised is None:
        return "not recognised"
    kind, session = recognised
    told.append(kind.value)
    if session is not None:
        told += _ask_everything(session, contact, attempt)
    return " ".join(told)


def _ask_everything(
    session: CardSession, contact: ScriptedContact, attempt: Callable[[Callable[[], Any]], Any]
) -> Iterator[str]:
    block = 16 if session.algorithm.name == "SM4" else 8
    issuer = attempt(session.read_issuer)
    if issuer is not None:
        _check_issuer(issuer)
        yield "issuer"
    holder = attempt(session.read_holder)
    if holder is not None:
        _check_holder(holder)
        yield "holder"
    tries = attempt(session.pin_tries_left)
    require(tries is None or 0 <= tries <= 15, "tries left that no status word can tell")
    proof = attempt(lambda: session.answer_challenge(Challenge(bytes(block))))
    require(proof is None or len(proof.value) == block, "a cryptogram of another length")
    challenge = attempt(session.draw_challenge)
    require(challenge is None or len(challenge.value) == block, "a challenge of another length")
    attempt(lambda: session.authenticate_terminal(Cryptogram(bytes(block))))
    log = attempt(session.read_transaction_log)
    if log is not None:
        require([one.number for one in log] == sorted({one.number for one in log}), "records out of their order")
        require(all(1 <= one.number <= 10 for one in log), "a record that the file has no place for")
        yield "log"
    # Until here nobody has typed a PIN: whatever the card answers, none may have been spent on it.
    require(not contact.secrets, "a PIN command that nobody asked for")
    spending = [one for one in contact.commands if (one[1] == 0x20 and len(one) > 5) or one[1] in {0x5E, 0x24}]
    require(not spending, "a PIN command that nobody asked for")
    for number, call in enumerate(
        (lambda: session.verify_pin(typed(PIN)), lambda: session.change_pin(typed(PIN), typed(NEW_PIN))), start=1
    ):
        check: PinCheck | None = attempt(call)
        require(len(contact.secrets) == number, "one try must be one command to the chip")
        if check is not None:
            accepted = contact.last[-2:] == b"\x90\x00"
            require(check.accepted == accepted, "a PIN counts as right when the chip says 9000, and only then")
            require(check.tries_left is None or 0 <= check.tries_left <= 15, "tries that no status word can tell")
            yield "pin"


def _check_issuer(issuer: IssuerData) -> None:
    require(re.fullmatch("[0-9A-F]{32}", issuer.identification_code) is not None, "identification code")
    require(re.fullmatch("[0-9A-Za-z]", issuer.card_class) is not None, "card class")
    require(issuer.norm_version in {"1.00", "2.00", "3.00"}, "norm version")
    require(re.fullmatch("[0-9A-F]{24}", issuer.initialising_body) is not None, "initialising body")
    require(re.fullmatch("[0-9A-Z]{9}", issuer.card_number) is not None, "card number")
    require(re.fullmatch("[0-9]{4}", issuer.region_code) is not None, "region code")
    require(type(issuer.issued_on) is date and type(issuer.expires_on) is date, "dates")


def _check_holder(holder: HolderData) -> None:
    require(re.fullmatch("[0-9A-Z]{15,18}", holder.social_security_number) is not None, "social security number")
    require(0 < len(holder.name) <= 50 and holder.name.isprintable(), "name")
    require(holder.sex in {"1", "2", "9"}, "sex")
    require(re.fullmatch("[0-9]{2}", holder.ethnic_group) is not None, "ethnic group")
    require(re.fullmatch("[0-9]{6}", holder.birthplace) is not None, "birthplace")
    require(type(holder.birth_date) is date, "birth date")


def _recorded(name: str, *, shortened: bytes = b"none") -> bytes:
    """A conversation with a card of the deck, as a case.

    :param shortened: what a record begins with that lacks its first byte.
    """
    card = chip(name)
    card.reset()
    answers: list[bytes] = []

    @dataclass
    class Recorder:
        expects_length_after_data: bool = False
        device: str = "card_reader"

        def exchange(self, command: bytes) -> bytes:
            answer = card.transmit(command)
            answers.append(answer[:2] + answer[3:] if answer.startswith(shortened) else answer)
            return answers[-1]

        def exchange_secret(self, header: bytes, write: SecretWriter) -> bytes:
            page = bytearray(64)
            length = write(memoryview(page))
            return self.exchange(header + bytes([length]) + bytes(page[:length]))

    _, session = recognise(ApduChannel(Recorder()), card.atr)
    if session is not None:
        block = 16 if session.algorithm.name == "SM4" else 8
        calls: list[Callable[[], object]] = [
            session.read_issuer,
            session.read_holder,
            session.pin_tries_left,
            lambda: session.answer_challenge(Challenge(bytes(block))),
            session.draw_challenge,
            lambda: session.authenticate_terminal(Cryptogram(bytes(block))),
            session.read_transaction_log,
            lambda: session.verify_pin(typed(PIN)),
            lambda: session.change_pin(typed(PIN), typed(NEW_PIN)),
        ]
        for call in calls:
            try:
                call()
            except EXPECTED:
                continue
    parts = [card.atr, *answers]
    return b"\0" + b"".join(bytes([len(part)]) + part for part in parts)


def parse_field(case: bytes) -> str:
    """One field of a record: any bytes in it."""
    decisions = Decisions(case)
    which = decisions.number(5)
    continued = decisions.chunk()
    value = decisions.rest()
    try:
        match which:
            case 0:
                name = fields.name(value, continued)
                require(bool(name) and name.isprintable(), "a name that can be printed")
                return "name"
            case 1:
                day = fields.date(value[:4], "issue date")
                require(value[:4].hex() == f"{day.year:04}{day.month:02}{day.day:02}", "the day that stands there")
                return "date"
            case 2:
                number = fields.card_number(value)
                require(value.rstrip(b"\0 ") == number.encode("ascii"), "the number that stands there")
                return "card number"
            case 3:
                region = fields.region_code(value)
                require(bytes.fromhex(region) in value, "a region that stands in the answer to reset")
                return "region"
            case _:
                group = fields.ethnic_group(value)
                require(1 <= int(group) <= 98, "a code of GB/T 3304")
                return "ethnic group"
    except ProtocolViolation as error:
        tells_nothing(error, [value, continued] if len(value) > 3 and len(continued) > 3 else CITIZENS)
        return "refused"


def _field_seeds() -> list[bytes]:
    name = "张示例".encode("gb18030")
    return [
        b"\0\0" + name,
        b"\0" + bytes([len(name)]) + name + "𬱖".encode("gb18030") + bytes(22),
        b"\1\0" + bytes.fromhex("20210301"),
        b"\2\0T41170015",
        b"\3\0" + bytes.fromhex("3B6D000000815444008660411700001001"),
        b"\3\0" + bytes.fromhex("3B9D9480010081544400866011000000200100"),
        b"\4\0\x01",
    ]


class RogueChip:
    """A chip whose next answer is whatever it was told to be."""

    atr: bytes = bytes.fromhex("3B6D000000815444008660411700001001")

    def __init__(self) -> None:
        self.answer = b"\x6a\x82"

    def reset(self) -> None:
        """Nothing to forget."""

    def power_off(self) -> None:
        """Nothing to forget."""

    def transmit(self, _apdu: bytes) -> bytes:
        """The answer it was told to give."""
        return self.answer


@dataclass
class Reader:
    """The driver's contact through the real daemon to the rogue chip; made anew after a fault."""

    chip: RogueChip
    context: PcscContext | None = None
    contact: PcscContact | None = None

    def exchange(self, case: bytes) -> str:
        """One answer of any bytes to a plain or a secret command."""
        decisions = Decisions(case)
        secret = decisions.chance(2)
        self.chip.answer = decisions.rest() or b"\0"  # a silent card is the contract tests' matter: each costs 5 s
        contact = self.contact or self.connect()
        try:
            if secret:
                answer = contact.exchange_secret(bytes.fromhex("00200000"), typed(PIN).write_bcd)
            else:
                answer = contact.exchange(bytes.fromhex("00B2010012"))
        except DeviceError as error:
            tells_nothing(error, [PIN, self.chip.answer if len(self.chip.answer) > 3 else PIN])
            self.leave()
            return type(error).__name__
        require(len(answer) >= 2, "an answer has a status word")
        require(answer == self.chip.answer, "the answer is the chip's")
        return "answered a secret" if secret else "answered"

    def connect(self) -> PcscContact:
        """Power the chip."""
        self.context = PcscContext("card_reader")
        names = [name for name in self.context.readers() if name.startswith(READER_NAME)]
        self.contact = self.context.connect(names[0])
        return self.contact

    def leave(self) -> None:
        """Power it off."""
        if self.contact is not None:
            self.contact.power_off()
        if self.context is not None:
            self.context.release()
        self.contact = self.context = None


@contextmanager
def reader_with_rogue_chip(slot: CardSlot) -> Iterator[Check]:
    """A rogue chip in the slot, and the driver's contact to it."""
    rogue = RogueChip()
    slot.insert(rogue)
    waiting = PcscCardReader(READER_NAME)
    waiting.wait_for_card(10.0)
    waiting.close()
    reader = Reader(rogue)
    try:
        yield reader.exchange
    finally:
        reader.leave()
        slot.pull()


@contextmanager
def _own_daemon() -> Iterator[Check]:
    with tempfile.TemporaryDirectory() as folder, PrivatePcscd(Path(folder)) as daemon:
        os.environ.update(daemon.environment)  # libpcsclite looks once: this process is this target's own
        slot = CardSlot.of(daemon)
        try:
            with reader_with_rogue_chip(slot) as check:
                yield check
        finally:
            slot.close()


SESSION: Final = Target(
    name="card-session",
    engine="atheris",
    prepare=always(converse),
    seeds=lambda: [
        *(_recorded(name) for name in ("zhumadian-normal", "zhumadian-3.00", "bank-only", "blank")),
        _recorded("zhumadian-normal", shortened=b"\x01\x10"),
    ],
    reached=frozenset(
        {
            "social_security issuer holder log pin pin",
            "social_security issuer log pin pin",
            "bank_only",
            "blank",
            "foreign",
            "not recognised",
        }
    ),
    examples=400,
)
FIELDS: Final = Target(
    name="card-fields",
    engine="atheris",
    prepare=always(parse_field),
    seeds=_field_seeds,
    reached=frozenset({"name", "date", "card number", "region", "ethnic group", "refused"}),
    examples=400,
)
PCSC: Final = Target(
    name="card-pcsc",
    engine="hypothesis",
    prepare=_own_daemon,
    seeds=lambda: [b"\0\x90\x00", b"\1\x63\xc5", b"\0" + bytes(256) + b"\x90\x00", b"\1" + bytes(256) + b"\x90\x00"],
    reached=frozenset({"answered", "answered a secret"}),
    examples=8,
)
