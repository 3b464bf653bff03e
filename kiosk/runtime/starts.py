"""How often the application has begun on this disk, and how the run before ended: a small file, kept durably."""

import logging
import os
from pathlib import Path
from typing import Final

import msgspec

from kiosk.records.health import Ending, Starts

_log = logging.getLogger(__name__)

_FILE: Final = "starts.json"
_MANAGERS_WORD: Final = "last-end"
"""What the unit's ``ExecStopPost=`` writes of the end: systemd's ``SERVICE_RESULT``."""
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    count: int
    unasked: int
    ended: Ending | None
    """None while it runs: whoever finds it so at a start knows that the run before said nothing."""
    boot: str


class RunBook:
    """Notes the beginning and the end of this run.

    A disk that takes nothing closes nothing: then nobody knows how often it has begun.

    :param state: the folder of the terminal's state.
    """

    def __init__(self, state: Path, *, boot: str | None = None) -> None:
        """:param boot: what tells this start of the machine from others; asked of the kernel where it is not given."""
        self._file, self._managers_word = state / _FILE, state / _MANAGERS_WORD
        self._boot = _boot_id() if boot is None else boot
        self._kept: _Kept | None = None

    def begin(self) -> Starts | None:
        """Note that a run begins; None where that can't be kept."""
        last = self._read()
        before = self._how_it_ended(last)
        asked = before in {Ending.NONE, Ending.CLEAN, Ending.MAINTENANCE}
        self._kept = _Kept(
            count=(last.count if last else 0) + 1,
            unasked=(last.unasked if last else 0) + (not asked),
            ended=None,
            boot=self._boot,
        )
        if not self._write(self._kept):
            return None
        if not asked:
            _log.warning("the run before this one did not end by itself: %s", before.value)
        return Starts(count=self._kept.count, unasked=self._kept.unasked, before=before)

    def end(self, how: Ending) -> None:
        """Note how this run ends; to be called as the last of it."""
        if self._kept is not None:
            self._write(msgspec.structs.replace(self._kept, ended=how))

    def _how_it_ended(self, last: _Kept | None) -> Ending:
        told = self._take_managers_word()
        if last is None:
            return Ending.NONE
        if last.ended is not None:
            return last.ended
        if last.boot != self._boot:
            return Ending.MACHINE
        return Ending.WATCHDOG if told == "watchdog" else Ending.BROKEN_OFF

    def _take_managers_word(self) -> str:
        """What the service manager said of the end, once."""
        try:
            told = self._managers_word.read_text("ascii").strip()
            self._managers_word.unlink()
        except (OSError, UnicodeDecodeError):
            return ""
        return told

    def _read(self) -> _Kept | None:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=_Kept)
        except (OSError, UnicodeDecodeError, msgspec.DecodeError):
            return None

    def _write(self, kept: _Kept) -> bool:
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            with fresh.open("wb") as file:
                file.write(msgspec.json.encode(kept))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._file)
        except OSError as error:
            _log.warning("the count of starts can't be kept: %s", error.strerror)
            return False
        return True


def _boot_id() -> str:
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        return ""
