"""The terminal of a campaign: ``python -m tests.e2e.replacements.terminal SITE``, without a window.

Real conductor, journal, ledger, stock's book, drivers and central client; a citizen who touches the screen. Each line
on standard input is a :class:`Life`, lived in a process of its own that is forked off here, so that nothing is imported
twice. Lines on standard output: ``alive PID``, ``at NUMBER WHAT`` before each device call, question to the centre and
entry, ``line NUMBER COMMAND`` before each write to the printer, ``shows VIEW [CODE]``, ``struck``, and ``ended HOW``
once the process is gone: ``rest`` when nothing was left to do, a signal's number, or the exit code.
"""

import functools
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, NoReturn, cast

import msgspec
import numpy as np
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from drivers.capture_unit import EscapeCaptureUnit
from drivers.capture_unit.motor import BAUD_RATE
from drivers.capture_unit.motor import Limits as SlotLimits
from drivers.card_encoder import PcscCardEncoder
from drivers.card_printer import EscapeCardPrinter
from drivers.card_printer.escape import Limits
from drivers.card_reader import PcscCardReader
from drivers.ports.card_printer import Face
from drivers.ports.pin_pad import PadIdentity, PinPad
from drivers.transport.byte_line import SerialPortLine, TcpLine
from kiosk.central_client import CentralClient, ClockOffset, SignedConnection
from kiosk.custody import StockBook, StorageSizes
from kiosk.journeys.requests import AskCentre, CentreAnswer, Distrusted, Unreachable
from kiosk.journeys.views import (
    Attract,
    ChooseService,
    FeeCode,
    Home,
    InsertCard,
    Intent,
    Menu,
    OpenMenu,
    Payment,
    Scene,
    View,
    actions_of,
)
from kiosk.journeys.wording import Say
from kiosk.ledger import Ledger
from kiosk.policy.pack import load_pack
from kiosk.policy.region import Region
from kiosk.records.china_time import CHINA
from kiosk.records.custody import Movement
from kiosk.records.filings import Enclosure
from kiosk.records.transaction import Service, Stage, Transaction
from kiosk.runtime.card_making import CardMaker
from kiosk.runtime.centre import put_question
from kiosk.runtime.conductor import Conductor
from kiosk.runtime.journal import DurableJournal
from kiosk.runtime.repertoire import JOURNEYS
from kiosk.runtime.surroundings import Devices, Surroundings
from simulators.capture_unit.simulator import Slot
from tests.e2e.replacements.journey import replacement
from tests.e2e.replacements.plan import REGION, Blow, Cut, Replacement, Silence

