"""The card printer's wire: a printer that answers anything to any command, and a blank chip that does.

Whatever is answered, a command that moves a card or prints goes out once, and what is said to be done is what the last
sensors said.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.card_printer.escape import EscapeCardPrinter, Limits
from drivers.card_reader.personalisation import BlankSession
from drivers.ports.card_encoder import PersonalisationRefused
from drivers.ports.card_printer import Bin, Face, IssuanceRefused, IssuanceToken, Media, Position
from drivers.ports.errors import DeviceError, NotConnected, TimedOut
from drivers.transport.apdu import ApduChannel
from drivers.transport.byte_line import ByteLine
from simulators.card.application import CardApplication
from tests.blanks import DATA, blank, centre_answers
from tests.fuzz.decisions import Decisions
from tests.fuzz.target import Target, always, require, tells_nothing
from tests.stack import DirectContact

CENTRE: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
JOB: Final = "ab" * 16
FACE: Final = Face(bytes(1016 * 648 * 3), bytes(127 * 648))
WORDS: Final = (
    b"OK", b"JAM", b"TWO FED", b"HOPPER EMPTY", b"RIBBON EMPTY", b"COVER OPEN", b"CARD INSIDE", b"NO CARD", b"BIN FULL",
    b"NO FACE", b"RIBBON ENDED", b"BUSY", b"UNKNOWN",
)  # fmt: skip
WHERE: Final = (b"none", b"contact", b"exit", b"print", b"transport")
STATES: Final = (b"ok", b"ok", b"ok", b"moving", b"jam", b"two")


@dataclass
class RogueLine(ByteLine):
    """The other side says what the case says."""

    script: Decisions
    sent: list[bytes] = field(default_factory=list)
    sensors: bytes = b""
    """What the last whole answer to ``Rse`` was."""
    heard: bytes = b""

    def __post_init__(self) -> None:
        super().__init__("card_printer", "a rogue")

    def _opened(self) -> int:
        raise NotImplementedError

    @property
    def _ends(self) -> bool:
        return True

    def open(self) -> bool:
        """Always there."""
        if self._descriptor is not None:
            return False
        self._descriptor, self.heard = 0, b""
        return True

    def close(self) -> None:
        """Forget it."""
        self._descriptor = None

    def write(self, octets: bytes, deadline: float) -> None:
        """Note the command and answer it."""
        self.sent.append(octets[1:-1].partition(b";")[0])
        answer = self._answer(self.sent[-1])
        self.heard += answer
        if self.sent[-1] == b"Rse":
            self.sensors = answer

    def read(self, deadline: float) -> bytes:
        """What was answered, once."""
        if self.script.chance(40):
            raise NotConnected("card_printer", "went away")
        if not self.heard:
            raise TimedOut("card_printer", "nothing came in time")
        heard, self.heard = self.heard, b""
        return heard

    def _answer(self, letters: bytes) -> bytes:
        match self.script.number(12):
            case 11:
                return self.script.chunk()
            case 10:
                return self.script.chunk() + b"\r"
            case 9:
                return b""
            case 8:
                return self.script.choice(WORDS) + b"\r"
        match letters:
            case b"Rse":
                return self._sensors()
            case b"Rlr":
                return b"YMCKO;%d\r" % (7 - self.script.number(3))
            case _:
                return b"OK\r"

    def _sensors(self) -> bytes:
        return (
            b"card=" + self.script.choice(WHERE) + b";state=" + self.script.choice(STATES)
            + b";hopper=ok;reject=ok;retained=ok;cover=closed\r"
        )  # fmt: skip


def issuing(case: bytes) -> str:
    """One card on a printer that answers anything."""
    script = Decisions(case)
    how_far = script.number(5)
    line = RogueLine(script)
    printer = EscapeCardPrinter(
        line, CENTRE.public_key(), "t", now_ms=lambda: 0, limits=Limits(settle_s=0.0), pause=lambda _: None
    )
    unsigned = IssuanceToken(JOB, "t", 1, b"")
    token = IssuanceToken(JOB, "t", 1, CENTRE.sign(unsigned.signed_bytes))
    steps: list[tuple[str, bytes, Callable[[], None], tuple[bytes, ...]]] = [
        ("fed", b"Sis", lambda: printer.feed(token), (b"contact",)),
        ("printed", b"Se", lambda: printer.print_face(JOB, FACE), ()),
        ("offered", b"Ser", printer.eject, (b"exit", b"none")),
        ("retained", b"Ser", lambda: printer.discard(Bin.RETAINED), (b"none",)),
    ]
    outcome = "asked"
    try:
        status = printer.status()
        require(
            (status.media is Media.NOT_PRESENT) <= (status.position is Position.NONE), "no card, and it is somewhere"
        )
        for name, letters, step, places in steps[:how_far]:
            before = line.sent.count(letters)
            step()
            require(line.sent.count(letters) - before <= 1, f"{letters.decode()} went out twice")
            told = line.sensors
            require(not places or any(b"card=" + place in told for place in places), f"{name}, and no sensor said so")
            outcome = name
    except (DeviceError, IssuanceRefused) as error:
        tells_nothing(error, [token.signature])
        outcome = type(error).__name__
    require(line.sent.count(b"Sis") <= 1, "a blank was fed twice")
    require(line.sent.count(b"Se") <= 1, "a face was printed twice")
    return outcome


def personalising(case: bytes) -> str:
    """A blank chip of which some answers are the case's."""
    script = Decisions(case)
    chip = CardApplication(blank(), draw=bytes)

    def answer(command: bytes) -> bytes:
        genuine = chip.transmit(command)
        match script.number(24):
            case 23:
                return script.chunk()
            case 22:
                return genuine[:-2] + script.take(2).ljust(2, b"\x6f")
            case 21:
                return script.chunk() + genuine[-2:]
        return genuine

    contact = DirectContact(answer)
    session = BlankSession(ApduChannel(contact))
    name, number = DATA.holder.name, DATA.holder.social_security_number
    try:
        of = session.identify()
        session.personalise(centre_answers(of, session.draw_challenge()), DATA)
    except (DeviceError, PersonalisationRefused, ValueError) as error:
        tells_nothing(error, [name, number, DATA.card_number])
        outcome = type(error).__name__
    else:
        outcome = "personalised"
    last = [command for command in contact.commands if command[1] in (0xDC, 0xD6)]
    written = chip.card.social_security
    if written is not None and written.issuer is not None:
        require(last[-1][:3] == b"\x00\xdc\x03", "something was written behind the norm version")
    require(len(contact.commands) < 1000, "commands without end")
    return outcome


