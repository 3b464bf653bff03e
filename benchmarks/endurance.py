"""Ten thousand citizens in a row: what one costs at the start and at the end, and what stays in memory.

In the path: the real conductor with its four lanes, journeys and region pack, the real ledger on this disk (one sync an
entry), the real card session over a simulated chip. Not in it, because they set the pace themselves: pcscd and the
virtual reader (they look for a card every 0.4 s), the PIN pad's line (a citizen's fingers), the window, and the centre,
whose answers are made here; no uplink runs, so nothing is erased. Every third citizen changes the PIN, which is two
entries. Runs in a process of its own. Run by ``python -m benchmarks.endurance [--quick]``.
"""

import argparse
import gc
import json
import logging
import os
import queue
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from array import array
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from benchmarks.figures import Figure, report
from drivers.card_reader.session import CardSession, recognise
from drivers.ports.card_reader import CardKind
from drivers.ports.errors import NotConnected, TimedOut
from drivers.ports.pin import Pin
from drivers.ports.pin_pad import PadIdentity, PinBlock, WrappedKey
from drivers.transport.apdu import ApduChannel, SecretWriter
from kiosk.central_client import ClockOffset
from kiosk.journeys.requests import AskCentre, CentreAnswer, Distrusted, Unreachable
from kiosk.journeys.views import (
    Attract,
    Choices,
    ChooseService,
    Explain,
    Home,
    InsertCard,
    Intent,
    ReadBack,
    Result,
    Scene,
    Slip,
    TakeCard,
)
from kiosk.journeys.wording import Say
from kiosk.ledger import Ledger
from kiosk.policy.pack import load_pack
from kiosk.policy.region import Region
from kiosk.records.card import CardState
from kiosk.records.questions import (
    CardProof,
    CardProved,
    CardSessionOpened,
    GetRecord,
    HolderRecord,
    OpenCardSession,
    PinVerdict,
    ProveCard,
    RecordAnswer,
)
from kiosk.records.transaction import Service
from kiosk.runtime.conductor import Conductor
from kiosk.runtime.journal import DurableJournal
from kiosk.runtime.surroundings import Devices, Surroundings
from simulators.card.application import CardApplication
from simulators.card.card_file import DECK, load_card_file
from simulators.stand.requirements import REPOSITORY
from tests.journeys.world import World

CITIZENS: Final = 10_000
CARD: Final = "zhumadian-normal"
PINS: Final = ("246810", "135792")
_EVERY: Final = 100
"""Citizens between two looks at the memory."""
_EDGE: Final = 10
"""The first and the last tenth are compared."""
_WARM: Final = 5
"""Memory is fitted after the first fifth: caches fill until then."""
_PATIENCE_S: Final = 20.0