_log: Final = logging.getLogger(__name__)
STORAGE_KEY: Final = b"s" * 32
SIZES: Final = StorageSizes(
    hopper=100, hopper_low=5, reject_bin=30, reject_bin_high=24, retained_bin=30, retained_bin_high=24
)  # fmt: skip
PACE: Final = 20
"""The terminal's clock runs so much faster than the world's: a minute's patience is three seconds."""
REST: Final = 7
"""Exit code of a life in which nothing was left to do."""
_GIVE_UP_S: Final = 180.0
_TICK_S: Final = 0.02
_CHIP_S: Final = 5.0
_CODES_SEEN: Final = 3
"""Whoever does not pay leaves after so many seconds of the code, by the terminal's clock."""
_BROUGHT_OUT_S: Final = 3.0
"""A card that was left inside has come out by then, or it is stuck."""
_HAND_S: Final = 1.0
"""Whoever was asked for their card has put it in by then, even where the terminal has thought better of it."""
_NO_MOMENTS: Final = frozenset({"close", "release", "status", "card_present"})
"""Looks that change nothing, and that the terminal takes in between as well."""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where a terminal stands."""

    terminal: str
    key: bytes
    """Ed25519, PEM."""
    region_pack: str
    folder: str
    """Ledger, receipts, clock offset."""
    centre: str
    centre_ca: str
    centre_key_id: str
    centre_key: bytes
    opening_key: bytes
    printer_port: int
    slot_link: str
    slot_folder: str
    """Looked into only to know when nothing more will happen."""
    reader: str
    station: str
    pcscd_socket: str


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """From one start of the terminal to its end."""

    replacement: Replacement
    serves: bool
    """Its citizen comes; else whatever is unfinished is settled."""
    forgetful: bool = False
    """It does not look whether anything is unfinished."""
    pays: bool = True
    cut: Cut | None = None
    silence: Silence | None = None


def tell(line: str) -> None:
    """One line to the campaign, at once."""
    os.write(1, line.encode() + b"\n")


class Moments:
    """Counts what the terminal does, and strikes it at one of them."""

    def __init__(self, cut: Cut | None) -> None:
        self._cut = cut
        self._lock = threading.Lock()
        self._seen = self._written = 0

    def call(self, what: str, do: Callable[[], Any]) -> Any:
        """Do it, as one moment."""
        with self._lock:
            number, self._seen = self._seen, self._seen + 1
        tell(f"at {number} {what}")
        struck = self._strikes(number, what)
        if struck and self._is(Blow.BEFORE):
            strike()
        answer = do()
        if struck and self._is(Blow.AFTER):
            strike()
        return answer

    def write(self, octets: bytes) -> int:
        """How many of the bytes that are about to go out do so before the end; all of them but at the cut."""
        with self._lock:
            number, self._written = self._written, self._written + 1
        tell(f"line {number} {octets.lstrip(bytes((0x1B,)))[:5].split(b';')[0].strip().decode('ascii', 'replace')}")
        cut = self._cut
        if cut is None or cut.blow is not Blow.LINE or cut.number != number:
            return len(octets)
        return int(len(octets) * cut.share)

    def _strikes(self, number: int, what: str) -> bool:
        cut = self._cut
        if cut is None:
            return False
        return cut.what == what if cut.what else cut.number == number

    def _is(self, blow: Blow) -> bool:
        return self._cut is not None and self._cut.blow is blow


def strike() -> NoReturn:
    """Die like under ``kill -9``, here."""
    tell("struck")
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("SIGKILL is never outlived")


class _Watched:
    """A device whose every call is a moment."""

    def __init__(self, device: Any, moments: Moments) -> None:
        self._device, self._moments = device, moments

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._device, name)
        if not callable(found) or name in _NO_MOMENTS:
            return found
        return functools.partial(self._called, name, found)

    def _called(self, name: str, found: Callable[..., Any], *arguments: Any) -> Any:
        return self._moments.call(name, lambda: found(*arguments))


class _WatchedLine(TcpLine):
    """A line to the printer that may end in the middle of a command."""

    def __init__(self, port: int, moments: Moments) -> None:
        super().__init__("card_printer", "127.0.0.1", port)
        self._moments = moments

    def write(self, octets: bytes, deadline: float) -> None:
        through = self._moments.write(octets)
        super().write(octets[:through], deadline)
        if through < len(octets):
            strike()


class _WatchedJournal(DurableJournal):
    """A journal whose every entry is a moment, and which knows whether anything is left to do."""

    def __init__(self, site: Site, offset: ClockOffset, moments: Moments, *, forgetful: bool) -> None:
        opening = X25519PublicKey.from_public_bytes(site.opening_key)
        folder, keys = Path(site.folder), {site.centre_key_id: Ed25519PublicKey.from_public_bytes(site.centre_key)}
        super().__init__(
            lambda: Ledger.open(folder / "ledger", site.terminal, STORAGE_KEY, opening),
            offset,
            folder / "receipts",
            site.terminal,
            keys,
        )
        self._moments, self._forgetful = moments, forgetful
        self.left_to_do = True

    def append(self, transaction: Transaction, enclosure: Enclosure | None = None) -> int:
        name = transaction.step.value if transaction.step is not None else transaction.stage.value
        sequence: int = self._moments.call(name, lambda: super(_WatchedJournal, self).append(transaction, enclosure))
        self.left_to_do = transaction.stage is not Stage.FINISHED
        return sequence

    def append_movement(self, movement: Movement, **rest: Any) -> int:
        name = f"book_{movement.move.value}"
        sequence: int = self._moments.call(name, lambda: super(_WatchedJournal, self).append_movement(movement, **rest))
        return sequence

    def unsettled(self) -> Transaction | None:
        found = None if self._forgetful else super().unsettled()
        self.left_to_do = found is not None
        return found

    def close_interrupted(self) -> int:
        return 0 if self._forgetful else super().close_interrupted()


class _Line:
    """The central client, whose line may be down."""

    def __init__(self, client: CentralClient, moments: Moments, silence: Silence | None) -> None:
        self._client, self._moments, self._silence = client, moments, silence
        self._asked = 0

    def __call__(self, request: AskCentre) -> CentreAnswer | Unreachable | Distrusted:
        number, self._asked = self._asked, self._asked + 1
        name, silence = type(request.question).__name__, self._silence
        silent = silence is not None and silence.first <= number < silence.first + silence.count
        if silence is not None and silent and not silence.arrives:
            tell(f"unheard {name}")
            return Unreachable(maybe_done=False)
        answer: CentreAnswer | Unreachable | Distrusted = self._moments.call(
            name, lambda: put_question(self._client, request)
        )
        if silent:
            tell(f"unheard {name}")
            return Unreachable(maybe_done=True)
        return answer


class _Pad:
    """A PIN pad that nobody types on."""

    def identify(self) -> PadIdentity:
        return PadIdentity("sunson", "1", "PAD1")

    def cancel(self) -> None:
        return None


class _Citizen:
    """The window, and whoever stands before it and touches what leads to a new card."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._view: View | None = None
        self._asked_whether_there = False
        self._answered: View | None = None
        self._patience = _CODES_SEEN
        self.served = not life.serves
        """Nothing more is wanted."""
        self.asked_for_card_at = -_HAND_S
        """By this process's monotonic clock."""

    def show(self, scene: Scene) -> None:
        self._view = scene.view
        self._asked_whether_there = scene.still_there is not None
        name = type(scene.view).__name__
        code = scene.view.code_url if isinstance(scene.view, FeeCode) else ""
        if isinstance(scene.view, InsertCard):
            self.asked_for_card_at = time.monotonic()
        tell(f"shows {name} {code}".rstrip())

    def reset_preferences(self) -> None:
        """The citizen reads everything."""

    def words(self, sentence: Say) -> str:
        return str(sentence)

    def touch(self, conductor: Conductor) -> None:
        """Answer what is shown, once."""
        view = self._view
        if self._asked_whether_there:
            self._asked_whether_there = False
            conductor.activity(large=False)
        if view is None or view is self._answered:
            return
        wish = self._wish(view)
        if wish is not None:
            self._answered = view
            conductor.intent(wish)

    def _wish(self, view: View) -> Any:
        menu, service = OpenMenu(Menu.LOST), ChooseService(Service.CARD_REPLACEMENT)
        offered = {action.intent for action in actions_of(view)}
        match view:
            case Attract():
                return None if self.served else Intent.START
            case Home() if not self.served and service in offered:
                self.served = True
                return service
            case Home() if not self.served and menu in offered:
                return menu
            case Home():
                return Intent.CANCEL if Intent.CANCEL in offered else Intent.BACK
            case FeeCode(payment=Payment.WAITING):
                self._patience -= 1
                return None if self._life.pays or self._patience > 0 else Intent.CANCEL
            case _:
                usual = (Intent.NEXT, Intent.DONE)
                return next((intent for intent in usual if intent in offered), None)


