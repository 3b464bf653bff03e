"""A card printer behind an IPP queue, CUPS' or its own (docs/wire-card-printer.md): it prints, and can do nothing else.

The blank leaves the hopper with its face, and the card drops where anybody can take it. The encoder is another device
beside it. A face is handed over once, under the job's own name; by that name the queue is asked before anything goes
out, and about whatever was not answered.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.card_printer.ipp_document import PWG_RASTER, document_of, format_of
from drivers.card_printer.ipp_queue import IppQueue, Job, JobState, NotSent, Refused, words
from drivers.card_printer.ipp_status import DESCRIBED, RESOLUTION, card_size, status_of, trouble_of
from drivers.card_printer.ipp_wire import DEVICE, Attribute, Tag, Told
from drivers.card_printer.leave import require_leave
from drivers.ports.card_printer import (
    Ability,
    Bin,
    CardPrinterStatus,
    Face,
    IssuanceRefused,
    IssuanceToken,
    Refusal,
)
from drivers.ports.errors import Busy, DeviceError, NotEquipped, PartlyPrinted, ProtocolViolation, TimedOut

LOOK_S: Final = 0.5
"""Seconds between two looks at a job."""

_trace = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the queue may take, in seconds."""

    answer_s: float = 3.0
    """For a question."""
    hand_over_s: float = 20.0
    """For a job's two megabytes and the word that it was taken on."""
    print_s: float = 120.0
    """From there to its end, the blank's feeding and everything that waits before it included."""
    settle_s: float = 10.0
    """For a queue that fell silent to speak again, and for a cancelled job to come to rest."""


