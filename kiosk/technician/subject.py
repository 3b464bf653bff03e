"""What is examined: one terminal by its ``kiosk.toml``, while it stands still or while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.configuration import Configuration
from kiosk.records.health import HealthSheet


class NotTried(Exception):
    """Nothing can be said of this now; the text says why."""


@dataclass(slots=True)
class Subject:
    """One terminal, as far as the checks before have come to know it."""

    file: Path
    """``kiosk.toml``."""
    environment: Mapping[str, str] = field(default_factory=dict)
    running: bool = False
    """A terminal holds the state: how it is its sheet says."""
    let_go: bool = False
    """It runs and holds no device: a technician is at work on its screen."""
    in_hand: bool = False
    """The terminal itself asks: it holds the state, and has let go of the devices for as long."""
    sheet: HealthSheet | None = None
    """What the running terminal last wrote of itself."""
    signed_in: bool = False
    """The centre has answered just now, so that a clock it had nothing to say of is right."""
    is_stranger: bool = False
    """The centre has just said that it does not know this terminal: what is sealed for another stays shut."""
    maybe_configuration: Configuration | None = None

    @property
    def devices_held(self) -> bool:
        """Another process is at the devices: what they are like its sheet says."""
        return self.running and not self.let_go

    @property
    def configuration(self) -> Configuration:
        """The file's content.

        :raises NotTried: it is wrong.
        """
        if self.maybe_configuration is None:
            raise NotTried("kiosk.toml is wrong")
        return self.maybe_configuration
