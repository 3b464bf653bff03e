"""A code lets one new terminal in, once; guesses learn nothing; what a terminal says of its readiness is its own."""

import gzip
import json
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.command_line import main
from central.enrolment import EnrolmentRefused, EnrolmentRequest, enrol, revoke
from central.enrolment_codes import WRONG_TRIES, make_code
from central.readiness import A_DAY
from central.tables import Alarm, Base, EnrolmentCode, ReadinessRow, Terminal
from kiosk.records.enrolment import (
    ALPHABET,
    CODE_LENGTH,
    AskEnrolment,
    CodeMistyped,
    Enrolled,
    EnrolmentPackage,
    code_of,
    drawn_code,
    grouped,
)
from kiosk.records.health import AskTerminal, TerminalTold
from kiosk.records.readiness import CheckTold, DeviceTold, HandInReadiness, ReadinessKept, ReadinessReport
from tests.centre import EnrolledTerminal, Refusal, Reply, RunningCentre

NEW = "zmd-0009"


@dataclass(frozen=True)
class Newcomer:
    """A machine with keys of its own that nobody knows."""

    centre: RunningCentre
    terminal: str = NEW
    region: str = "zhumadian"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    ledger_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def asks(self, code: str, **other: Any) -> AskEnrolment:
        asked = AskEnrolment(
            code=code,
            terminal=self.terminal,
            region=self.region,
            public_key=self.key.public_key().public_bytes_raw(),
            ledger_id=self.ledger_id,
        )
        return msgspec.structs.replace(asked, **other)

    @property
    def itself(self) -> EnrolledTerminal:
        return EnrolledTerminal(self.terminal, self.region, self.key, self.ledger_id, "", b"")

    def enrols(self, code: str, **other: Any) -> Enrolled:
        return self.centre.ask(self.itself, "/v1/enrolment", self.asks(code, **other), Enrolled)

    def refused(self, code: str, **other: Any) -> tuple[int, str]:
        with pytest.raises(Refusal) as refused:
            self.enrols(code, **other)
        return refused.value.status, refused.value.problem.type

    def signed_with(self, key: Ed25519PrivateKey, code: str) -> Reply:
        packed = gzip.compress(msgspec.json.encode(self.asks(code)), 1)
        return self.centre.send(self.centre.prepare(self.itself, "/v1/enrolment", packed, key=key))


@pytest.fixture
def newcomer(any_centre: RunningCentre) -> Newcomer:
    return Newcomer(any_centre)


def a_code(centre: RunningCentre, terminal: str = NEW, **other: Any) -> str:
    return make_code(centre.database, terminal, "zhumadian", centre.clock, **other)


def alarms(centre: RunningCentre) -> list[tuple[str, str]]:
    with centre.database.reading() as session:
        return [(one.terminal, one.kind) for one in session.scalars(select(Alarm).order_by(Alarm.number))]


def known(centre: RunningCentre) -> list[str]:
    with centre.database.reading() as session:
        return list(session.scalars(select(Terminal.id)))


def wrong(code: str) -> str:
    """Another code whose check sign is right."""
    while (other := drawn_code()) == code:
        pass
    return other


def test_a_code_lets_a_terminal_in_and_the_same_request_again_changes_nothing(newcomer: Newcomer) -> None:
    centre = newcomer.centre
    code = a_code(centre)
    first = newcomer.enrols(code)
    assert (first.terminal, first.region) == (NEW, "zhumadian")
    assert centre.ask(newcomer.itself, "/v1/terminal", AskTerminal(), TerminalTold).terminal == NEW
    centre.clock.offset_s += 100 * 86_400  # the answer was lost, and the machine stood switched off
    assert newcomer.enrols(code) == first
    assert alarms(centre) == []


def test_a_used_code_is_good_for_no_other_key_or_ledger(newcomer: Newcomer) -> None:
    centre = newcomer.centre
    code = a_code(centre)
    newcomer.enrols(code)
    assert Newcomer(centre).refused(code) == (403, "code_used")
    assert replace(newcomer, ledger_id=secrets.token_bytes(16)).refused(code) == (403, "code_used")
    assert alarms(centre) == [(NEW, "second_identity")] * 2
    assert centre.ask(newcomer.itself, "/v1/terminal", AskTerminal(), TerminalTold).terminal == NEW


