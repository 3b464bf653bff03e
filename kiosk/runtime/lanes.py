"""Device lanes: one thread owns one device, answers come back through one queue."""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from drivers.ports.card_reader import ExternalAuthenticationRefused, HolderDataProtected
from drivers.ports.errors import DeviceError
from kiosk.journeys.requests import LedgerFailed
from kiosk.portrait.guidance import Instruction


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
        self, name: str, answers: Answers, wake: Callable[[], None], expected: tuple[type[BaseException], ...] = ()
    ) -> None:
        """
        :param answers: where answers go.
        :param wake: called after each answer, from the lane's thread.
        :param expected: errors that are answers; any other is a defect, ends the lane and thereby the application.
        """
        self._answers, self._wake = answers, wake
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
            try:
                answer = LaneAnswer(self, ticket, work(), None)
            except self._expected as error:
                answer = LaneAnswer(self, ticket, None, error)
            except BaseException as defect:  # kept and raised in the main thread, where it ends the application
                self._defect = defect
                answer = LaneAnswer(self, ticket, None, RuntimeError(f"{self._thread.name} died"))
                raise
            finally:
                self._answers.put(answer)
                self._wake()


class Lanes:
    """The terminal's lanes, and what comes back from them. Everything but the lanes' own work runs in one thread."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """:param wake: called after each answer, from the lane's thread."""
        self._wake = wake
        self._answers: Answers = queue.SimpleQueue()
        self._aside: dict[int, Callable[[LaneAnswer], None]] = {}
        self._side_ticket = 0
        self.card = Lane("card", self._answers, wake, (HolderDataProtected, ExternalAuthenticationRefused))
        self.pad = Lane("pad", self._answers, wake)
        self.id = Lane("id", self._answers, wake)
        self.centre = Lane("centre", self._answers, wake)
        self.ledger = Lane("ledger", self._answers, wake, (LedgerFailed,))
        self.printer = Lane("printer", self._answers, wake)
        self.camera = Lane("camera", self._answers, wake)

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
        for lane in (self.card, self.pad, self.id, self.centre, self.ledger, self.printer, self.camera):
            lane.close()
