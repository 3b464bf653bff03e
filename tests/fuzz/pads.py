"""The PIN pads' wires: characters of any kind at the decoders, and pads on a pseudo-terminal that answer anything.

What a sound frame is, and which digits a row of bytes types, is judged here once more by docs/wire-pin-pad.md, without
the drivers' code.
"""

import os
import select
import threading
import tty
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from drivers.pin_pad.dialect import DamagedFrame, Dialect
from drivers.pin_pad.discovery import DiscoveringPinPad
from drivers.pin_pad.serial_pad import SerialPinPad
from drivers.pin_pad.sunson import SUNSON
from drivers.pin_pad.szzt import SZZT
from drivers.ports.errors import DeviceError
from drivers.ports.pin_pad import WrappedKey
from tests.fuzz.decisions import Decisions
from tests.fuzz.target import Check, Target, always, require, tells_nothing

STX: Final = 0x02
ETX: Final = 0x03
HEX: Final = frozenset(b"0123456789ABCDEF")
LENGTH: Final = 6
CHECK_VALUE: Final = bytes.fromhex("DEADBEEF")


def _exclusive_or(octets: bytes) -> int:
    check = 0
    for octet in octets:
        check ^= octet
    return check


def sunson_content(characters: bytes) -> bytes | None:
    """Status and data of a whole SUNSON frame without its STX; None when it is not sound."""
    if len(characters) < 6 or len(characters) % 2 or not set(characters) <= HEX:
        return None
    octets = bytes.fromhex(characters.decode("ascii"))
    return octets[1:-1] if octets[0] == len(octets) - 2 and not _exclusive_or(octets) else None


def szzt_content(characters: bytes) -> bytes | None:
    """The text of a whole SZZT frame without its STX; None when it is not sound."""
    if len(characters) < 7 or not characters[:3].isdigit():
        return None
    length = int(characters[:3])
    counted, check = characters[:-2], characters[-2:]
    if not length >= 1 or len(counted) != 3 + length + 1 or counted[-1] != ETX or not set(check) <= HEX:
        return None
    return counted[3:-1] if _exclusive_or(counted) == int(check, 16) else None


def sunson_frame(content: bytes) -> bytes:
    """A sound SUNSON frame."""
    octets = bytes([len(content)]) + content
    return b"\x02" + (octets + bytes([_exclusive_or(octets)])).hex().upper().encode("ascii")


def szzt_frame(content: bytes) -> bytes:
    """A sound SZZT frame."""
    counted = f"{len(content):03d}".encode("ascii") + content + bytes([ETX])
    return b"\x02" + counted + f"{_exclusive_or(counted):02X}".encode("ascii")


@dataclass(frozen=True)
class Wire:
    """One dialect as its page has it."""

    dialect: Dialect
    content: Callable[[bytes], bytes | None]
    frame: Callable[[bytes], bytes]
    size: Callable[[bytes], int | None]
    """Characters behind STX of the frame that begins so; None while that can't be told."""
    done: Callable[[bytes], bytes]
    """Content of a good answer to a command with this content, without data."""
    rest: bytes
    opens_entry: bytes
    loads_key: bytes
    reads_block: bytes
    before_block: bytes
    """What comes ahead of a PIN block in its answer."""
    in_hex: bool
    longest: int
    """Characters of the longest answer without its STX."""
    most_data: int
    idle: frozenset[int] = frozenset()


def _sunson_size(behind: bytes) -> int | None:
    if len(behind) < 2 or not set(behind[:2]) <= HEX:
        return None
    return 2 * (int(behind[:2], 16) + 2)


def _szzt_size(behind: bytes) -> int | None:
    if len(behind) < 3 or not behind[:3].isdigit():
        return None
    return 3 + int(behind[:3]) + 3


SUNSON_WIRE: Final = Wire(
    dialect=SUNSON, content=sunson_content, frame=sunson_frame, size=_sunson_size, done=lambda _: b"\x04",
    rest=b"\x31", opens_entry=b"\x45", loads_key=b"\x33", reads_block=b"\x42", before_block=b"", in_hex=False,
    longest=2 * 67, most_data=64,
)  # fmt: skip
SZZT_WIRE: Final = Wire(
    dialect=SZZT, content=szzt_content, frame=szzt_frame, size=_szzt_size, done=lambda asked: bytes([asked[0] + 0x30]),
    rest=b"5032", opens_entry=b"5033", loads_key=b"2", reads_block=b"7", before_block=b"0016", in_hex=True,
    longest=3 + 147 + 3, most_data=146, idle=frozenset(b"\x07.#ABCDEFGH"),
)  # fmt: skip