def test_a_second_terminal_with_a_registered_identity_is_refused_and_staff_are_told(newcomer: Newcomer) -> None:
    centre = newcomer.centre
    code = a_code(centre)
    first = Newcomer(centre)
    request = EnrolmentRequest(
        terminal=NEW,
        region="zhumadian",
        public_key=first.key.public_key().public_bytes_raw(),
        ledger_id=first.ledger_id,
    )
    enrol(centre.database, centre.keys, request, centre.clock)
    assert newcomer.refused(code) == (403, "identity_taken")
    assert alarms(centre) == [(NEW, "second_identity")]
    assert first.enrols(code).terminal == NEW  # the very one that the operator let in
    with pytest.raises(EnrolmentRefused, match="registered"):
        a_code(centre)


def test_a_revoked_terminal_is_refused_whatever_it_brings(newcomer: Newcomer) -> None:
    centre = newcomer.centre
    code = a_code(centre)
    newcomer.enrols(code)
    revoke(centre.database, NEW, centre.clock)
    assert newcomer.refused(code) == (403, "revoked")
    assert Newcomer(centre).refused(code) == (403, "revoked")
    with pytest.raises(Refusal, match="revoked"):
        centre.ask(newcomer.itself, "/v1/terminal", AskTerminal(), TerminalTold)


def test_guesses_are_limited_and_all_answered_alike(newcomer: Newcomer) -> None:
    centre = newcomer.centre
    code = a_code(centre)
    stranger = replace(newcomer, terminal="zmd-4040")
    for _ in range(WRONG_TRIES):
        assert newcomer.refused(wrong(code)) == (403, "code_refused")
        assert stranger.refused(wrong(code)) == (403, "code_refused")
    assert newcomer.refused(code) == (403, "code_refused")
    assert stranger.refused(code) == (403, "code_refused")
    assert alarms(centre) == [(NEW, "enrolment_guessed")]
    assert known(centre) == []
    assert newcomer.enrols(a_code(centre)).terminal == NEW


def test_a_code_ends_and_a_newer_one_takes_its_place(newcomer: Newcomer) -> None:
    centre = newcomer.centre
    old = a_code(centre, days=1)
    code = a_code(centre, days=1)
    assert newcomer.refused(old) == (403, "code_refused")
    centre.clock.offset_s += 86_400
    assert newcomer.refused(code) == (403, "code_expired")
    assert newcomer.refused(wrong(code)) == (403, "code_refused")
    assert known(centre) == []


def test_the_key_that_is_asked_for_must_have_signed(newcomer: Newcomer) -> None:
    centre = newcomer.centre
    code = a_code(centre)
    reply = newcomer.signed_with(Ed25519PrivateKey.generate(), code)
    assert (reply.status, b'"signature"' in reply.body) == (401, True)
    assert newcomer.refused(code, terminal="zmd-4040") == (401, "signature")
    assert newcomer.refused(code, public_key=b"short")[1] == "malformed"
    assert newcomer.refused(code, ledger_id=b"short")[1] == "malformed"
    assert newcomer.refused(code, region="beijing") == (400, "malformed")
    assert known(centre) == []
    assert newcomer.enrols(code).terminal == NEW


def test_two_machines_at_once_are_one_terminal(newcomer: Newcomer) -> None:
    centre = newcomer.centre
    code = a_code(centre)
    machines = [Newcomer(centre) for _ in range(6)]

    def tries(machine: Newcomer) -> str:
        try:
            return machine.enrols(code).terminal
        except Refusal as refused:
            return refused.problem.type

    with ThreadPoolExecutor(6) as pool:
        outcomes = sorted(pool.map(tries, machines))
    assert outcomes == ["code_used"] * 5 + [NEW]


