"""Where an installed terminal is set up by its own user, who may write no settings: root takes them over from there."""

from pathlib import Path
from typing import Final

from kiosk.configuration import ConfigurationError
from kiosk.technician.provisioning import begin

_SETTINGS: Final = ("kiosk.toml", "ca.pem", "centre.json")
"""What ``deploy/systemd/take-over`` takes, and nothing else."""
_SIGN: Final = "done"
"""Root's unit waits for it."""
_REFUSED: Final = "refused"


class HandOver:
    """The work folder, the same that ``/usr/lib/card-terminal/provision`` works in."""

    def __init__(self, work: Path) -> None:
        self._work = work

    def begin(self, settings: Path) -> Path:
        """Copy the settings that are there to where they can be changed; what is there already stays.

        :param settings: the folder that root takes them over into.
        :returns: the ``kiosk.toml`` that is worked on.
        :raises ConfigurationError: they can't be read, or the folder can't be written.
        """
        try:
            self._work.mkdir(mode=0o700, exist_ok=True)
            for name in _SETTINGS:
                if (settings / name).exists():
                    begin(self._work / name, settings / name)
        except OSError as error:
            raise ConfigurationError(f"{error.filename}: {error.strerror}") from error
        return self._work / _SETTINGS[0]

    @property
    def refused(self) -> str:
        """Why root did not take over what was left the last time; empty where it was not asked since."""
        try:
            return (self._work / _REFUSED).read_text(encoding="utf-8").strip()
        except OSError:
            return ""

    def leave_sign(self) -> None:
        """Have root take over: nothing is to be changed from now on.

        :raises OSError: the sign can't be written.
        """
        (self._work / _REFUSED).unlink(missing_ok=True)
        (self._work / _SIGN).touch()
