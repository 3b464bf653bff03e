"""That a technician has closed this terminal, kept over restarts as a file that is there or not."""

import logging
from pathlib import Path

_log = logging.getLogger(__name__)


class ClosedNote:
    """The file. A disk that takes none leaves the terminal closed until it is started anew."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def is_there(self) -> bool:
        """Whether nobody is to be served."""
        return self._path.exists()

    def leave(self) -> None:
        """Note that the terminal is closed."""
        try:
            self._path.touch()
        except OSError as error:
            _log.error("that the terminal is closed can't be kept: %s", error.strerror)

    def remove(self) -> None:
        """Note that it is open."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            _log.error("that the terminal is open can't be kept: %s", error.strerror)