def test_the_database_holds_no_code(newcomer: Newcomer) -> None:
    centre = newcomer.centre
    code = a_code(centre)
    newcomer.enrols(code)
    for told in (code, grouped(code)):
        with centre.database.reading() as session:
            kept = [
                bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                for table in Base.metadata.sorted_tables
                for row in session.execute(select(table))
                for value in row
            ]
        assert not any(told.encode() in value for value in kept)
    with centre.database.reading() as session:
        assert len(session.get_one(EnrolmentCode, NEW).code_hash) == 32
    assert code not in repr(newcomer.asks(code))


def test_a_slip_of_the_finger_is_told_before_a_try_is_spent() -> None:
    for _ in range(10):
        code = drawn_code()
        assert len(code) == CODE_LENGTH
        assert code_of(f" {grouped(code).lower()} ") == code
        for place in range(CODE_LENGTH):
            for sign in set(ALPHABET) - {code[place]}:
                with pytest.raises(CodeMistyped, match="a sign is wrong"):
                    code_of(code[:place] + sign + code[place + 1 :])


@pytest.mark.parametrize(
    ("typed", "word"),
    [("", "0 signs"), ("ACDEF-ACDEF", "10 signs"), ("0" * 20, "sign 1 is '0'"), ("A1" * 10, "sign 2")],
)
def test_what_can_be_no_code_is_told_by_its_sign(typed: str, word: str) -> None:
    with pytest.raises(CodeMistyped, match=word):
        code_of(typed)


def commands(centre: RunningCentre, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main([words[0], str(centre.settings.ca_certificate.parent), *words[1:]])
    told = capsys.readouterr()
    return code, told.out + told.err


def test_the_operator_makes_a_code_and_a_package(
    centre: RunningCentre, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stick, picture = tmp_path / "enrolment.json", tmp_path / "enrolment.png"
    words = ("--terminal", NEW, "--region", "zhumadian", "--url", centre.url)
    assert commands(centre, capsys, "enrolment-code", *words, "--file", str(stick), "--qr", str(picture))[0] == 0
    package = msgspec.json.decode(stick.read_bytes(), type=EnrolmentPackage)
    assert (stick.stat().st_mode & 0o077, picture.stat().st_mode & 0o077) == (0, 0), "the code is in both"
    assert (package.terminal, package.region, package.url) == (NEW, "zhumadian", centre.url)
    assert package.ca_certificate == centre.ca_file.read_text()
    assert (package.signing_key, package.opening_key) == (centre.public.signing_key, centre.public.opening_key)
    assert package.code not in repr(package)
    told, _, _ = cv2.QRCodeDetectorAruco().detectAndDecode(cv2.imread(str(picture)))
    assert msgspec.json.decode(told, type=EnrolmentPackage) == package
    assert Newcomer(centre).enrols(package.code).terminal == NEW
    assert commands(centre, capsys, "enrolment-code", *words, "--file", str(stick))[0] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--terminal", "../etc", "--region", "zhumadian"), "no terminal's number"),
        (("--terminal", NEW, "--region", "驻马店"), "no region"),
        (("--terminal", NEW, "--region", "zhumadian", "--days", "0"), "1 to 90"),
        (("--terminal", NEW, "--region", "zhumadian", "--days", "91"), "1 to 90"),
    ],
)
def test_a_code_that_makes_no_sense_is_not_made(
    centre: RunningCentre, capsys: pytest.CaptureFixture[str], words: Sequence[str], told: str
) -> None:
    code, said = commands(centre, capsys, "enrolment-code", *words)
    assert code == 1
    assert told in said


def a_report(terminal: str = "zmd-0001", **other: Any) -> ReadinessReport:
    report = ReadinessReport(
        terminal=terminal,
        region="zhumadian",
        place="驻马店市人社局一楼大厅",
        version="0.1.0",
        made_at_ms=1_795_000_000_000,
        passed=False,
        checks=(
            CheckTold(check="pin_pad", state="well", found="sunson V1"),
            CheckTold(check="camera", state="fault", found="black", cause="camera_dark"),
        ),
        devices=(DeviceTold(kind="pin_pad", name="/dev/card-terminal/pin-pad", told="sunson V1, serial 77"),),
    )
    return msgspec.structs.replace(report, **other)