def live(site: Site, life: Life) -> None:
    """Be the terminal until nothing is left to do."""
    os.environ["PCSCLITE_CSOCK_NAME"] = site.pcscd_socket
    folder = Path(site.folder)
    moments = Moments(life.cut)
    key = cast("Ed25519PrivateKey", serialization.load_pem_private_key(site.key, None))
    signing = Ed25519PublicKey.from_public_bytes(site.centre_key)
    offset = ClockOffset(folder / "offset")
    connection = SignedConnection(
        site.centre,
        Path(site.centre_ca),
        terminal_id=site.terminal,
        key=key,
        centre_keys={site.centre_key_id: signing},
        clock=time.time,
        offset=offset,
    )
    journal = _WatchedJournal(site, offset, moments, forgetful=life.forgetful)
    slot = cast("Any", _Watched(_slot(site), moments))
    maker = CardMaker(
        cast("Any", _Watched(_printer(site, signing, moments), moments)),
        cast("Any", _Watched(PcscCardEncoder(site.station, answer_limit_s=_CHIP_S), moments)),
        cast("Any", _Watched(PcscCardReader(site.station, answer_limit_s=_CHIP_S), moments)),
        StockBook(journal, REGION, SIZES, clock=time.time, offset_ms=lambda: 0),
        cast("Any", None),  # the face comes with the journey
        slot,
    )
    cast("dict[Service, Any]", JOURNEYS)[Service.CARD_REPLACEMENT] = replacement(
        life.replacement, _FACE, again=life.forgetful
    )
    woken = threading.Event()
    citizen = _Citizen(life)
    conductor = Conductor(
        Region(load_pack(Path(site.region_pack))),
        Devices(
            PcscCardReader(site.reader, answer_limit_s=_CHIP_S),
            cast("PinPad", _Pad()),
            card_maker=maker,
            capture_unit=slot,
        ),
        _Line(CentralClient(connection), moments, life.silence),
        journal,
        citizen,
        Surroundings(
            lambda: time.monotonic() * PACE,
            _today,
            lambda: life.replacement.job,
            woken.set,
            lambda: datetime.now(CHINA),
        ),
    )
    deadline, rests_since = time.monotonic() + _GIVE_UP_S, 0.0
    while True:
        conductor.tick()
        hand_comes = time.monotonic() - citizen.asked_for_card_at < _HAND_S
        rests = citizen.served and conductor.vacant and not journal.left_to_do and not hand_comes
        rests_since = (rests_since or time.monotonic()) if rests else 0.0
        if rests and (not _holds_card(site) or time.monotonic() - rests_since > _BROUGHT_OUT_S):
            return
        if life.forgetful or not journal.left_to_do or not conductor.vacant:
            citizen.touch(conductor)
        if time.monotonic() > deadline:
            raise TimeoutError(f"no rest: {conductor.standing}, left to do: {journal.left_to_do}")
        woken.wait(_TICK_S)
        woken.clear()


