"""Device lanes: one thread owns one device, answers come back through one queue."""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from drivers.ports.card_printer import IssuanceRefused
from drivers.ports.card_reader import ExternalAuthenticationRefused, HolderDataProtected
from drivers.ports.errors import DeviceError
from kiosk.journeys.issuing_requests import BookRefused
from kiosk.journeys.requests import LedgerFailed
from kiosk.portrait.guidance import Instruction

CARD_S: Final = 60.0
"""Twelve answers at their limit of 5 s (drivers/transport/pcsc.py); a wait for a card takes 0.5 s."""
PAD_S: Final = 270.0
"""An entry of 240 s (errands.py), whose limit the pad itself keeps in a byte of seconds, and what is said around it."""
ID_READER_S: Final = 30.0
"""Four commands at their limit of 3 s, each asked twice (drivers/id_reader/serial_reader.py)."""
CENTRE_S: Final = 40.0
"""Two exchanges of at most 8 s after 3 s for connecting, and a name server that is silent."""
LEDGER_S: Final = 120.0
"""Opening it after weeks without a line, on a disk that takes its time: 100 000 entries are verified in some 5 s."""
PRINTER_S: Final = 300.0
"""Seventy portions of 2 KiB, 25 cm of paper, at their limit of 4 s (drivers/receipt_printer/serial_printer.py)."""
CAMERA_S: Final = 120.0
"""A try of 60 s (sitting.py), opening, loading the models, and finishing three pictures on a slow machine."""


MAKER_S: Final = 300.0
"""Printing a face (90 s), its panels on the line at 20 s each, and the waits for a printer that has fallen silent
(drivers/card_printer/escape.py); writing a chip takes some seconds."""

SOUND_S: Final = 20.0
"""Signals of a second each, with 2 s more before one is given up (drivers/sounder/alsa.py)."""

DESK_S: Final = 600.0
"""A technician's longest test: a card printer's, all its time-outs spent, and what is looked at around it."""


@dataclass(frozen=True, slots=True)
class LaneAnswer:
    """What a lane brought back for a ticket."""

    lane: "Lane"
    ticket: int
    value: Any
    error: BaseException | None


@dataclass(frozen=True, slots=True)
class PinCount:
    """So many digits have been typed by now."""

    ticket: int
    count: int


@dataclass(frozen=True, slots=True)
class PortraitAdvice:
    """What whoever sits before the camera is to do now."""

    ticket: int
    instruction: Instruction
    held: float


Meanwhile = PinCount | PortraitAdvice
"""What a lane tells of a request that it has not answered yet."""
Answers = queue.SimpleQueue[LaneAnswer | Meanwhile]