class IppCardPrinter:
    """A :class:`drivers.ports.card_printer.CardPrinter` without abilities. Nothing is asked before the first call."""

    def __init__(
        self,
        queue: IppQueue,
        centre: Ed25519PublicKey,
        terminal: str,
        *,
        now_ms: Callable[[], int],
        limits: Limits | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        :param centre: the key by which the centre signs its answers and its tokens.
        :param terminal: this terminal's id, as tokens name it.
        :param now_ms: UTC by the best clock there is, milliseconds since 1970.
        :param pause: waits so many seconds.
        """
        self._queue = queue
        self._centre = centre
        self._terminal = terminal
        self._now_ms = now_ms
        self._limits = limits or Limits()
        self._pause = pause
        self._printed: set[str] = set()
        self._job: str | None = None
        """Which job has its leave and no face yet."""

    @property
    def abilities(self) -> frozenset[Ability]:
        """None of them."""
        return frozenset()

    def status(self) -> CardPrinterStatus:
        """Ask the printer; see :meth:`drivers.ports.card_printer.CardPrinter.status`."""
        return status_of(self._described())

    def standing(self, job_id: str) -> JobState | None:
        """How far the queue says that a job's face is: for whoever settles it after a restart.

        None: it knows of none. That proves nothing, as queues forget.

        :raises DeviceError: it does not say.
        """
        jobs = self._queue.jobs_named(_name(job_id), self._limits.answer_s)
        return max((job.state for job in jobs), default=None)

    def feed(self, token: IssuanceToken) -> None:
        """Take the leave; nothing moves yet. See :meth:`drivers.ports.card_printer.CardPrinter.feed`."""
        require_leave(token, self._centre, self._terminal, self._now_ms())
        if token.job_id in self._printed or self.standing(token.job_id) is not None:
            raise IssuanceRefused(Refusal.FED_ALREADY)
        trouble = trouble_of(self._described())
        if trouble is not None:
            raise trouble
        self._job = token.job_id

    def print_face(self, job_id: str, face: Face) -> None:
        """Print a whole card; see :meth:`drivers.ports.card_printer.CardPrinter.print_face`."""
        if job_id in self._printed or self.standing(job_id) is not None:
            raise IssuanceRefused(Refusal.PRINTED_ALREADY)
        if job_id != self._job:
            raise IssuanceRefused(Refusal.NOT_FED)
        described = self._described()
        trouble = trouble_of(described)
        if trouble is not None:
            raise trouble
        raster_kinds = words(described, "pwg-raster-document-type-supported")
        media_type = format_of(words(described, "document-format-supported"), raster_kinds)
        if media_type is None:
            raise ProtocolViolation(DEVICE, "its queue takes no picture")
        how, document = _how(described, media_type), document_of(face, media_type)
        self._printed.add(job_id)  # before it goes out: from here on there may be a card
        self._job = None
        self._judge(self._followed(self._handed_over(job_id, how, media_type, document)))

    def eject(self) -> None:
        """Raise :class:`~drivers.ports.errors.NotEquipped`: a printed card has dropped already."""
        raise NotEquipped(DEVICE, "it holds no card at an exit")

    def wait_until_taken(self, timeout_s: float) -> None:
        """Raise :class:`~drivers.ports.errors.NotEquipped`: nobody tells who took a card."""
        raise NotEquipped(DEVICE, "it does not see whether a card was taken")

    def discard(self, to: Bin) -> None:
        """Raise :class:`~drivers.ports.errors.NotEquipped`."""
        raise NotEquipped(DEVICE, "it has no bins")

    def close(self) -> None:
        """Every request had a connection of its own: nothing is open."""

    def _described(self) -> Told:
        return self._queue.description(DESCRIBED, self._limits.answer_s)

    def _handed_over(self, job_id: str, how: tuple[Attribute, ...], media_type: str, document: bytes) -> Job:
        """Send it once. What was not answered is looked for by its name, and not found is not proof of anything."""
        name, limits = _name(job_id), self._limits
        try:
            return self._queue.print_job(name, how, media_type, document, limits.hand_over_s)
        except (NotSent, Busy, Refused):
            self._take_back(job_id)
            raise
        except DeviceError as lost:
            _trace.debug("the answer to a face was lost")
            return self._found(name, lost)

    def _take_back(self, job_id: str) -> None:
        """It was not taken on, by the queue's own word or for want of a connection: it may be tried again."""
        self._printed.discard(job_id)
        self._job = job_id

    def _found(self, name: str, lost: DeviceError) -> Job:
        deadline = time.monotonic() + self._limits.settle_s
        while True:
            try:
                jobs = self._queue.jobs_named(name, self._limits.answer_s)
            except DeviceError as silence:
                _trace.debug("a queue can't be asked: %s", silence)
            else:
                if jobs:
                    return jobs[0]
            if time.monotonic() >= deadline:
                raise PartlyPrinted(DEVICE, "nobody tells whether a face was begun") from lost
            self._pause(LOOK_S)

    def _followed(self, job: Job) -> Job:
        """The job at its end. One that does not come to it, or waits for somebody's hand, is cancelled: a card that is
        printed when the jam is cleared, an hour later, would be one too many.
        """
        deadline = time.monotonic() + self._limits.print_s
        heard_at = time.monotonic()
        trouble: DeviceError | None = None
        while not job.state.ended and trouble is None:
            self._pause(LOOK_S)
            try:
                job = self._looked_at(job)
                trouble = trouble_of(self._described(), printing=True)
                heard_at = time.monotonic()
            except PartlyPrinted:
                raise
            except DeviceError as silence:
                if time.monotonic() >= heard_at + self._limits.settle_s:
                    trouble = silence
            if job.state is JobState.STOPPED or time.monotonic() >= deadline:
                trouble = trouble or TimedOut(DEVICE, "a face does not come to its end")
        if job.state.ended:
            return job
        return self._called_off(job, trouble or TimedOut(DEVICE, "a face does not come to its end"))

    def _called_off(self, job: Job, trouble: DeviceError) -> Job:
        deadline = time.monotonic() + self._limits.settle_s
        cancelled = False
        while not job.state.ended:
            try:
                if not cancelled:
                    self._queue.cancel(job.number, self._limits.answer_s)
                    cancelled = True
            except Refused:
                cancelled = True  # it has ended by itself: the next look tells how
            except DeviceError as silence:
                _trace.debug("a job can't be cancelled yet: %s", silence)
            try:
                job = self._looked_at(job)
            except PartlyPrinted:
                raise
            except DeviceError as silence:
                _trace.debug("a job can't be looked at: %s", silence)
            if time.monotonic() >= deadline:
                raise PartlyPrinted(DEVICE, "a face was handed over and nobody tells its end") from trouble
            if not job.state.ended:
                self._pause(LOOK_S)
        if job.state is not JobState.COMPLETED:
            _failed(job, trouble)
        return job

    def _looked_at(self, job: Job) -> Job:
        seen = self._queue.job(job.number, self._limits.answer_s)
        if seen is None or (seen.name and seen.name != job.name):
            raise PartlyPrinted(DEVICE, "its queue has forgotten a face that it had taken on")
        return seen

    def _judge(self, job: Job) -> None:
        if job.state is not JobState.COMPLETED:
            try:
                trouble = trouble_of(self._described(), printing=True)
            except DeviceError as silence:
                trouble = silence
            _failed(job, trouble or TimedOut(DEVICE, "somebody, or the printer, has called it off"))


def _failed(job: Job, trouble: DeviceError) -> NoReturn:
    if job.begun:
        raise PartlyPrinted(DEVICE, "a face was called off and may have been begun") from trouble
    raise trouble


def _name(job_id: str) -> str:
    return f"card {job_id}"


def _how(described: Told, media_type: str) -> tuple[Attribute, ...]:
    """How a face is to be printed, in the words that the printer itself offers.

    :raises ProtocolViolation: it has no cards.
    """
    size = card_size(words(described, "media-supported"))
    if size is None:
        raise ProtocolViolation(DEVICE, "its queue prints on nothing of a card's size")
    how = [Attribute(Tag.KEYWORD, "media", (size,)), Attribute(Tag.INTEGER, "copies", (1,))]
    # A picture fills the card to its edges; a raster is the card already.
    wanted = {
        "print-scaling": "none" if media_type == PWG_RASTER else "fill",
        "print-color-mode": "color",
        "sides": "one-sided",
    }
    how += [
        Attribute(Tag.KEYWORD, name, (word,))
        for name, word in wanted.items()
        if word in words(described, f"{name}-supported")
    ]
    if RESOLUTION in described.get("printer-resolution-supported", ()):
        how.append(Attribute(Tag.RESOLUTION, "printer-resolution", (RESOLUTION,)))
    return tuple(how)
