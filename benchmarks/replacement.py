"""The terminal's own time in one replacement, the card printer's mechanics and the citizen's hands taken out.

The whole stack but the window and the portrait before it: centre and payment provider are processes of their own, the
card printer answers its wire over TCP, the chips answer behind pcscd. A conductor in this process runs what follows a
finished portrait: reserve, paint face and proof, order the fee, token, feed, personalise, print, read back, switch,
eject, commit. The simulated printer takes no time to move; how long it is at work on commands, with pcscd's looks at
its contact station, it tells itself, and that is taken out.
Run by ``python -m benchmarks.replacement [--quick]``, in a process of its own: libpcsclite knows one daemon a process.
"""

import argparse
import io
import json
import logging
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec
from PIL import Image

from benchmarks.figures import Figure, report
from drivers.ports.card_encoder import ChipData
from drivers.ports.card_printer import Face
from drivers.ports.card_reader import HolderData
from kiosk import bootstrap
from kiosk.card_face.painted import PaintedCard
from kiosk.card_face.particulars import Particulars
from kiosk.central_client.client import CentralClient
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.configuration import load_configuration
from kiosk.credentials import read_centre_keys
from kiosk.equipment.terminal import open_devices
from kiosk.journeys.frame import Progress, Session
from kiosk.journeys.issuing import CardInMaking, End, make_card
from kiosk.journeys.issuing_requests import AwaitTaken, PaintCard
from kiosk.journeys.requests import AskCentre, Journey, Record, ask, ask_centre
from kiosk.records.filings import IdentifiedBy
from kiosk.records.issuance import (
    AskFee,
    CardOrder,
    FeeOrdered,
    FeeStanding,
    FeeState,
    IssuanceReserved,
    OrderFee,
    ReplacementReason,
    ReserveIssuance,
)
from kiosk.records.portrait import TakenPortrait
from kiosk.records.transaction import Service, Stage
from kiosk.runtime.centre import put_question
from kiosk.runtime.conductor import Conductor
from kiosk.runtime.journal import DurableJournal
from simulators.card_printer.body import Where
from simulators.stand.requirements import REPOSITORY
from simulators.stand.stand import Stand, StandSettings
from tests.terminal import KeptScreen

_HOLDER: Final = ("411700198504121036", "张示例")
"""Of the demo's centre; each round replaces the card of the round before."""
_TARGET_S: Final = 1.5
_LONGEST_S: Final = 60.0


class NotMade(Exception):
    """A round did not end with a card in a hand."""


@dataclass
class _Round:
    """What one replacement took, in seconds."""

    whole: float = 0.0
    hands: float = 0.0
    """Paying, and taking the card."""
    printer: float = 0.0
    """What the simulated printer was at work, pcscd's looks at its contact station included."""
    by_request: dict[str, float] = field(default_factory=dict)

    @property
    def own(self) -> float:
        return self.whole - self.hands - self.printer


def run(*, quick: bool) -> dict[str, Any]:
    """Every figure of this benchmark, ready for JSON; times in seconds."""
    command = [sys.executable, "-m", "benchmarks.replacement", "--inside", "2" if quick else "8"]
    told = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if told.returncode:
        raise NotMade(told.stderr[-2000:])
    rounds: list[dict[str, Any]] = json.loads(told.stdout.splitlines()[-1])
    part = {name: statistics.median(one[name] for one in rounds) for name in ("whole", "printer", "hands")}
    figure = Figure.of(
        "replacement: the terminal's own time",
        "s",
        [one["own"] for one in rounds],
        at_most=_TARGET_S,
        beside=f"whole {part['whole']:.2f} s, printer and contacts {part['printer']:.2f}, hands {part['hands']:.2f}",
    )
    return report([figure], {"rounds": rounds})


def _measure(rounds: int) -> list[dict[str, Any]]:
    logging.disable()
    with tempfile.TemporaryDirectory() as folder, Stand(StandSettings(state=Path(folder) / "stand")) as stand:
        stand.power_off()  # its ledger and its printer are ours from here on
        os.environ.update(stand.pcscd.environment)
        hall = _Hall(stand)
        try:
            hall.replace()  # what is loaded once is loaded by the first
            return [hall.told(hall.replace()) for _ in range(rounds)]
        finally:
            hall.close()


