"""The identity-card reader's wire: bytes of any kind at its decoders, and a reader on a pseudo-terminal that answers
anything.

What a sound frame is, is judged here once more by docs/wire-id-reader.md, without the driver's code.
"""

import os
import select
import threading
import tty
from dataclasses import dataclass, field
from typing import Final

from drivers.id_reader import SerialIdReader
from drivers.id_reader.layouts import document_of
from drivers.id_reader.sam_wire import AnswerDecoder, DamagedFrame
from drivers.ports.errors import DeviceError
from drivers.ports.id_reader import DocumentUnreadable
from simulators.id_reader.documents import DOCUMENTS, load_document, text_of
from simulators.id_reader.photo import standin_photo
from tests.fuzz.decisions import Decisions
from tests.fuzz.target import Target, always, require, tells_nothing

PREAMBLE: Final = b"\xaa\xaa\xaa\x96\x69"
LONGEST: Final = 1288
FIND, SELECT, READ, STATUS, SAM_ID = b"\x20\x01", b"\x20\x02", b"\x30\x01", b"\x11\xff", b"\x12\xff"


def _exclusive_or(octets: bytes) -> int:
    check = 0
    for octet in octets:
        check ^= octet
    return check


def sound_content(behind: bytes) -> bytes | None:
    """Status and data of a whole frame without its preamble; None when it is not sound."""
    if len(behind) < 6 or int.from_bytes(behind[:2], "big") != len(behind) - 2 or len(behind) - 2 > LONGEST:
        return None
    return behind[2:-1] if _exclusive_or(behind) == 0 else None


def frame(content: bytes) -> bytes:
    """A sound frame."""
    counted = (len(content) + 1).to_bytes(2, "big") + content
    return PREAMBLE + counted + bytes([_exclusive_or(counted)])


def decoding(case: bytes) -> str:
    """Feeds the decoder one byte after the other."""
    decoder = AnswerDecoder()
    for position, octet in enumerate(case, start=1):
        heard = case[:position]
        content = sound_content(heard)
        try:
            answer = decoder.feed(octet)
        except DamagedFrame as damage:
            require(content is None, "a sound frame was taken for a damaged one")
            tells_nothing(damage, [heard] if position > 3 else [])
            return "damaged"
        if answer is not None:
            require(content is not None, "a damaged frame was taken for a sound one")
            require(content == answer.status.to_bytes(3, "big") + answer.data, "an answer that the frame does not hold")
            require(bool(answer.complaint), "a status without words")
            return "answer"
        require(content is None, "a sound frame was not noticed")
        require(position < LONGEST + 2, "a frame without end")
    return "unfinished"


def reading_text(case: bytes) -> str:
    """Takes 256 bytes for the text of a document."""
    text = case[:256].ljust(256, b"\0")
    try:
        document = document_of(text, b"")
    except DocumentUnreadable as refusal:
        # A field of four letters may stand in any English sentence.
        tells_nothing(refusal, [text[:30].decode("utf-16-le", "replace")])
        return "unreadable"
    require(bool(document.name), "a document of nobody")
    require(document.name not in repr(document), "the repr tells the name")
    require(not any("\ud800" <= one <= "\udfff" for one in document.name + document.address), "half a character")
    require(len(document.number) in {15, 18}, "a number of another length")
    return document.kind.value