class Lane:
    """Runs blocking work in one thread, one piece after the other."""

    def __init__(
        self,
        name: str,
        answers: Answers,
        wake: Callable[[], None],
        clock: Callable[[], float],
        longest_s: float,
        expected: tuple[type[BaseException], ...] = (),
    ) -> None:
        """
        :param answers: where answers go.
        :param wake: called after each answer, from the lane's thread.
        :param clock: seconds that never go back.
        :param longest_s: no piece of this lane's work takes longer, all its time-outs spent.
        :param expected: errors that are answers; any other is a defect, ends the lane and thereby the application.
        """
        self._answers, self._wake, self._clock, self._longest_s = answers, wake, clock, longest_s
        self._begun_at: float | None = None
        """When the piece of work under way was begun; written by the lane's thread."""
        self._expected: tuple[type[BaseException], ...] = (DeviceError, *expected)
        self._work: queue.SimpleQueue[tuple[int, Callable[[], Any]] | None] = queue.SimpleQueue()
        self._defect: BaseException | None = None
        self._pending = 0
        self._thread = threading.Thread(target=self._run, name=f"lane-{name}", daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether nothing is under way; asked from the thread that submits and takes the answers."""
        return self._pending == 0

    @property
    def name(self) -> str:
        """What its thread is called."""
        return self._thread.name

    def hangs(self, now: float) -> bool:
        """Whether a piece of work has taken longer than any can."""
        begun_at = self._begun_at
        return begun_at is not None and now - begun_at > self._longest_s

    def submit(self, ticket: int, work: Callable[[], Any]) -> None:
        """Queue a piece of work; its answer carries ``ticket``.

        :raises RuntimeError: the lane has died of a defect.
        """
        if self._defect is not None:
            raise RuntimeError(f"{self._thread.name} died") from self._defect
        self._pending += 1
        self._work.put((ticket, work))

    def taken(self) -> None:
        """Note that one of this lane's answers has been taken in."""
        self._pending -= 1

    def close(self, timeout_s: float = 5.0) -> None:
        """Finish what is queued and end the thread."""
        self._work.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            ticket, work = item
            answer = LaneAnswer(self, ticket, None, None)
            self._begun_at = self._clock()
            try:
                answer = LaneAnswer(self, ticket, work(), None)
            except self._expected as error:
                answer = LaneAnswer(self, ticket, None, error)
            except BaseException as defect:  # kept and raised in the main thread, where it ends the application
                self._defect = defect
                answer = LaneAnswer(self, ticket, None, RuntimeError(f"{self._thread.name} died"))
                raise
            finally:
                self._begun_at = None
                self._answers.put(answer)
                self._wake()


class Lanes:
    """The terminal's lanes, and what comes back from them. Everything but the lanes' own work runs in one thread."""

    def __init__(self, wake: Callable[[], None], clock: Callable[[], float]) -> None:
        """
        :param wake: called after each answer, from the lane's thread.
        :param clock: seconds that never go back.
        """
        self._wake, self._clock = wake, clock
        self._answers: Answers = queue.SimpleQueue()
        self._aside: dict[int, Callable[[LaneAnswer], None]] = {}
        self._side_ticket = 0
        self.card = self._lane("card", CARD_S, HolderDataProtected, ExternalAuthenticationRefused)
        self.pad = self._lane("pad", PAD_S)
        self.id = self._lane("id", ID_READER_S)
        self.centre = self._lane("centre", CENTRE_S)
        self.ledger = self._lane("ledger", LEDGER_S, LedgerFailed, BookRefused)
        self.printer = self._lane("printer", PRINTER_S)
        self.camera = self._lane("camera", CAMERA_S)
        self.maker = self._lane("maker", MAKER_S, IssuanceRefused)
        self.sound = self._lane("sound", SOUND_S)
        # Whatever a technician's page meets: a terminal that they are mending must not end under their hands.
        self.desk = self._lane("desk", DESK_S, Exception)

    @property
    def all(self) -> tuple[Lane, ...]:
        """Each of them."""
        return (
            self.card,
            self.pad,
            self.id,
            self.centre,
            self.ledger,
            self.printer,
            self.camera,
            self.maker,
            self.sound,
            self.desk,
        )

    def _lane(self, name: str, longest_s: float, *expected: type[BaseException]) -> Lane:
        return Lane(name, self._answers, self._wake, self._clock, longest_s, expected)

    def do_aside(self, lane: Lane, work: Callable[[], Any], then: Callable[[LaneAnswer], None]) -> None:
        """Have something done that no journey waits for; ``then`` is given the answer when it is taken in."""
        self._side_ticket -= 1
        self._aside[self._side_ticket] = then
        lane.submit(self._side_ticket, work)

    def put(self, told: Meanwhile) -> None:
        """Hand in what is told meanwhile, from the lane's thread."""
        self._answers.put(told)
        self._wake()

    def arrived(self) -> Iterator[LaneAnswer | Meanwhile]:
        """What has come for the journey; what was done aside goes where it belongs."""
        while not self._answers.empty():
            answer = self._answers.get_nowait()
            if isinstance(answer, LaneAnswer):
                answer.lane.taken()
                then = self._aside.pop(answer.ticket, None)
                if then is not None:
                    then(answer)
                    continue
            yield answer

    def close(self) -> None:
        """End them all."""
        for lane in self.all:
            lane.close()