class _Hall:
    """The terminal of the stand in this process, without its window."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        configuration = load_configuration(stand.place.config)
        self._region = bootstrap.load_region(configuration)
        offset = ClockOffset(configuration.offset_path)
        keys = read_centre_keys(configuration)
        self._connection = bootstrap.connect(configuration, keys, offset)
        client = CentralClient(self._connection)
        self._journal = DurableJournal(
            bootstrap.ledger_opener(configuration), offset, configuration.receipts_path, configuration.terminal.id,
            keys.signing(),
        )  # fmt: skip
        self._devices = open_devices(configuration, self._journal, offset)
        self._woken = threading.Event()
        self._surroundings = bootstrap.surroundings(self._woken.set, offset, bootstrap.load_country(configuration))
        self._conductor = Conductor(
            self._region,
            self._devices,
            lambda request: put_question(client, request),
            self._journal,
            KeptScreen(),
            self._surroundings,
        )
        self._portrait = _portrait()

    def replace(self) -> _Round:
        """One replacement, from the reservation to the hand."""
        self._until_vacant()
        taken, printer = _Round(), self._stand.card_printer.simulator
        busy, begun = printer.busy_s, time.perf_counter()
        self._conductor._at_reception = False
        self._conductor._advance_with(self._timed(self._journey(taken), taken))
        self._until_vacant()
        taken.whole = sum(taken.by_request.values())
        taken.printer = printer.busy_s - busy
        if taken.whole > time.perf_counter() - begun:
            raise NotMade("its parts are longer than the whole")
        return taken

    def told(self, taken: _Round) -> dict[str, Any]:
        """Ready for JSON."""
        return {**msgspec.to_builtins(taken), "own": taken.own}

    def close(self) -> None:
        self._conductor.stop()
        self._journal.close()
        self._connection.close()

    def _until_vacant(self) -> None:
        ends, printer = time.monotonic() + _LONGEST_S, self._stand.card_printer.simulator
        while True:
            self._conductor.tick()
            if self._conductor.vacant and self._conductor.standing == "waits for somebody":
                return
            if printer.body.where is Where.EXIT:
                printer.take_card()
            if time.monotonic() > ends:
                raise NotMade(self._conductor.standing)
            self._woken.wait(0.005)
            self._woken.clear()

    def _timed(self, journey: Journey[None], taken: _Round) -> Journey[None]:
        request = next(journey)
        while True:
            asked = request.question if isinstance(request, AskCentre) else request
            begun = time.perf_counter()
            answer = yield request
            took = time.perf_counter() - begun
            if isinstance(request, AwaitTaken):
                taken.hands += took
            begun = time.perf_counter()
            try:
                request = journey.send(answer)
            except StopIteration:
                return
            finally:
                # What the journey computes itself is added to the request whose answer it computes with.
                took += time.perf_counter() - begun
                name = type(asked).__name__
                taken.by_request[name] = taken.by_request.get(name, 0.0) + took

    def _journey(self, taken: _Round) -> Journey[None]:
        session = Session(secrets.token_hex(16), self._region, self._surroundings.today())
        progress = Progress(Service.CARD_REPLACEMENT, session)
        progress.social_security_number, progress.holder_name = _HOLDER
        progress.identified_by = IdentifiedBy.ID_CARD
        reserved = yield from ask_centre(_wish(session), IssuanceReserved)
        if not isinstance(reserved, IssuanceReserved) or reserved.order is None:
            raise NotMade(str(reserved))
        yield from ask(Record(progress.transaction(Stage.BEGUN)))
        painted = yield from ask(PaintCard(Particulars.of(reserved.order), TakenPortrait(self._portrait)))
        if not isinstance(painted, PaintedCard):
            raise NotMade(str(painted))
        yield from self._pay(session.transaction_id, taken)
        face = Face(painted.face.colour, painted.face.resin)
        chip = _chip(reserved.order, bytes(painted.chip_portrait))
        issued = yield from make_card(progress, CardInMaking(session.transaction_id, chip, face, exchange=False))
        if issued.end is not End.TAKEN:
            raise NotMade(str(issued))
        yield from ask(Record(progress.transaction(Stage.FINISHED)))

    def _pay(self, transaction_id: str, taken: _Round) -> Journey[None]:
        yield from ask_centre(OrderFee(transaction_id=transaction_id), FeeOrdered)
        begun = time.perf_counter()
        self._stand.pay()
        taken.hands += time.perf_counter() - begun
        state = yield from ask_centre(AskFee(transaction_id=transaction_id), FeeState)
        if not isinstance(state, FeeState) or state.standing is not FeeStanding.PAID:
            raise NotMade(str(state))


def _wish(session: Session) -> ReserveIssuance:
    return ReserveIssuance(
        transaction_id=session.transaction_id,
        region=session.region.key,
        social_security_number=_HOLDER[0],
        name=_HOLDER[1],
        identified_by=IdentifiedBy.ID_CARD,
        reason=ReplacementReason.LOST,
    )


def _chip(order: CardOrder, photo: bytes) -> ChipData:
    return ChipData(
        card_class=order.card_class,
        norm_version=order.norm_version,
        issued_on=date.fromisoformat(order.issued_on),
        expires_on=date.fromisoformat(order.expires_on),
        card_number=order.card_number,
        holder=HolderData(
            order.social_security_number, order.name, order.sex, order.ethnic_group, order.birthplace,
            date.fromisoformat(order.birth_date),
        ),
        photo=photo,
    )  # fmt: skip


def _portrait() -> bytes:
    """A picture of a portrait's size; what is on it costs no time."""
    picture = Image.radial_gradient("L").resize((358, 441)).convert("RGB")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--inside", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    print(json.dumps(run(quick=options.quick) if options.inside is None else _measure(options.inside)))


if __name__ == "__main__":
    main()