@dataclass
class RogueReader:
    """A reader that waits for each command and then sends what the case says."""

    script: Decisions
    line: int
    read_data: list[bytes] = field(default_factory=list)
    """What it said a document holds, in sound answers."""

    def answer(self, command: bytes) -> bytes:
        """What goes out after a command."""
        match self.script.number(6):
            case 5:
                return self.script.chunk()
            case 4:
                return PREAMBLE + self.script.chunk()
            case 3:
                return frame(b"\0\0" + bytes([self.script.choice(b"\x80\x81\x41\x10\x31\x32\x91\x90\x9f\x21")]))
            case 2:
                return frame(b"\0\0\x90" + self.script.chunk())
            case _:
                return frame(self._good(command))

    def _good(self, command: bytes) -> bytes:
        match command:
            case b"\x20\x01":
                return b"\0\0\x9f" + bytes(4)
            case b"\x12\xff":
                return b"\0\0\x90" + bytes(16)
            case b"\x30\x01":
                return b"\0\0\x90\x01\x00\x04\x00" + self._text() + standin_photo("x")
        return b"\0\0\x90"

    def _text(self) -> bytes:
        text = bytearray(text_of(load_document(self.script.choice(NAMES))))
        for _ in range(self.script.number(4)):
            text[self.script.number(256)] = self.script.number(256)
        self.read_data.append(bytes(text))
        return bytes(text)

    def serve(self, ended: int) -> None:
        """Answer until told to end."""
        heard = bytearray()
        while True:
            ready, _, _ = select.select([self.line, ended], [], [])
            if ended in ready:
                return
            heard += os.read(self.line, 256)
            while len(heard) >= 10:
                command = bytes(heard[7:9])
                del heard[:10]
                os.write(self.line, self.answer(command))


NAMES: Final = sorted(path.stem for path in DOCUMENTS.glob("*.json"))


def serving(case: bytes) -> str:
    """One visit to a reader that answers anything."""
    script = Decisions(case)
    call = script.number(4)
    reader_end, host_end = os.openpty()
    tty.setraw(host_end)
    ended = os.eventfd(0)
    rogue = RogueReader(script, reader_end)
    thread = threading.Thread(target=rogue.serve, args=(ended,))
    thread.start()
    reader = SerialIdReader(os.ttyname(host_end), answer_s=0.2, read_answer_s=0.2)
    try:
        return _visited(reader, call, rogue)
    except (DeviceError, DocumentUnreadable) as error:
        tells_nothing(error, [text[:30].decode("utf-16-le", "replace").strip() for text in rogue.read_data])
        return type(error).__name__
    finally:
        reader.close()
        os.eventfd_write(ended, 1)
        thread.join()
        for descriptor in (reader_end, host_end, ended):
            os.close(descriptor)


def _visited(reader: SerialIdReader, call: int, rogue: RogueReader) -> str:
    match call:
        case 0 | 1:
            reader.wait_for_document(0.05)
            document = reader.read_document()
            require(bool(rogue.read_data), "a document that the reader did not send")
            require(document == document_of(rogue.read_data[-1], document.photo), "another document than was sent")
            return "read"
        case 2:
            reader.wait_for_removal(0.05)
            return "removed"
        case _:
            require(len(reader.identify().sam_id) >= 38, "a module's number as it is printed")
            return "identified"


def _texts() -> list[bytes]:
    return [text_of(load_document(name)) for name in NAMES]


FRAMES: Final = Target(
    name="id-reader-frames",
    engine="atheris",
    prepare=always(decoding),
    seeds=lambda: [frame(b"\0\0\x9f" + bytes(4))[5:], frame(b"\0\0\x80")[5:], frame(b"\0\0\x90" + bytes(1284))[5:]],
    reached=frozenset({"answer", "damaged", "unfinished"}),
    examples=400,
)
TEXTS: Final = Target(
    name="id-reader-texts",
    engine="atheris",
    prepare=always(reading_text),
    seeds=_texts,
    reached=frozenset({"resident", "hk_macau_taiwan_resident", "foreigner_2017", "foreigner_2023", "unreadable"}),
    examples=400,
)
READER: Final = Target(
    name="id-reader-document",
    engine="hypothesis",
    prepare=always(serving),
    seeds=lambda: [
        b"\0", b"\0\0\0\0\5", b"\0\0\0\0\7\1\0\0", b"\0\0\0\5", b"\1\3\0", b"\2\3\1", b"\3", b"\3\2\20" + bytes(16),
        b"\1\0\0\4\2\x05\x00", b"\3" + b"\5\0" * 9,
    ],
    reached=frozenset({"read", "removed", "identified", "ProtocolViolation", "TimedOut"}),
    examples=20,
)  # fmt: skip
