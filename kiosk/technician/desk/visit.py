"""One technician's visit: who came in, and what the pages work with. Everything from outside comes in here."""

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kiosk import bootstrap
from kiosk.configuration import Configuration, load_configuration, with_credentials_of
from kiosk.custody.book import StockBook
from kiosk.records.technician import ActOutcome, Role
from kiosk.runtime.live_note import LiveNote
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.technician.programs import Runner, run_program

STICKS: Final = (Path("/media"), Path("/run/media"), Path("/mnt"))


Recorder = Callable[[str, str, ActOutcome], None]
"""Is told of each act: its page, its word, and what came of it."""
Witness = Callable[[str, str], bool]
"""Whether a one-time code is this staff number's: how a second person shows that they stand there."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who came in, to what, and with which hands."""

    file: Path
    """``kiosk.toml``."""
    staff: str
    """Who came in; the first of two who sign."""
    role: Role
    record: Recorder
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    open_book: Callable[[], contextlib.AbstractContextManager[StockBook]] | None = None
    """The stock's book, of whoever holds the ledger; opened from its files when left out."""
    witness: Witness | None = None
    """Left out, a second person signs by their number alone, as with the commands."""
    run: Runner = run_program
    clock: Callable[[], float] = time.time
    """Seconds since 1970 UTC."""
    viewfinder: Viewfinder | None = None
    """Where the window takes the camera's pictures from."""
    note: LiveNote = field(default_factory=LiveNote)
    """Where the page reads how far an act is."""
    sticks: tuple[Path, ...] = STICKS
    """Where sticks are mounted: files for the terminal are looked for there."""
    logs: tuple[Path, ...] = ()
    """Log files of ours, where there is no journal."""

    @property
    def configuration(self) -> Configuration:
        """``kiosk.toml`` as it is now, with the keys where they are.

        :raises ConfigurationError: it is wrong.
        """
        return with_credentials_of(self.environment, load_configuration(self.file))

    def book(self) -> contextlib.AbstractContextManager[StockBook]:
        """The stock's book, to be written.

        :raises AlreadyRunning: another process serves citizens with it.
        :raises ConfigurationError: a key or a section is not there.
        :raises LedgerError: the ledger can't be opened.
        """
        return self.open_book() if self.open_book is not None else bootstrap.open_stock(self.configuration)