def _whole_way() -> list[bytes]:
    """Cases that come to an end: one byte for the kind of each answer, then what is in it, then whether it is heard."""
    ok, ribbon = bytes(2), bytes(3)
    nowhere, contact, offered = bytes(4), b"\0\1\0\0", b"\0\2\0\0"
    asked = ok + nowhere + ribbon
    feed = nowhere + ribbon + ok + contact
    face = contact + ribbon + ok * 6 + contact + b"\0\1\0"
    broken = contact + ribbon + ok * 5 + b"\x08\1\0" + b"\0\3\4\0" + b"\0\1\0"
    eject = contact + ribbon + ok + offered
    retain = offered + ribbon + ok + nowhere
    return [
        b"\0" + asked,
        b"\1" + asked + feed,
        b"\2" + asked + feed + face,
        b"\2" + asked + feed + broken,
        b"\3" + asked + feed + face + eject,
        b"\4" + asked + feed + face + eject + retain,
        b"\1" + asked + nowhere + ribbon + b"\x09" + b"\0" + ok + contact,  # the answer to the feed is lost
        b"\1" + asked + nowhere + ribbon + ok + b"\0\4\4\0",
    ]


PRINTER: Final = Target(
    name="card-printer-issuing",
    engine="atheris",
    prepare=always(issuing),
    seeds=_whole_way,
    reached=frozenset(
        {
            "asked", "fed", "printed", "offered", "retained",
            "ProtocolViolation", "TimedOut", "MediaJammed", "PartlyPrinted",
        }
    ),
    examples=120,
)  # fmt: skip
CHIP: Final = Target(
    name="card-encoder-chip",
    engine="atheris",
    prepare=always(personalising),
    seeds=lambda: [
        b"",
        bytes(12) + b"\x17\2\x6a\x82",
        bytes(3) + b"\x16\x69\x82",
        bytes(60) + b"\x15\4abcd",
        b"\x16\x90\0",
    ],
    reached=frozenset({"personalised", "ProtocolViolation"}),
    examples=150,
)
