"""One queue of an IPP printer: requests to it over HTTP, each within its time, and what its answers mean."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import count
from typing import Final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, NewConnectionError

from drivers.card_printer.ipp_wire import (
    DEVICE,
    Answer,
    Attribute,
    Group,
    Operation,
    Tag,
    Told,
    answer_of,
    request,
)
from drivers.ports.errors import Busy, NotConnected, ProtocolViolation, TimedOut
from drivers.transport import wire_trace

CONNECT_S: Final = 1.0
LONGEST_ANSWER: Final = 1024 * 1024
"""Bytes. A printer's whole description is some tens of kilobytes, its list of jobs less."""
OUR_USER: Final = "card-terminal"
"""Whose jobs they are: CUPS hides the names of another user's."""
_PIECE: Final = 16 * 1024
_NO_SUCH_JOB: Final = 0x0406
_BUSY: Final = frozenset({0x0503, 0x0506, 0x0507})
"""server-error-device-error is none of them: service unavailable, not accepting jobs, busy."""


class JobState(IntEnum):
    """How far a job is (RFC 8011, 5.3.7)."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    """It had begun, and the printer waits for somebody."""
    CANCELLED = 7
    ABORTED = 8
    COMPLETED = 9

    @property
    def ended(self) -> bool:
        """Nothing more will come of it."""
        return self >= JobState.CANCELLED


@dataclass(frozen=True, slots=True)
class Job:
    """One job as the queue tells it."""

    number: int
    name: str
    state: JobState
    begun: bool
    """It has been begun, or the queue does not know that it has not."""


class Refused(ProtocolViolation):
    """The queue itself says no, to something that it should take; nothing was taken on."""

    def __init__(self, status: int) -> None:
        super().__init__(DEVICE, f"its queue refuses with {status:#06x}")
        self.status = status


class NotSent(NotConnected):
    """No connection came about: not a byte of the request has left."""


class IppQueue:
    """Speaks to one queue; one thread uses it. Every request has a connection of its own and goes out once."""

    def __init__(self, uri: str) -> None:
        """
        :param uri: such as ``ipp://localhost:631/printers/cards``.
        :raises ValueError: not of that form.
        """
        parts = urlsplit(uri)
        if parts.scheme != "ipp" or not parts.hostname or not parts.path.strip("/"):
            raise ValueError(f"{uri} is no ipp://host[:port]/path")
        self._uri = uri
        self._url = f"http://{parts.hostname}:{parts.port or 631}{parts.path}"
        self._numbers = count(1)

    def description(self, wanted: Sequence[str], limit_s: float) -> Told:
        """What the printer tells of itself.

        :raises DeviceError: it does not.
        """
        asked = Attribute(Tag.KEYWORD, "requested-attributes", tuple(wanted))
        answer = self._asked(Operation.GET_PRINTER_ATTRIBUTES, (asked,), limit_s)
        return next(iter(answer.of(Group.PRINTER)), {})

    def print_job(self, name: str, how: Sequence[Attribute], media_type: str, document: bytes, limit_s: float) -> Job:
        """Hand over a job with its document, once.

        :raises Refused: it was not taken on.
        :raises NotSent: it has not left.
        :raises DeviceError: whether it was taken on is not known.
        """
        about = (
            Attribute(Tag.NAME, "job-name", (name,)),
            Attribute(Tag.MEDIA_TYPE, "document-format", (media_type,)),
        )
        answer = self._asked(Operation.PRINT_JOB, about, limit_s, how, document)
        return _job(next(iter(answer.of(Group.JOB)), {}), name)

    def job(self, number: int, limit_s: float) -> Job | None:
        """One job; None where the queue knows it no more.

        :raises DeviceError: it does not say.
        """
        asked = (Attribute(Tag.INTEGER, "job-id", (number,)), _JOB_WANTED)
        try:
            answer = self._asked(Operation.GET_JOB_ATTRIBUTES, asked, limit_s)
        except Refused as refused:
            if refused.status == _NO_SUCH_JOB:
                return None
            raise
        return _job(next(iter(answer.of(Group.JOB)), {}))

    def jobs_named(self, name: str, limit_s: float) -> list[Job]:
        """All jobs of this name that the queue knows, whether ended or not.

        :raises DeviceError: it does not say.
        """
        found = []
        for which in ("not-completed", "completed"):
            asked = (Attribute(Tag.KEYWORD, "which-jobs", (which,)), _JOB_WANTED)
            answer = self._asked(Operation.GET_JOBS, asked, limit_s)
            found += [job for job in map(_job, answer.of(Group.JOB)) if job.name == name]
        return found

    def cancel(self, number: int, limit_s: float) -> None:
        """See to it that nothing more comes of a job.

        :raises Refused: it has ended, or is not known.
        :raises DeviceError: whether it was heard is not known.
        """
        self._asked(Operation.CANCEL_JOB, (Attribute(Tag.INTEGER, "job-id", (number,)),), limit_s)

    def _asked(
        self,
        operation: Operation,
        about: Sequence[Attribute],
        limit_s: float,
        how: Sequence[Attribute] = (),
        document: bytes = b"",
    ) -> Answer:
        number = next(self._numbers)
        # RFC 8011, 4.1.5: whose it is comes right behind charset and language, and a job's number behind that.
        target, name = Attribute(Tag.URI, "printer-uri", (self._uri,)), "requesting-user-name"
        job_id = [one for one in about if one.name == "job-id"]
        others = [one for one in about if one.name != "job-id"]
        octets = request(operation, number, (target, *job_id, Attribute(Tag.NAME, name, (OUR_USER,)), *others), how)
        word = operation.name.replace("_", "-")
        # Its questions about the printer alone name neither a job nor whose it is; an address may hold a password.
        asks_printer = operation is Operation.GET_PRINTER_ATTRIBUTES and "@" not in self._uri
        wire_trace.sent(DEVICE, word, octets + document, holds_nothing=asks_printer)
        heard = self._exchanged(octets + document, limit_s)
        # RFC 8010, 3.1.1: the status is the third and fourth octet. What a printer says of itself is its own free text.
        wire_trace.came(DEVICE, f"{word} {heard[2:4].hex().upper()}", heard)
        answer = answer_of(heard)
        if answer.request_id != number:
            raise ProtocolViolation(DEVICE, "an answer to something else")
        if answer.status in _BUSY:
            raise Busy(DEVICE, f"its queue takes nothing on now, {answer.status:#06x}")
        if answer.status >= 0x100:
            raise Refused(answer.status)
        return answer

    def _exchanged(self, octets: bytes, limit_s: float) -> bytes:
        """One request and its answer. Time-outs of the library count from byte to byte, so ours is kept beside them."""
        deadline = time.monotonic() + limit_s
        with requests.Session() as session:
            session.trust_env = False  # no proxy of the environment's stands between a terminal and its printer
            try:
                with session.post(
                    self._url,
                    data=octets,
                    headers={"Content-Type": "application/ipp", "Connection": "close"},
                    timeout=(CONNECT_S, limit_s),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    if response.status_code != requests.codes.ok:
                        raise ProtocolViolation(DEVICE, f"it answers with HTTP {response.status_code}")
                    return _read(response, deadline)
            except requests.ConnectTimeout as fault:
                raise NotSent(DEVICE, "its queue can't be reached") from fault
            except (requests.Timeout, TimeoutError) as fault:
                raise TimedOut(DEVICE, "its queue does not answer") from fault
            except (requests.RequestException, HTTPError, OSError) as fault:
                if _never_left(fault):
                    raise NotSent(DEVICE, "its queue can't be reached") from fault
                raise NotConnected(DEVICE, "its queue broke off") from fault


def _read(response: requests.Response, deadline: float) -> bytes:
    read = bytearray()
    for piece in response.iter_content(_PIECE):
        read += piece
        if time.monotonic() >= deadline:
            raise TimeoutError("the answer was not whole in time")
        if len(read) > LONGEST_ANSWER:
            raise ProtocolViolation(DEVICE, "an answer without end")
    return bytes(read)


def _never_left(fault: BaseException) -> bool:
    reason = getattr(fault.args[0], "reason", None) if fault.args else None
    return isinstance(reason, NewConnectionError)


_JOB_WANTED: Final = Attribute(
    Tag.KEYWORD, "requested-attributes", ("job-id", "job-name", "job-state", "time-at-processing")
)


def _job(told: Told, name: str | None = None) -> Job:
    """:param name: where it is known already; the answer to a new job need not hold it."""
    number, state = one_number(told, "job-id"), one_number(told, "job-state")
    named = next((value for value in told.get("job-name", ()) if isinstance(value, str)), "")
    try:
        known = JobState(-1 if state is None else state)
    except ValueError:
        raise ProtocolViolation(DEVICE, "a job in a state that there is not") from None
    if number is None:
        raise ProtocolViolation(DEVICE, "a job without a number")
    begun = list(told.get("time-at-processing", ())) != [None] or known is JobState.COMPLETED
    return Job(number, named if name is None else name, known, begun)


def one_number(told: Told, name: str) -> int | None:
    """A number that an answer holds; None where it does not."""
    return next((value for value in told.get(name, ()) if isinstance(value, int)), None)


def words(told: Told, name: str) -> tuple[str, ...]:
    """The words that an answer holds under this name."""
    return tuple(value for value in told.get(name, ()) if isinstance(value, str))
