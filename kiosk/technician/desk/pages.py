"""What pages that belong together promise, and the few forms of rows and acts that all of them use."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from kiosk.journeys.technician_views import Act, Leave, Mark, Page, Row
from kiosk.policy.rule import Text
from kiosk.records.technician import ActOutcome
from kiosk.technician.findings import Finding, State

MARKS: Final = {
    State.WELL: Mark.WELL,
    State.WARNING: Mark.WARNING,
    State.FAULT: Mark.FAULT,
    State.NOT_TRIED: Mark.NONE,
    State.ABSENT: Mark.NONE,
}


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an act."""

    outcome: ActOutcome
    note: Text
    mark: Mark = Mark.WELL
    page: str = ""
    """What is shown next; the same page where it is empty."""
    leave: Leave | None = None
    """What is wanted of the terminal itself."""


def done(zh: str, en: str, *, page: str = "") -> Done:
    """It is done, and all is well."""
    return Done(ActOutcome.DONE, Text(zh=zh, en=en), Mark.WELL, page)


def refused(note: Text) -> Done:
    """It was not done, and why."""
    return Done(ActOutcome.REFUSED, note, Mark.WARNING)


def failed(zh: str, en: str) -> Done:
    """It was tried in vain."""
    return Done(ActOutcome.FAILED, Text(zh=zh, en=en), Mark.FAULT)


class Pages(ABC):
    """Pages that belong together. For one thread."""

    titles: ClassVar[Mapping[str, Text]]
    """Of each page, by its word."""

    @abstractmethod
    def page(self, word: str) -> Page:
        """One of :attr:`titles`, as things are now.

        What is broken raises its own error; the desk shows it.
        """

    def do(self, word: str, act: str, given: Mapping[str, str]) -> Done:
        """Do one of the page's acts. The desk has looked whether it stands on the page, and for this role."""
        raise KeyError(act)

    def left(self) -> None:  # noqa: B027 - most hold nothing
        """Another page is looked at: let go of what these hold. Harmless when they hold nothing."""


def opens(page: str, zh: str, en: str) -> Act:
    """A button that opens a page."""
    return Act(f"page:{page}", Text(zh=zh, en=en))


def row(zh: str, en: str, value: object = "", mark: Mark = Mark.NONE, advice: Text | None = None) -> Row:
    """One line."""
    return Row(Text(zh=zh, en=en), str(value), mark, advice)


def of_finding(finding: Finding, act: Act | None = None) -> Row:
    """One line of the doctor's, with what to do below it."""
    value = "–" if finding.state is State.ABSENT else finding.found
    return Row(finding.title, value, MARKS[finding.state], finding.advice, act)


def yes(value: bool) -> str:
    """Yes or no, in both languages."""
    return "是 yes" if value else "否 no"
