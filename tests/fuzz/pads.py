"""The PIN pad's wire: frames of any bytes at the decoder, and a pad on a pseudo-terminal that answers anything."""

import os
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from drivers.pin_pad.dialect import DamagedFrame
from drivers.pin_pad.serial_pad import SerialPinPad
from drivers.pin_pad.sunson import SUNSON
from drivers.pin_pad.sunson_wire import ReplyDecoder, complaint
from drivers.ports.errors import DeviceError
from drivers.ports.pin_pad import PinBlock, WrappedKey
from tests.fuzz.decisions import Decisions
from tests.fuzz.target import Check, Target, always, require, tells_nothing

STX: Final = 0x02
HEX: Final = frozenset(b"0123456789ABCDEF")
GOOD: Final = b"\x02010405"  # done, no data: docs/wire-pin-pad.md
VERSION: Final = 0x30
RESET: Final = 0x31
READ_PIN_BLOCK: Final = 0x42
START_PLAIN: Final = 0x45
LENGTH: Final = 6


def sound_frame(characters: bytes) -> bytes | None:
    """Status and data of a frame without its STX, judged by docs/wire-pin-pad.md and none of the driver's code."""
    if len(characters) < 6 or len(characters) % 2 or not HEX >= set(characters):
        return None
    octets = bytes.fromhex(characters.decode("ascii"))
    check = 0
    for octet in octets:
        check ^= octet
    if octets[0] != len(octets) - 2 or check:
        return None
    return octets[1:-1]


def decode_frame(case: bytes) -> str:
    """Feed the decoder one character after the other."""
    decoder = ReplyDecoder()
    for position, character in enumerate(case, start=1):
        heard = case[:position]
        try:
            reply = decoder.feed(character)
        except DamagedFrame as damage:
            require(sound_frame(heard) is None or position > 2 * 67, "a sound frame was taken for a damaged one")
            tells_nothing(damage, [heard] if position > 3 else [])
            decoder.wipe()
            require(not any(decoder._octets), "bytes of a broken frame stay in memory")
            return "damaged"
        if reply is not None:
            sound = sound_frame(heard)
            require(sound is not None, "a damaged frame was taken for a sound one")
            require(sound == bytes([reply.status]) + reply.data, "what the frame says")
            require(complaint(reply.status) is None or reply.status != 0x04, "done is no complaint")
            return "reply"
        require(position <= 2 * 67, "a frame without end")
    return "unfinished"


@dataclass
class RoguePad:
    """A pad that waits for each command's frame and then sends what the case says."""

    script: Decisions
    line: int = -1
    started: bytes | None = None
    """What it sent after the command that starts an entry in clear."""
    answers: list[bytes] = field(default_factory=list)
    """What it sent, command by command."""

    def answer(self, command: int) -> bytes:
        """What goes out after a command."""
        if command == RESET and not self.script.chance(8):
            return GOOD
        match self.script.number(4):
            case 0 | 1:
                sent = GOOD
            case 2:
                sent = framed(bytes([0x04]) + self.script.take(self.script.choice((8, 4, 0, 16))))
            case _:
                sent = self.script.chunk()
        if command == START_PLAIN:
            sent += self._keys()
            self.started = sent
        return sent

    def _keys(self) -> bytes:
        keys = b"0123456789\x0d\x08\x0d\x1b*\x02"
        return bytes(self.script.choice(keys) if not self.script.chance(16) else self.script.number(256)
                     for _ in range(self.script.number(24)))  # fmt: skip

    def serve(self, ended: int) -> None:
        """Answer until told to end."""
        heard = bytearray()
        while True:
            ready, _, _ = select.select([self.line, ended], [], [])
            if ended in ready:
                return
            heard += os.read(self.line, 256)
            while (command := _first_command(heard)) is not None:
                self.answers.append(self.answer(command))
                os.write(self.line, self.answers[-1])


def framed(counted: bytes) -> bytes:
    """A sound frame around status and data."""
    octets = bytes([len(counted)]) + counted
    check = 0
    for octet in octets:
        check ^= octet
    return b"\x02" + (octets + bytes([check])).hex().upper().encode("ascii")


def _first_command(heard: bytearray) -> int | None:
    """Take the first whole command off the line."""
    while heard and heard[0] != STX:
        del heard[0]
    if len(heard) < 3:
        return None
    size = 1 + 2 * (int(heard[1:3], 16) + 2)
    if len(heard) < size:
        return None
    command = int(heard[3:5], 16)
    del heard[:size]
    return command


