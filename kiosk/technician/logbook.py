"""What our programs have told of late, without what looks like a citizen's number."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kiosk.technician.programs import Runner
from kiosk.technician.support_bundle import UNITS, last_of, scrubbed

LONGEST_LINE: Final = 400
_TAIL: Final = 256 * 1024
"""Bytes at the end of a log file; far more than a screen shows."""


def last_lines(count: int, run: Runner, logs: Sequence[Path] = ()) -> tuple[str, ...]:
    """The newest lines, oldest first: of the journal, and of log files where there are any.

    :param logs: those that can't be read are told of in a line.
    """
    wanted = [f"--unit={unit}" for unit in UNITS]
    journal = run(["journalctl", "--no-pager", "--output=short-iso", f"--lines={count}", *wanted])
    found = [line for line in journal.told.splitlines() if line] if not logs or journal.code == 0 else []
    for log in logs:
        found += _tail(log)
    return tuple(scrubbed(line)[:LONGEST_LINE] for line in found[-count:])


def _tail(log: Path) -> list[str]:
    try:
        return [line for line in last_of(log, _TAIL).splitlines() if line]
    except OSError as error:
        return [f"{log}: {error.strerror}"]