def decoding(wire: Wire) -> Check:
    """Feeds a dialect's decoder one character after the other."""

    def check(case: bytes) -> str:
        decoder = wire.dialect.decoder()
        for position, character in enumerate(case, start=1):
            heard = case[:position]
            content = wire.content(heard) if position <= wire.longest else None
            try:
                reply = decoder.feed(character)
            except DamagedFrame as damage:
                require(content is None, "a sound frame was taken for a damaged one")
                tells_nothing(damage, [heard] if position > 3 else [])
                return "damaged"
            if reply is not None:
                require(content is not None, "a damaged frame was taken for a sound one")
                require(content == bytes([reply.status]) + reply.data, "an answer that the frame does not hold")
                wire.dialect.complaint(reply.status)
                return "reply"
            require(content is None, "a sound frame was not noticed")
            require(position < wire.longest, "a frame without end")
        return "unfinished"

    return check


@dataclass
class RoguePad:
    """A pad that waits for each command's frame and then sends what the case says."""

    wire: Wire
    script: Decisions
    line: int
    started: bytes = b""
    """What it sent after the command that opens an entry in clear."""
    block: bytes | None = None
    """The PIN block that it sent in a sound answer."""
    checks_told: int = 0
    """Sound answers with the right check value."""

    def answer(self, command: bytes) -> bytes:
        """What goes out after a command."""
        wire = self.wire
        if command.startswith(wire.rest) and not self.script.chance(16):
            return wire.frame(wire.done(command))
        match self.script.number(4):
            case 3:
                sent = self.script.chunk()
            case 2:
                sent = wire.frame(wire.done(command) + self.script.chunk()[: wire.most_data])
            case _:
                sent = wire.frame(wire.done(command) + self._data(command))
        if command.startswith(wire.opens_entry):
            sent += self._keys()
            self.started = sent
        return sent

    def _data(self, command: bytes) -> bytes:
        """What belongs into a good answer."""
        data = b""
        if command.startswith(self.wire.loads_key):
            self.checks_told += 1
            data = CHECK_VALUE
        elif command.startswith(self.wire.reads_block):
            self.block = data = (self.script.take(8) + bytes(8))[:8]
        if not data:
            return data
        return self.wire.before_block * (len(data) == 8) + (data.hex().upper().encode() if self.wire.in_hex else data)

    def _keys(self) -> bytes:
        among = b"0123456789\x0d\x08\x0d\x1b*\x02.\x80"
        return bytes(
            self.script.number(256) if self.script.chance(16) else self.script.choice(among)
            for _ in range(self.script.number(24))
        )

    def serve(self, ended: int) -> None:
        """Answer until told to end."""
        heard = bytearray()
        while True:
            ready, _, _ = select.select([self.line, ended], [], [])
            if ended in ready:
                return
            heard += os.read(self.line, 256)
            while (command := self._first_command(heard)) is not None:
                os.write(self.line, self.answer(command))

    def _first_command(self, heard: bytearray) -> bytes | None:
        """Take the first whole command off the line; what another dialect asks is noise."""
        while heard:
            size = self.wire.size(bytes(heard[1:])) if heard[0] == STX else None
            if size is not None and len(heard) > size:
                content = self.wire.content(bytes(heard[1 : size + 1]))
                del heard[: size + 1]
                if content is not None:
                    return content
            elif heard[0] == STX and (size is not None or len(heard) < 4):
                return None
            else:
                del heard[0]
        return None

    def typed(self) -> str | None:
        """The digits of an entry that ended with enter; None where there are none."""
        _, stx, behind = self.started.partition(b"\x02")
        size = self.wire.size(behind) if stx else None
        if size is None or self.wire.content(behind[:size]) != self.wire.done(self.wire.opens_entry):
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
                case _ if key not in self.wire.idle:
                    return None
        return None


def serving(wire: Wire) -> Check:
    """One call of the driver before a pad that answers anything."""

    def check(case: bytes) -> str:
        script = Decisions(case)
        call = script.number(6)
        pad_end, host_end = os.openpty()
        tty.setraw(host_end)
        ended = os.eventfd(0)
        rogue = RoguePad(wire, script, pad_end)
        thread = threading.Thread(target=rogue.serve, args=(ended,))
        thread.start()
        path = os.ttyname(host_end)
        pad = DiscoveringPinPad(path, answer_s=0.4) if call == 5 else SerialPinPad(path, wire.dialect, answer_s=0.3)
        try:
            return _served(pad, call, rogue)
        except DeviceError as error:
            tells_nothing(error, [rogue.started] if len(rogue.started) > 8 else [])
            return type(error).__name__
        finally:
            pad.close()
            os.eventfd_write(ended, 1)
            thread.join()
            for descriptor in (pad_end, host_end, ended):
                os.close(descriptor)

    return check


