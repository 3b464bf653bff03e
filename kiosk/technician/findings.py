"""What one look at one thing found, in the technician's two languages; names no citizen."""

from dataclasses import dataclass
from enum import Enum

from kiosk.policy.rule import Text
from kiosk.technician.causes import Cause


class State(Enum):
    """How the thing is."""

    WELL = "well"
    WARNING = "warning"
    """It serves, and somebody should come."""
    FAULT = "fault"
    NOT_TRIED = "not_tried"
    """Something that it stands on is broken, or the terminal holds it: nothing can be said of it."""
    ABSENT = "absent"
    """This terminal has none, by its kiosk.toml."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    check: str
    """Its word: ``pin_pad``, ``certificate``."""
    title: Text
    state: State
    found: str
    """What was seen, in technician's English: numbers, paths, names of devices."""
    cause: Cause | None = None
    """With WARNING and FAULT."""

    @property
    def means(self) -> Text | None:
        """What it means for those who want to be served."""
        return self.cause.means if self.cause is not None else None

    @property
    def advice(self) -> Text | None:
        """What to do."""
        return self.cause.advice if self.cause is not None else None

    def as_json(self) -> dict[str, object]:
        """What programs read of it: by ``kiosk doctor --json``, and in a support bundle."""
        cause = self.cause
        return {
            "check": self.check,
            "state": self.state.value,
            "found": self.found,
            "cause": cause.value if cause is not None else None,
            "code": cause.code if cause is not None else "",
            "means": {"zh": cause.means.zh, "en": cause.means.en} if cause is not None else None,
            "advice": {"zh": cause.advice.zh, "en": cause.advice.en} if cause is not None else None,
        }
