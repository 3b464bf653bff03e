"""The desk: which pages there are, who may do what on them, and that each act is on record."""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from drivers.ports.errors import DeviceError
from kiosk.configuration import ConfigurationError
from kiosk.journeys.requests import LedgerFailed
from kiosk.journeys.technician_views import Act, Mark, Page, Row
from kiosk.ledger.errors import LedgerError
from kiosk.policy.document import DocumentError
from kiosk.policy.rule import Text
from kiosk.records.technician import ActOutcome, Role
from kiosk.technician.desk.devices import Devices
from kiosk.technician.desk.findings import Findings
from kiosk.technician.desk.machine import Machine
from kiosk.technician.desk.network import Network
from kiosk.technician.desk.pages import Done, Pages
from kiosk.technician.desk.queue import Queue
from kiosk.technician.desk.region import RegionPages
from kiosk.technician.desk.screens import Screens
from kiosk.technician.desk.supplies import Supplies
from kiosk.technician.desk.visit import Visit
from kiosk.technician.subject import NotTried
from kiosk.technician.support_bundle import scrubbed
from kiosk.uplink.alone import AlreadyRunning
from kiosk.uplink.receipts import ReceiptsUnusable

OPENS: Final = "page:"
"""What the word of an act begins with that opens a page."""
LONGEST: Final = 600
"""Signs of one text on a page: more than a screen holds, and no texture grows beyond what it can."""
_BROKEN: Final = (
    DeviceError,
    DocumentError,
    ConfigurationError,
    LedgerError,
    LedgerFailed,
    AlreadyRunning,
    ReceiptsUnusable,
    NotTried,
    sqlite3.Error,
    OSError,
)
"""What a technician is here to mend: shown, not raised."""


class Desk:
    """A :class:`kiosk.journeys.technician_views.TechnicianDesk`, for one visit and one thread."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        groups: tuple[Pages, ...] = (
            Findings(visit),
            Devices(visit),
            Supplies(visit),
            Queue(visit),
            Network(visit),
            RegionPages(visit),
            Screens(visit),
            Machine(visit),
        )
        self._groups = {word: group for group in groups for word in group.titles}
        self._shown: dict[str, Page] = {}
        self._held: Pages | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """Of every page that there is."""
        return tuple(self._groups)

    def page(self, word: str) -> Page:
        """See :meth:`kiosk.journeys.technician_views.TechnicianDesk.page`."""
        group = self._groups[word]
        if self._held is not None and self._held is not group:
            self._held.left()
        self._held = group
        try:
            found = group.page(word)
        except _BROKEN as error:
            found = Page(word, group.titles[word], (_broken(error),))
        shown = _permitted(found, self._visit.role)
        self._shown[word] = shown
        return shown

    def do(self, page: str, act: str, given: Mapping[str, str]) -> Page:
        """See :meth:`kiosk.journeys.technician_views.TechnicianDesk.do`."""
        shown = self._shown.get(page) or self.page(page)
        wanted = shown.act(act)
        if wanted is None:
            raise KeyError(act)
        if act.startswith(OPENS):
            return self.page(act.removeprefix(OPENS))
        filled = {entry.word: given.get(entry.word, "").strip()[: entry.longest] for entry in wanted.entries}
        try:
            came = self._groups[page].do(page, act, filled)
        except _BROKEN as error:
            text = _told(error)
            came = Done(ActOutcome.FAILED, Text(zh=text, en=text), Mark.FAULT)
        self._visit.record(page, act, came.outcome)
        after = self.page(came.page or page)
        return replace(after, note=_masked(came.note), note_mark=came.mark, leave=came.leave)

    def close(self) -> None:
        """See :meth:`kiosk.journeys.technician_views.TechnicianDesk.close`."""
        if self._held is not None:
            self._held.left()
            self._held = None


def _permitted(page: Page, role: Role) -> Page:
    """What this role may see and do of it, and no citizen's number in it."""
    return replace(
        page,
        rows=tuple(
            replace(
                row,
                value=_shown(row.value),
                label=_masked(row.label),
                advice=None if row.advice is None else _masked(row.advice),
                act=_act(row.act) if row.act is not None and role.covers(row.act.needs) else None,
            )
            for row in page.rows
        ),
        acts=tuple(_act(act) for act in page.acts if role.covers(act.needs)),
        note=None if page.note is None else _masked(page.note),
    )


def _act(act: Act) -> Act:
    return replace(act, label=_masked(act.label))


def _masked(text: Text) -> Text:
    return Text(zh=_shown(text.zh), en=_shown(text.en))


def _shown(told: str) -> str:
    """What came from anywhere, without a citizen's number, as far as a screen can draw it."""
    plain = "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in scrubbed(told))
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]} …"


def _broken(error: Exception) -> Row:
    return Row(Text(zh="读不出来", en="it can't be read"), _told(error), Mark.FAULT)


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__