def typed_by_the_page(sent: bytes) -> str | None:
    """The digits of an entry in clear that ended with enter, by docs/wire-pin-pad.md; None where there are none."""
    _, stx, behind = sent.partition(b"\x02")
    if not stx or len(behind) < 2 or not set(behind[:2]) <= HEX:
        return None
    size = 2 * (int(behind[:2], 16) + 2)
    if sound_frame(behind[:size]) != b"\x04":
        return None
    digits = ""
    for key in behind[size:]:
        match key:
            case 0x0D if len(digits) == LENGTH:
                return digits
            case 0x0D:
                pass
            case 0x08:
                digits = ""
            case _ if 0x30 <= key <= 0x39:
                digits = (digits + chr(key))[:LENGTH]
            case _:
                return None
    return None


def serve_a_citizen(case: bytes) -> str:
    """One call of the driver before a pad that answers anything."""
    script = Decisions(case)
    call = script.number(4)
    pad_end, host_end = os.openpty()
    tty.setraw(host_end)
    ended = os.eventfd(0)
    rogue = RoguePad(script, line=pad_end)
    thread = threading.Thread(target=rogue.serve, args=(ended,))
    thread.start()
    pad = SerialPinPad(os.ttyname(host_end), SUNSON, answer_s=0.1)
    try:
        return _call(pad, call, rogue)
    except DeviceError as error:
        tells_nothing(error, [rogue.started] if rogue.started and len(rogue.started) > 8 else [])
        return type(error).__name__
    finally:
        pad.close()
        os.eventfd_write(ended, 1)
        thread.join()
        for descriptor in (pad_end, host_end, ended):
            os.close(descriptor)


def _call(pad: SerialPinPad, call: int, rogue: RoguePad) -> str:
    match call:
        case 0 | 1:
            with pad.enter_pin(LENGTH, 0.05, lambda _: None) as pin:
                expected = typed_by_the_page(rogue.started or b"")
                require(expected is not None, "a PIN that nobody typed")
                require(pin.equals_digits(expected or ""), "other digits than were typed")
            return "pin"
        case 2:
            block: PinBlock = pad.enter_pin_block("000000000000", LENGTH, 0.05, lambda _: None)
            require(len(block.cipher) == 8, "a PIN block has 8 bytes")
            return "block"
        case _:
            pad.load_working_key(WrappedKey(bytes(16), bytes.fromhex("DEADBEEF")))
            told = sum(b"DEADBEEF" in answer for answer in rogue.answers)
            require(told >= 2, "a key was taken whose check value the pad did not tell twice")
            return "key"


@contextmanager
def _nothing() -> Iterator[Check]:
    yield serve_a_citizen


def _script(call: int, *answers: bytes) -> bytes:
    return bytes([call]) + b"".join(answers)


def _pad_seeds() -> list[bytes]:
    plain = b"\0"  # of the pad's four ways to answer: done
    reset = b"\0"
    choose = {character: bytes([0, position]) for position, character in enumerate(b"0123456789\x0d\x08")}

    def keys(text: bytes) -> bytes:
        return bytes([len(text)]) + b"".join(bytes([choose[one][1], 0]) for one in text)

    entry = keys(b"246810\x0d")
    corrected = keys(b"9\x08246810\x0d")
    return [
        _script(0, reset, plain, entry),
        _script(0, reset, plain, corrected),
        _script(0, reset, b"\3\7" + GOOD, entry),
        _script(2, reset, plain, plain, plain, b"\3\x08" + GOOD + b"*", b"\2\0" + b"\x11" * 8),
        _script(3, reset, b"\2\1\xde\xad\xbe\xef", b"\2\1\xde\xad\xbe\xef", plain),
    ]


FRAMES: Final = Target(
    name="pad-sunson-frames",
    engine="atheris",
    prepare=always(decode_frame),
    seeds=lambda: [b"010405", b"018081", b"0504DEADBEEF23", b"01F1F0", b"41" + b"04" + b"30" * 64 + b"45"],
    reached=frozenset({"reply", "damaged", "unfinished"}),
    examples=800,
)
ENTRY: Final = Target(
    name="pad-sunson-entry",
    engine="hypothesis",
    prepare=_nothing,
    seeds=_pad_seeds,
    reached=frozenset({"pin", "block", "key", "ProtocolViolation", "TimedOut"}),
    examples=50,
)
