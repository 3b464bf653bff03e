"""The quiet hours: the terminal tests itself, and its application begins anew while nobody is there.

Whoever comes in these hours is served to the end first. A process that began within them stays.
"""

import logging
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final, Protocol

import msgspec

from kiosk.records.health import DeviceHealth, SelfTest

_log = logging.getLogger(__name__)

Checked = tuple[int, tuple[str, ...]]
"""How many things were looked at, and the words of what was not well."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A span of each day; one that ends earlier than it begins goes over midnight."""

    begins: time
    ends: time

    def begun(self, now: datetime) -> datetime | None:
        """When the quiet hours that ``now`` lies in began; None outside them."""
        for day in (now, now - _DAY):
            begins = now.replace(
                year=day.year, month=day.month, day=day.day, hour=self.begins.hour, minute=self.begins.minute,
                second=0, microsecond=0,
            )  # fmt: skip
            ends = begins.replace(hour=self.ends.hour, minute=self.ends.minute)
            if begins <= now < (ends if ends > begins else ends + _DAY):
                return begins
        return None


class Tended(Protocol):
    """Who is tended: the conductor."""

    @property
    def vacant(self) -> bool:
        """Whether nobody is being served."""

    @property
    def at_rest(self) -> bool:
        """Whether it may end itself: nobody is there, no card lies anywhere, none is half made."""

    @property
    def equipped(self) -> tuple[str, ...]:
        """The devices that it was delivered with, by the ports' nouns."""

    @property
    def device_health(self) -> tuple[DeviceHealth, ...]:
        """How each device last answered its own harmless question."""


class Maintenance:
    """Minds the quiet hours; called by the window's loop after each of its rounds.

    What is looked at beside the devices takes seconds and runs in a thread of its own. The devices are not asked again:
    the terminal asks each of them every few seconds anyway, whenever nobody needs it.
    """

    def __init__(
        self,
        hours: QuietHours | None,
        kept: Path,
        tended: Tended,
        now: Callable[[], datetime],
        *,
        restart: bool,
        check: Callable[[], Checked] | None = None,
    ) -> None:
        """
        :param kept: the file in which what was found outlives a new start.
        :param check: looks at what is no device: files, keys, ledger; None where nothing else is looked at.
        """
        self._hours, self._kept, self._tended, self._now = hours, kept, tended, now
        self._restart, self._check = restart, check
        self._began_at = now()
        self._worker = ThreadPoolExecutor(1, "self-test")
        self._under_way: Future[Checked] | None = None
        self.last: SelfTest | None = _read(kept)
        """What was found last; None: it has never tested itself."""

    def mind(self) -> bool:
        """Test the terminal where that is due; whether the application is to end itself now."""
        if self._under_way is not None:
            if self._under_way.done():
                self._finish(self._under_way)
            return False
        now = self._now()
        begun = self._hours.begun(now) if self._hours is not None else None
        if begun is None:
            return False
        # A clock that was wrong may have dated either later than now: that is none of these hours.
        if self.last is None or not _ms(begun) <= self.last.begun_at_ms <= _ms(now):
            if self._tended.vacant:
                self._begin(now)
            return False
        return self._restart and not begun <= self._began_at <= now and self._tended.at_rest

    def close(self) -> None:
        """Let go of the thread; what is under way is not waited for."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _begin(self, now: datetime) -> None:
        # On record before it begins: a test that breaks the terminal is not begun again in the same hours.
        self._keep(SelfTest(begun_at_ms=_ms(now)))
        self._under_way = self._worker.submit(self._check or (lambda: (0, ())))

    def _finish(self, done: "Future[Checked]") -> None:
        self._under_way = None
        broke = done.exception()
        if broke is not None:
            # It stays on record as begun, which staff at the centre see; whoever is being served is not to lose by it.
            _log.error("the self-test broke off: %s", type(broke).__name__)
            return
        tried, faults = done.result()
        equipped = self._tended.equipped
        well = {one.device for one in self._tended.device_health if not one.code}
        faults += tuple(device for device in equipped if device not in well)
        begun_at_ms = self.last.begun_at_ms if self.last is not None else _ms(self._now())
        self._keep(SelfTest(begun_at_ms=begun_at_ms, tried=tried + len(equipped), faults=faults))
        if faults:
            _log.error("the self-test found: %s", ", ".join(faults))
        else:
            _log.info("the self-test found nothing wrong")

    def _keep(self, found: SelfTest) -> None:
        self.last = found
        fresh = self._kept.with_name(f"{self._kept.name}.{os.getpid()}")
        try:
            with fresh.open("wb") as file:
                file.write(msgspec.json.encode(found))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._kept)
        except OSError as error:
            _log.warning("what the self-test found can't be kept: %s", error.strerror)


def _read(kept: Path) -> SelfTest | None:
    try:
        return msgspec.json.decode(kept.read_bytes(), type=SelfTest)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError):
        return None


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