def _holds_card(site: Site) -> bool:
    """Whether a card lies in the slot, at its contacts or at its mouth."""
    file = Path(site.slot_folder) / "slot.json"
    return file.exists() and msgspec.json.decode(file.read_bytes(), type=Slot).card is not None


def _printer(site: Site, centre: Ed25519PublicKey, moments: Moments) -> EscapeCardPrinter:
    limits = Limits(answer_s=2.0, download_s=5.0, feed_s=5.0, print_s=8.0, eject_s=5.0, settle_s=3.0)
    return EscapeCardPrinter(
        _WatchedLine(site.printer_port, moments),
        centre,
        site.terminal,
        now_ms=lambda: int(time.time() * 1000),
        limits=limits,
        pause=lambda seconds: time.sleep(seconds / PACE),
    )


def _slot(site: Site) -> EscapeCaptureUnit:
    limits = SlotLimits(answer_s=2.0, move_s=3.0, settle_s=2.0)
    line = SerialPortLine("capture_unit", site.slot_link, BAUD_RATE)
    return EscapeCaptureUnit(line, limits=limits, pause=lambda seconds: time.sleep(seconds / PACE))


def _today() -> date:
    return datetime.now(UTC).astimezone(CHINA).date()


def _face() -> Face:
    picture = np.full((648, 1016, 3), 255, np.uint8)
    picture[200:400, 100:500] = (200, 30, 90)
    picture[500:520, 100:900] = 0
    return Face(picture.tobytes())


_FACE: Final = _face()


def main() -> None:
    """Fork off one life after the other, until standard input ends."""
    site = msgspec.json.decode(sys.argv[1].encode(), type=Site)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(process)d %(levelname)s %(name)s %(message)s")
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        life = msgspec.json.decode(line.encode(), type=Life)
        pid = os.fork()
        if pid == 0:
            _live_and_exit(site, life)
        tell(f"alive {pid}")
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        tell(f"ended {'rest' if code == REST else code}")


def _live_and_exit(site: Site, life: Life) -> NoReturn:
    code = 1
    try:
        live(site, life)
        code = REST
    finally:
        if code != REST:
            _log.error("a life of the terminal ended by itself", exc_info=True)
        os._exit(code)


if __name__ == "__main__":
    main()
