"""The card printer's driver without a printer: what it sends, and what it makes of any answer."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from drivers.card_printer.escape import EscapeCardPrinter, Limits
from drivers.card_printer.escape_wire import download, ribbon_of, sensors_of, word_of
from drivers.card_printer.leave import require_leave
from drivers.card_printer.panels import Panel, panels_of
from drivers.card_printer.words import Word
from drivers.ports.card_printer import Face, Fill, IssuanceRefused, IssuanceToken, Media, Position, Refusal, Ribbon
from drivers.ports.errors import Busy, DeviceError, NotConnected, ProtocolViolation, TimedOut
from drivers.transport.byte_line import ByteLine
from drivers.transport.escape_line import command

CENTRE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
READY = b"card=none;state=ok;hopper=ok;reject=ok;retained=ok;cover=closed\r"
THERE = READY.replace(b"none", b"contact")


@dataclass
class ScriptedLine(ByteLine):
    """A line whose other side answers each command by its letters."""

    answer: Callable[[bytes], bytes]
    sent: list[bytes] = field(default_factory=list)
    opened: int = 0
    _heard: bytes = b""

    def __post_init__(self) -> None:
        super().__init__("card_printer", "a script")

    def _opened(self) -> int:
        raise NotImplementedError

    @property
    def _ends(self) -> bool:
        return True

    def open(self) -> bool:
        if self._descriptor is not None:
            return False
        self._descriptor, self._heard = 0, b""
        self.opened += 1
        return True

    def close(self) -> None:
        self._descriptor = None

    def write(self, octets: bytes, deadline: float) -> None:
        self.sent.append(octets)
        self._heard += self.answer(octets)

    def read(self, deadline: float) -> bytes:
        if not self._heard:
            raise TimedOut("card_printer", "nothing came in time")
        heard, self._heard = self._heard, b""
        return heard


def printer(line: ByteLine) -> EscapeCardPrinter:
    return EscapeCardPrinter(
        line, CENTRE.public_key(), "t-0001", now_ms=lambda: 1000, limits=Limits(settle_s=0.0), pause=lambda _: None
    )


def token() -> IssuanceToken:
    unsigned = IssuanceToken("ab" * 16, "t-0001", 2000, b"")
    return IssuanceToken(unsigned.job_id, unsigned.terminal, 2000, CENTRE.sign(unsigned.signed_bytes))


def script(**changed: bytes) -> Callable[[bytes], bytes]:
    answers = {b"Pem": b"OK\r", b"Rse": READY, b"Rlr": b"YMCKO;7\r", b"Sis": b"OK\r"}
    answers |= {letters.encode(): answer for letters, answer in changed.items()}
    return lambda sent: answers[sent[1:-1].partition(b";")[0]]


def test_bytes_as_the_page_has_them() -> None:
    assert command("Sis") == b"\x1bSis\r"
    assert command("Pem", "2") == b"\x1bPem;2\r"
    assert command("Ser", "r") == b"\x1bSer;r\r"
    assert download(Panel("k", 2, b"\0\r\x1b")) == b"\x1bDb;k;2;\0\r\x1b\r"


def test_sensors() -> None:
    told = sensors_of(b"card=exit;state=ok;hopper=low;reject=high;retained=unknown;cover=open")
    assert told is not None
    assert (told.media, told.position, told.two_fed, told.cover_open) == (Media.LATCHED, Position.EXIT, False, True)
    assert (told.hopper, told.reject_bin, told.retained_bin) == (Fill.LOW, Fill.HIGH, Fill.UNKNOWN)
    for state, media in (
        ("moving", Media.ENTERING),
        ("jam", Media.JAMMED),
        ("two", Media.JAMMED),
        ("ok", Media.PRESENT),
    ):
        told = sensors_of(f"card=print;state={state};hopper=ok;reject=ok;retained=ok;cover=closed".encode())
        assert told is not None
        assert (told.media, told.two_fed) == (media, state == "two")
    for wrong in (b"", b"OK", b"YMCKO;7", READY, READY[:-1] + b";x=1", READY[:-1].replace(b"none", b"gone"), b"\xff"):
        assert sensors_of(wrong) is None


def test_ribbon() -> None:
    assert ribbon_of(b"YMCKO;187") == Ribbon("YMCKO", 187)
    assert ribbon_of(b";0") == Ribbon("", 0)
    for wrong in (b"", b"OK", b"YMCKO", b"YMCKO;-1", b"YMCKO;\xb2", b"YMCKO;999999"):
        assert ribbon_of(wrong) is None


def test_every_word_is_known_and_no_other() -> None:
    for word in Word:
        assert word_of(word.value.encode()) is word
    for wrong in (b"", b"ok", b"OK ", b"OKOK", b"\xff"):
        with pytest.raises(ProtocolViolation):
            word_of(wrong)


@given(st.binary(max_size=80))
def test_any_line_is_a_value_or_a_named_error(line: bytes) -> None:
    sensors_of(line)
    ribbon_of(line)
    with contextlib.suppress(ProtocolViolation):
        word_of(line)


def test_panels_by_hand() -> None:
    colours = np.full((648 * 1016, 3), 255, np.uint8)
    colours[0] = (0, 255, 255)  # cyan
    colours[1] = (255, 255, 1)  # nearly all of yellow
    colours[2] = (0, 0, 0)
    yellow, magenta, cyan, black = panels_of(Face(colours.tobytes()))
    assert [panel.letter for panel in (yellow, magenta, cyan, black)] == ["y", "m", "c", "k"]
    assert [len(panel.data) for panel in (yellow, magenta, cyan, black)] == [576_072] * 3 + [82_296]
    assert cyan.data[:2] == bytes((0b1111111_0, 0b000000_00))
    assert yellow.data[:2] == bytes((0b0000000_1, 0b111111_00))
    assert not any(magenta.data)
    assert black.data[:2] == bytes((0b00100000, 0))


def test_leave_is_the_centres_for_here_and_now() -> None:
    require_leave(token(), CENTRE.public_key(), "t-0001", 1999)
    for now_ms, terminal, key, why in (
        (2000, "t-0001", CENTRE, Refusal.EXPIRED),
        (1000, "t-0002", CENTRE, Refusal.OTHER_TERMINAL),
        (1000, "t-0001", Ed25519PrivateKey.generate(), Refusal.NOT_SIGNED),
    ):
        with pytest.raises(IssuanceRefused) as refused:
            require_leave(token(), key.public_key(), terminal, now_ms)
        assert refused.value.why is why


def test_the_first_thing_said_is_that_the_printer_shall_not_help_itself() -> None:
    line = ScriptedLine(script())
    printer(line).status()
    assert line.sent == [b"\x1bPem;2\r", b"\x1bRse\r", b"\x1bRlr\r"]


@pytest.mark.parametrize("answer", [b"", b"\x00\r", b"JAM\r"])
def test_feeding_is_said_once_whatever_is_answered(answer: bytes) -> None:
    line = ScriptedLine(script(Sis=answer))
    with pytest.raises(DeviceError):
        printer(line).feed(token())
    assert line.sent.count(b"\x1bSis\r") == 1


def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    moved = [READY]

    def answer(sent: bytes) -> bytes:
        if sent == b"\x1bSis\r":
            moved[0] = THERE
            return b""
        return script(Rse=moved[0])(sent)

    line = ScriptedLine(answer)
    printer(line).feed(token())
    assert line.opened == 2, "the line on which an answer is missing is used no more"
    assert line.sent.count(b"\x1bPem;2\r") == 2


def test_an_answer_to_something_else_is_no_answer() -> None:
    line = ScriptedLine(script(Rse=b"YMCKO;7\r"))
    with pytest.raises(ProtocolViolation, match="Rse"):
        printer(line).status()
    assert line.opened == 1
    with pytest.raises(ProtocolViolation):
        printer(line).status()
    assert line.opened == 2


def test_an_answer_without_end_and_a_printer_that_serves_another() -> None:
    with pytest.raises(ProtocolViolation, match="without end"):
        printer(ScriptedLine(script(Rse=b"x" * 300))).status()
    with pytest.raises(Busy):
        printer(ScriptedLine(script(Pem=b"BUSY\r"))).status()


def test_a_printer_that_never_comes_to_rest() -> None:
    moving = [READY]

    def answer(sent: bytes) -> bytes:
        if sent == b"\x1bSis\r":
            moving[0] = READY.replace(b"state=ok", b"state=moving")
            return b"OK\r"
        return script(Rse=moving[0])(sent)

    with pytest.raises(TimedOut, match="come to rest"):
        printer(ScriptedLine(answer)).feed(token())


def test_a_line_that_is_not_open_says_so() -> None:
    line = ScriptedLine(script())
    with pytest.raises(NotConnected):
        ByteLine.read(line, time.monotonic())