def _served(pad: SerialPinPad, call: int, rogue: RoguePad) -> str:
    match call:
        case 0 | 1:
            with pad.enter_pin(LENGTH, 0.05, lambda _: None) as pin:
                typed = rogue.typed()
                require(typed is not None, "a PIN that nobody typed")
                require(pin.equals_digits(typed or ""), "other digits than were typed")
            return "pin"
        case 2:
            block = pad.enter_pin_block("000000000000", LENGTH, 0.05, lambda _: None)
            require(len(block.cipher) == 8, "a PIN block has 8 bytes")
            require(rogue.block in {None, block.cipher}, "another PIN block than the pad's")
            return "block"
        case 3:
            # Unwrapped by no key that is used: the pad is a rogue.
            pad.load_working_key(WrappedKey(bytes(16), CHECK_VALUE))
            return "key"
        case _:
            identity = pad.identify()
            require(identity.dialect in {"sunson", "szzt"}, "a dialect of the page")
            return "identified"


def _seeds(wire: Wire) -> list[bytes]:
    among = b"0123456789\x0d\x08"

    def keys(typed: bytes) -> bytes:
        return bytes([len(typed)]) + b"".join(bytes([0, among.index(one)]) for one in typed)

    rest, good = b"\0", b"\0"
    before_entry = good * (1 if wire is SZZT_WIRE else 0)
    before_block = good * (2 if wire is SZZT_WIRE else 3)
    starts_block = wire.frame(wire.done(b"\x35" if wire is SUNSON_WIRE else b"6"))
    echoes = b"******\x0d"
    return [
        b"\0" + rest + before_entry + good + keys(b"246810\x0d"),
        b"\0" + rest + before_entry + good + keys(b"9\x08246810\x0d"),
        b"\0" + rest + before_entry + good + keys(b"24681013579\x0d"),
        b"\0" + rest + before_entry + b"\3\6" + sunson_frame(b"\x04")[:6] + keys(b"246810\x0d"),
        b"\2" + rest + before_block + b"\3" + bytes([len(starts_block + echoes)]) + starts_block + echoes + good
        + b"\x11" * 8,
        b"\3" + rest + good + good,
        b"\4" + rest + b"\2\x0aSIM 1.0;01",
        b"\5" + b"\2\x92" + b"1" * 146 + rest + b"\2\x92" + b"1" * 146,
        b"\5" + b"\2\x0aSIM 1.0;01" + rest + b"\2\x0aSIM 1.0;01",
    ]  # fmt: skip


SUNSON_FRAMES: Final = Target(
    name="pad-sunson-frames",
    engine="atheris",
    prepare=always(decoding(SUNSON_WIRE)),
    seeds=lambda: [
        b"010405", b"018081", b"0504DEADBEEF23", b"01F1F0", sunson_frame(b"\x04" + b"0" * 64)[1:], b"FF" + b"0" * 134,
    ],
    reached=frozenset({"reply", "damaged", "unfinished"}),
    examples=400,
)  # fmt: skip
SZZT_FRAMES: Final = Target(
    name="pad-szzt-frames",
    engine="atheris",
    prepare=always(decoding(SZZT_WIRE)),
    seeds=lambda: [b"001e\x0367", b"001\xee\x03EC", szzt_frame(b"bDEADBEEF")[1:], szzt_frame(b"c" + b"0" * 146)[1:]],
    reached=frozenset({"reply", "damaged", "unfinished"}),
    examples=400,
)
SUNSON_PAD: Final = Target(
    name="pad-sunson-entry",
    engine="hypothesis",
    prepare=always(serving(SUNSON_WIRE)),
    seeds=lambda: _seeds(SUNSON_WIRE),
    reached=frozenset({"pin", "block", "key", "identified", "ProtocolViolation", "TimedOut"}),
    examples=20,
)
SZZT_PAD: Final = Target(
    name="pad-szzt-entry",
    engine="hypothesis",
    prepare=always(serving(SZZT_WIRE)),
    seeds=lambda: _seeds(SZZT_WIRE),
    reached=frozenset({"pin", "block", "key", "identified", "ProtocolViolation", "TimedOut"}),
    examples=20,
)