def run(*, quick: bool) -> dict[str, Any]:
    """Every figure of this benchmark, ready for JSON."""
    citizens = 300 if quick else CITIZENS
    inside = [sys.executable, "-m", "benchmarks.endurance", "--inside", str(citizens)]
    measured = subprocess.run(inside, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
    samples: dict[str, Any] = json.loads(measured.stdout)
    return report(_figures(samples), samples)


def _figures(samples: dict[str, Any]) -> list[Figure]:
    took, memory = samples["ms"], samples["resident_kib"]
    citizens, edge = len(took), len(took) // _EDGE
    start, end = statistics.median(took[:edge]), statistics.median(took[-edge:])
    return [
        Figure(
            name=f"{citizens:,} citizens in a row: memory slope",
            unit="KiB/1000",
            median=slope_per_thousand(memory[len(memory) // _WARM :], samples["every"]),
            beside=f"{memory[0] / 1024:.1f} MiB after the first {samples['every']}, {memory[-1] / 1024:.1f} MiB at the "
            f"end; {samples['entries']:,} entries in the ledger",
        ),
        Figure(
            name=f"  time a citizen, the last {edge:,}",
            unit="ms",
            median=end,
            low=min(took[-edge:]),
            high=max(took[-edge:]),
            beside=f"the first {edge:,}: {start:.2f} ms, so {end / start:.2f} ×; write + fdatasync "
            f"{samples['floor_ms'][0]:.2f} ms before, {samples['floor_ms'][1]:.2f} ms after",
        ),
    ]


def slope_per_thousand(memory: list[int], step: int) -> float:
    """The fitted line's rise per thousand citizens, in the unit given; 0 when there are too few to fit."""
    if len(memory) < 2:
        return 0.0
    return float(np.polyfit(np.arange(len(memory)) * step, memory, 1)[0] * 1000)


class _Contact:
    """The wire to the chip in the slot."""

    device = "card_reader"
    expects_length_after_data = False

    def __init__(self, chip: CardApplication) -> None:
        self._chip = chip

    def exchange(self, command: bytes) -> bytes:
        return self._chip.transmit(command)

    def exchange_secret(self, header: bytes, write: SecretWriter) -> bytes:
        buffer = bytearray(64)
        length = write(memoryview(buffer))
        return self._chip.transmit(header + bytes([length]) + bytes(buffer[:length]))


class _Slot:
    """A reader without pcscd: a card is there as soon as it is put in."""

    def __init__(self) -> None:
        self._chip = CardApplication(load_card_file(DECK / f"{CARD}.json"))
        self._moved = threading.Condition()
        self._full = False
        self._session: CardSession | None = None

    def move(self, *, full: bool) -> None:
        with self._moved:
            self._full = full
            self._moved.notify_all()

    def wait_for_card(self, timeout_s: float) -> CardKind:
        with self._moved:
            if not self._moved.wait_for(lambda: self._full, timeout_s):
                raise TimedOut("card_reader", "no card")
        if self._session is None:
            self._chip.reset()
            kind, self._session = recognise(ApduChannel(_Contact(self._chip)), self._chip.atr)
            return kind
        return CardKind.SOCIAL_SECURITY

    def wait_for_removal(self, timeout_s: float) -> None:
        with self._moved:
            if not self._moved.wait_for(lambda: not self._full, timeout_s):
                raise TimedOut("card_reader", "still there")

    def card_present(self) -> bool:
        return self._full

    def card(self) -> CardSession:
        if self._session is None:
            raise NotConnected("card_reader", "no card")
        return self._session

    def release(self) -> None:
        self._session = None
        self._chip.power_off()

    def close(self) -> None:
        """Nothing is held."""


class _Pad:
    """A pad whose citizen types at once what is laid out."""

    def __init__(self) -> None:
        self.typed: queue.SimpleQueue[str] = queue.SimpleQueue()

    def identify(self) -> PadIdentity:
        return PadIdentity("sunson", "1", "PAD1")

    def enter_pin(self, length: int, timeout_s: float, on_count: Callable[[int], None]) -> Pin:
        pin = Pin()
        for count, digit in enumerate(self.typed.get(timeout=_PATIENCE_S), 1):
            pin.append(ord(digit))
            on_count(count)
        return pin

    def enter_pin_block(self, account: str, length: int, timeout_s: float, on_count: Callable[[int], None]) -> PinBlock:
        raise NotImplementedError  # this region's chip holds the PIN

    def load_working_key(self, key: WrappedKey) -> None:
        raise NotImplementedError  # likewise

    def cancel(self) -> None:
        """Nobody cancels."""

    def close(self) -> None:
        """Nothing is held."""


class _Display:
    """Keeps the last scene."""

    def __init__(self) -> None:
        self.scene: Scene | None = None

    def show(self, scene: Scene) -> None:
        self.scene = scene

    def reset_preferences(self) -> None:
        """There are none."""

    def words(self, sentence: Say) -> str:
        """Nothing is printed here."""
        return sentence.text


class _Centre:
    """Knows one card and believes it; asks of it what the real one asks."""

    def __init__(self) -> None:
        card = load_card_file(DECK / f"{CARD}.json").social_security
        if card is None or card.issuer is None or card.holder is None:
            raise ValueError(f"{CARD} is no whole card")
        self._record = HolderRecord(
            name=card.holder.name,
            social_security_number=card.holder.social_security_number,
            card_number=card.issuer.card_number,
            card_state=CardState.NORMAL,
            person_state="1",
            medical_account_fen=123_456,
            medical_account_as_of="2026-11-20",
            bank="中国银行",
            bank_account="****6789",
            bank_side_active=True,
            insurances=[],
        )

    def answer(self, request: AskCentre) -> CentreAnswer | Unreachable | Distrusted:
        match request.question:
            case OpenCardSession():
                return CardSessionOpened(session_id=secrets.token_hex(16), challenge=os.urandom(8))
            case ProveCard():
                return CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL)
            case GetRecord():
                return RecordAnswer(pin=PinVerdict.ACCEPTED, record=self._record)
            case other:
                raise NotImplementedError(type(other).__name__)


class _Hall:
    """The terminal without its window, and whoever comes."""

    def __init__(self, folder: Path) -> None:
        self.slot, self.pad, self.display = _Slot(), _Pad(), _Display()
        self._woken = threading.Event()
        self._pin = 0
        centre_key = X25519PrivateKey.generate().public_key()
        self.ledger = Ledger.create(folder / "ledger", "bench", bytes(range(32)), centre_key)
        offset = ClockOffset(folder / "clock_offset")
        self._journal = DurableJournal(lambda: self.ledger, offset, folder / "receipts", "bench", {})
        region = Region(load_pack(REPOSITORY / "config" / "regions" / "zhumadian.toml"))
        self._conductor = Conductor(
            region,
            Devices(self.slot, self.pad),
            _Centre().answer,
            self._journal,
            self.display,
            Surroundings(
                time.monotonic,
                lambda: datetime.now(UTC).date(),
                lambda: secrets.token_hex(16),
                self._woken.set,
                lambda: datetime.now(UTC),
            ),
        )

    def close(self) -> None:
        self._conductor.stop()
        self._journal.close()

    def serve(self, service: Service) -> None:
        """One citizen, from the services to the services."""
        old = PINS[self._pin]
        self.pad.typed.put(old)
        if service is Service.PIN_CHANGE:
            self._pin = 1 - self._pin
            self.pad.typed.put(PINS[self._pin])
            self.pad.typed.put(PINS[self._pin])
        answered: Scene | None = None
        chosen, deadline = False, time.monotonic() + _PATIENCE_S
        citizen = World()
        while time.monotonic() < deadline:
            self._conductor.tick()
            scene = self.display.scene
            if scene is None or scene is answered:
                self._woken.wait(0.05)
                self._woken.clear()
                continue
            answered = scene
            match scene.view:
                case Attract():
                    self._conductor.intent(Intent.START)
                case Home() if chosen:
                    return
                case Home():
                    chosen = True
                    self._conductor.intent(ChooseService(service))
                case InsertCard():
                    self.slot.move(full=True)
                case TakeCard():
                    self.slot.move(full=False)
                case Choices() | Explain() | ReadBack() | Result() | Slip() as view:
                    self._conductor.intent(citizen.pick(view))
        raise TimeoutError(f"a citizen was not served: {type(answered.view).__name__ if answered else None}")


def _measure(citizens: int) -> dict[str, Any]:
    logging.disable()
    build = REPOSITORY / "build"  # on this disk, since /tmp may lie in memory
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build) as name:
        hall = _Hall(Path(name))
        # Made at its full length, since a list that grows would be most of the slope.
        took = array("d", bytes(8 * citizens))
        memory, floors = [], [_floor_ms(Path(name))]
        try:
            for number in range(citizens):
                begun = time.perf_counter()
                hall.serve(Service.PIN_CHANGE if number % 3 == 2 else Service.CARD_QUERY)
                took[number] = 1000 * (time.perf_counter() - begun)
                if number % _EVERY == _EVERY - 1:
                    gc.collect()
                    memory.append(_resident_kib())
            entries = hall.ledger.head().sequence
            floors.append(_floor_ms(Path(name)))
        finally:
            hall.close()
    return {
        "ms": [round(one, 3) for one in took],
        "resident_kib": memory,
        "entries": entries,
        "floor_ms": floors,
        "every": _EVERY,
    }


def _floor_ms(folder: Path) -> float:
    taken = []
    file = os.open(folder / "floor", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        for _ in range(200):
            begun = time.perf_counter()
            os.write(file, bytes(1024))
            os.fdatasync(file)
            taken.append(1000 * (time.perf_counter() - begun))
    finally:
        os.close(file)
    return statistics.median(taken)


def _resident_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer citizens")
    parser.add_argument("--inside", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    result = run(quick=options.quick) if options.inside is None else _measure(options.inside)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