def test_what_a_terminal_says_of_itself_tells_the_operators_console_nothing(
    centre: RunningCentre, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = centre.enrol()
    odd = "\x1b[2J\r\nzmd-0002  ready\u2028\u202e\x07"
    report = a_report(
        place=odd, version=odd, region=odd,
        checks=(CheckTold(check=odd, state=odd, found=odd),),
        devices=(DeviceTold(kind=odd, name=odd, told=odd),),
    )  # fmt: skip
    centre.ask(terminal, "/v1/readiness", HandInReadiness.signed(report, terminal.key), ReadinessKept)
    code, told = commands(centre, capsys, "readiness")
    assert (code, len(told.splitlines())) == (0, 4)
    assert told.replace("\n", "").isprintable()


def test_a_terminal_that_hands_in_without_end_fills_no_database(centre: RunningCentre) -> None:
    terminal = centre.enrol()

    def hands_in(number: int) -> HandInReadiness:
        signed = HandInReadiness.signed(a_report(made_at_ms=number), terminal.key)
        centre.ask(terminal, "/v1/readiness", signed, ReadinessKept)
        return signed

    first, *_ = [hands_in(number) for number in range(A_DAY)]
    with pytest.raises(Refusal, match="busy"):
        hands_in(A_DAY)
    centre.ask(terminal, "/v1/readiness", first, ReadinessKept)  # the same again is no other
    centre.clock.offset_s += 86_400
    hands_in(A_DAY)
    with centre.database.reading() as session:
        assert len(session.scalars(select(ReadinessRow)).all()) == A_DAY + 1


def test_a_report_is_kept_once_and_shown(any_centre: RunningCentre, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = any_centre.enrol()
    handed_in = HandInReadiness.signed(a_report(), terminal.key)
    first = any_centre.ask(terminal, "/v1/readiness", handed_in, ReadinessKept)
    any_centre.clock.offset_s += 60
    assert any_centre.ask(terminal, "/v1/readiness", handed_in, ReadinessKept) == first
    with any_centre.database.reading() as session:
        (kept,) = session.scalars(select(ReadinessRow))
    assert (
        HandInReadiness(report=kept.report, signature=kept.signature).genuine(terminal.key.public_key()) == a_report()
    )
    code, told = commands(any_centre, capsys, "readiness")
    assert code == 0
    for word in (
        "zmd-0001",
        "NOT READY",
        "驻马店市人社局一楼大厅",
        "camera: fault",
        "serial 77",
        handed_in.fingerprint,
    ):
        assert word in told
    assert "pin_pad: well" not in told
    assert commands(any_centre, capsys, "readiness", "zmd-0002") == (0, "")
    _, printed = commands(any_centre, capsys, "readiness", "zmd-0001", "--json")
    assert json.loads(printed)["devices"][0]["kind"] == "pin_pad"


@pytest.mark.parametrize("damage", ["other key", "changed", "other terminal", "no report"])
def test_a_report_that_is_not_its_terminals_is_refused(centre: RunningCentre, damage: str) -> None:
    terminal = centre.enrol()
    handed_in = HandInReadiness.signed(a_report(), terminal.key)
    match damage:
        case "other key":
            handed_in = HandInReadiness.signed(a_report(), Ed25519PrivateKey.generate())
        case "changed":
            changed = handed_in.report.replace(b'"passed":false', b'"passed":true')
            handed_in = msgspec.structs.replace(handed_in, report=changed)
        case "other terminal":
            handed_in = HandInReadiness.signed(a_report("zmd-0002"), terminal.key)
        case _:
            signature = terminal.key.sign(b"ssct-readiness-1{}")
            handed_in = HandInReadiness(report=b"{}", signature=signature)
    with pytest.raises(Refusal) as refused:
        centre.ask(terminal, "/v1/readiness", handed_in, ReadinessKept)
    expected = (401, "signature") if damage in {"other key", "changed"} else (400, "malformed")
    assert (refused.value.status, refused.value.problem.type) == expected
    with centre.database.reading() as session:
        assert session.scalars(select(ReadinessRow)).all() == []
