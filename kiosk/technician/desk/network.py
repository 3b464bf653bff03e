"""The way to the centre, step by step, each with the time that it took."""

import time
from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from kiosk.journeys.technician_views import Act, Page, Row
from kiosk.policy.rule import Text
from kiosk.records.technician import ActOutcome
from kiosk.technician.desk.pages import MARKS, Done, Pages, of_finding
from kiosk.technician.desk.visit import Visit
from kiosk.technician.doctor import examine_one
from kiosk.technician.findings import Finding, State

STEPS: Final = ("link", "address", "name", "reach", "certificate", "clock", "sign_in")
"""The last asks the centre who this is, and is answered: what goes there comes back."""
_ALONE: Final = "clock"
"""It is told from what the centre said last, and stops nothing."""


class Network(Pages):
    """``network``."""

    titles: ClassVar[Mapping[str, Text]] = {"network": Text(zh="网络", en="network")}

    def __init__(self, visit: Visit, stopwatch: Callable[[], float] = time.perf_counter) -> None:
        self._visit, self._stopwatch = visit, stopwatch
        self._rows: tuple[Row, ...] = ()
        self._first_broken: Finding | None = None

    def page(self, word: str) -> Page:
        """See :meth:`Pages.page`. The steps are walked once, and again when that is asked for."""
        if not self._rows:
            self._walk()
        return Page(word, self.titles[word], self._rows, (Act("again", Text(zh="再走一遍", en="run it again")),))

    def do(self, word: str, act: str, given: Mapping[str, str]) -> Done:
        """Walk all steps again."""
        self._walk()
        broken = self._first_broken
        if broken is None:
            return Done(ActOutcome.DONE, Text(zh="通到中心", en="the way to the centre stands"))
        note = Text(zh=f"断在：{broken.title.zh}", en=f"it breaks at: {broken.title.en}")
        return Done(ActOutcome.FAILED, note, MARKS[broken.state])

    def _walk(self) -> None:
        rows: list[Row] = []
        self._first_broken = None
        for step in STEPS:
            if self._first_broken is not None and step != _ALONE:
                title = Text(zh=f"{step}", en=f"{step}")
                rows.append(Row(title, f"未查 not tried: {self._first_broken.check}"))
                continue
            began = self._stopwatch()
            found = examine_one(step, self._visit.file, self._visit.environment, in_hand=True)
            took_ms = (self._stopwatch() - began) * 1000
            told = of_finding(found)
            rows.append(Row(told.label, f"{took_ms:.0f} ms  {told.value}", told.mark, told.advice))
            if found.state is State.FAULT and step != _ALONE:
                self._first_broken = found
        self._rows = tuple(rows)
