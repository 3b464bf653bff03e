"""Writes down how the terminal is, for ``kiosk doctor`` beside it: a file that is replaced as a whole."""

import logging
import mmap
import os
import statistics
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import msgspec

from kiosk.records.health import DeviceHealth, FrameTimes, HealthSheet, SelfTest, Starts, Supplies

_log = logging.getLogger(__name__)

EVERY_MS: Final = 30_000
"""An unchanged sheet is written anew this often, so that its age tells that the terminal lives."""


_MOST_ROUNDS: Final = 4_000
"""More than the loop's 20 a second come to in the time of a sheet; a disk that takes none makes no list without end."""


class Told(Protocol):
    """Whose health is kept: the conductor."""

    @property
    def ailment(self) -> str | None:
        """What only a new start can mend."""

    @property
    def standing(self) -> str:
        """How it stands, naming nobody."""

    @property
    def device_health(self) -> tuple[DeviceHealth, ...]:
        """How each device last answered."""

    @property
    def supplies(self) -> Supplies:
        """What is left of what it uses up."""


class FrameWatch:
    """Takes down how long the window's rounds were; a round costs one entry in a list."""

    def __init__(self) -> None:
        self._rounds: list[float] = []

    def took(self, seconds: float) -> None:
        """Note the length of a round."""
        if len(self._rounds) < _MOST_ROUNDS:
            self._rounds.append(seconds)

    def told(self) -> FrameTimes | None:
        """What was noted since this was last asked."""
        rounds, self._rounds = self._rounds, []
        if not rounds:
            return None
        return FrameTimes(
            rounds=len(rounds),
            median_ms=round(statistics.median(rounds) * 1000),
            worst_ms=round(max(rounds) * 1000),
        )


class HealthKeeper:
    """Keeps one terminal's sheet; called by the window's loop after each of its rounds."""

    def __init__(
        self, path: Path, terminal: str, told: Told, now_ms: Callable[[], int], starts: Starts | None = None
    ) -> None:
        """
        :param now_ms: this machine's clock, milliseconds since 1970 UTC, by which the sheet's age is told.
        :param starts: how often it has begun, this time included.
        """
        self.frames = FrameWatch()
        self.self_test: SelfTest | None = None
        """What it last found when it tested itself."""
        self._starts = starts
        self._path, self._terminal, self._told, self._now_ms = path, terminal, told, now_ms
        self._started_at_ms = now_ms()
        self._version = _version()
        self._written: HealthSheet | None = None
        self._unkept = False

    def keep(self) -> None:
        """Write the sheet where it is another one, or old. A disk that takes none closes nothing."""
        now_ms = self._now_ms()
        last, told = self._written, self._told
        as_told = (told.standing, told.ailment or "", told.device_health, told.supplies, self.self_test)
        if last is not None and 0 <= now_ms - last.written_at_ms < EVERY_MS and as_told == _told_by(last):
            return
        standing, ailment, devices, supplies, self_test = as_told
        sheet = HealthSheet(
            terminal=self._terminal,
            version=self._version,
            started_at_ms=self._started_at_ms,
            written_at_ms=now_ms,
            standing=standing,
            ailment=ailment,
            devices=devices,
            supplies=supplies,
            frames=self.frames.told(),
            memory_bytes=_memory_bytes(),
            starts=self._starts,
            self_test=self_test,
        )
        self._written = sheet
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            fresh.write_bytes(msgspec.json.encode(sheet))
            fresh.replace(self._path)
        except OSError as error:
            if not self._unkept:
                _log.warning("the health sheet can't be kept: %s", error.strerror)
            self._unkept = True
        else:
            self._unkept = False


_AsTold: TypeAlias = tuple[str, str, tuple[DeviceHealth, ...], Supplies, SelfTest | None]


def _told_by(sheet: HealthSheet) -> _AsTold:
    """What makes another sheet of it; how the loop goes round and how much memory it takes do not."""
    return sheet.standing, sheet.ailment, sheet.devices, sheet.supplies, sheet.self_test


def _memory_bytes() -> int:
    """What this process holds of the machine's memory; 0 where the kernel does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * mmap.PAGESIZE
    except (OSError, ValueError, IndexError):
        return 0


def _version() -> str:
    try:
        return version("social-security-card-terminal")
    except PackageNotFoundError:
        return "unknown"
