"""Writes down how the terminal is, for ``kiosk doctor`` beside it: a file that is replaced as a whole."""

import logging
import os
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Protocol

import msgspec

from kiosk.records.health import DeviceHealth, HealthSheet

_log = logging.getLogger(__name__)

EVERY_MS: Final = 30_000
"""An unchanged sheet is written anew this often, so that its age tells that the terminal lives."""


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


class HealthKeeper:
    """Keeps one terminal's sheet; called by the window's loop after each of its rounds."""

    def __init__(self, path: Path, terminal: str, told: Told, now_ms: Callable[[], int]) -> None:
        """:param now_ms: this machine's clock, milliseconds since 1970 UTC, by which the sheet's age is told."""
        self._path, self._terminal, self._told, self._now_ms = path, terminal, told, now_ms
        self._started_at_ms = now_ms()
        self._version = _version()
        self._written: HealthSheet | None = None
        self._unkept = False

    def keep(self) -> None:
        """Write the sheet where it is another one, or old. A disk that takes none closes nothing."""
        now_ms = self._now_ms()
        sheet = HealthSheet(
            terminal=self._terminal,
            version=self._version,
            started_at_ms=self._started_at_ms,
            written_at_ms=now_ms,
            standing=self._told.standing,
            ailment=self._told.ailment or "",
            devices=self._told.device_health,
        )
        last = self._written
        if last is not None and 0 <= now_ms - last.written_at_ms < EVERY_MS and _same(sheet, last):
            return
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


def _same(sheet: HealthSheet, last: HealthSheet) -> bool:
    return (sheet.standing, sheet.ailment, sheet.devices) == (last.standing, last.ailment, last.devices)


def _version() -> str:
    try:
        return version("social-security-card-terminal")
    except PackageNotFoundError:
        return "unknown"
