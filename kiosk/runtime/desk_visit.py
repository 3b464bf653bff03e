"""One technician before the screen: which page stands there, and what is asked of the desk for them."""

import logging
import string
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, assert_never

from kiosk.journeys.technician_views import (
    Act,
    ActTouched,
    EntryKind,
    Filled,
    Leave,
    Mark,
    Page,
    TechnicianDesk,
    TechnicianIntent,
    TechnicianPage,
    Way,
)
from kiosk.policy.rule import Text
from kiosk.power_switch import Power
from kiosk.runtime.lanes import LaneAnswer, Lanes
from kiosk.runtime.live_note import LiveNote

_log = logging.getLogger(__name__)

ENTRY: Final = "entry"
"""The page that asks who it is."""
WORK_S: Final = 180.0
"""So long without a touch whoever came in has to say anew who they are."""
ENTRY_S: Final = 60.0
"""So long without a touch the page that asks who it is stands before citizens get their screen back."""
_TO_PAGE: Final = "page:"
_OPENING: Final = Page("opening", Text(zh="正在打开", en="Opening"))
_FAILED: Final = Page(
    "failed",
    Text(zh="没有办成", en="That did not work"),
    note=Text(zh="程序出了错，日志里有。请返回再试。", en="The program failed, see the log. Go back and try again."),
    note_mark=Mark.FAULT,
)
_POWER_KEY: Final = Text(
    zh="程序办不到，请按机箱的电源键。", en="The program can't do it: press the machine's power key."
)
_HEARD: Final[Mapping[Power, Page]] = {
    Power.OFF: Page(
        "shutting_down",
        Text(zh="正在关机", en="Shutting down"),
        note=Text(zh="屏幕黑了再断电。", en="Cut the power when the screen is black."),
    ),
    Power.ANEW: Page(
        "starting_machine",
        Text(zh="正在重启机器", en="The machine starts anew"),
        note=Text(zh="要几分钟，请不要断电。", en="It takes some minutes. Do not cut the power."),
    ),
}
_NOT_HEARD: Final[Mapping[Power, Page]] = {
    Power.OFF: Page("not_shut_down", Text(zh="没有关机", en="Not shut down"), note=_POWER_KEY, note_mark=Mark.FAULT),
    Power.ANEW: Page(
        "machine_not_started", Text(zh="没有重启", en="Not started anew"), note=_POWER_KEY, note_mark=Mark.FAULT
    ),
}
_LETTERS: Final[Mapping[EntryKind, frozenset[str]]] = {
    EntryKind.DIGITS: frozenset(string.digits),
    EntryKind.HIDDEN: frozenset(string.digits),
    EntryKind.WORD: frozenset(string.digits + string.ascii_letters + ".-:/"),
}


class DeskVisit:
    """Shows a desk's pages and carries touches to it. Only what the desk itself does runs in the desk's lane."""

    def __init__(
        self,
        lanes: Lanes,
        clock: Callable[[], float],
        make_desk: Callable[[], TechnicianDesk],
        *,
        first: str = ENTRY,
        times_out: bool = True,
        note: LiveNote | None = None,
    ) -> None:
        """
        :param make_desk: called in the desk's lane, anew for whoever comes in; may take seconds.
        :param first: the page that is asked for at first.
        :param times_out: nobody stays in whom nobody touches the screen for; not where no citizen could come.
        :param note: where the desk says how far it is with what it does.
        """
        self._note = note or LiveNote()
        self._lanes, self._clock, self._make_desk = lanes, clock, make_desk
        self._first, self._times_out = first, times_out
        self._desks: list[TechnicianDesk] = []
        """The one at work, if there is one; touched by the desk's lane alone."""
        self._ticket = 0
        self._trail: list[str] = []
        """The pages on the way here, the present one last."""
        self._given: Mapping[str, str] = {}
        self._refreshing = False
        self.view = TechnicianPage(_OPENING)
        self.leave: Leave | None = None
        """What the last page wants of the terminal itself; whoever has carried it out takes it away."""
        self._shown_at = self._touched_at = clock()
        self._begin()

    def touched(self) -> None:
        """Somebody is there."""
        self._touched_at = self._clock()

    def intent(self, intent: TechnicianIntent) -> None:
        """Take in what was touched; what the page at hand does not offer is refused."""
        self.touched()
        if self.view.waits and intent is not Way.LEAVE:
            return
        match intent:
            case Way.HELD:
                return
            case Way.LEAVE:
                self.leave = Leave.TO_CITIZENS
            case Way.BACK:
                self._go_back()
            case ActTouched(word=word):
                self._touch(word)
            case Filled(act=word, given=given):
                self._fill(word, given)
            case _:
                assert_never(intent)

    def tick(self, now: float) -> None:
        """Ask for live values anew, and mind the time."""
        view = self.view
        if view.waits:
            self.view = replace(view, meanwhile=self._note.text)
            return
        idle = now - self._touched_at
        if self._times_out and len(self._trail) <= 1 and idle >= ENTRY_S:
            self.leave = Leave.TO_CITIZENS
        elif self._times_out and len(self._trail) > 1 and idle >= WORK_S:
            _log.info("nobody has touched the screen: who it is is asked anew")
            self.touched()
            self._begin()
        elif self._is_due(now):
            self._refreshing = True
            self._ask(lambda desk: desk.page(view.page.word), self._refreshed)

    def end_machine(self, power: Power, switch: Callable[[Power], bool]) -> None:
        """Have the machine shut down or started anew; a page says that it is, or that nobody heard."""
        self.view = replace(self.view, waits=True)
        self._ask(lambda _desk: (_HEARD if switch(power) else _NOT_HEARD)[power], self._answered)

    def end(self, then: Callable[[], None]) -> None:
        """Forget who came in, let the desk go of all it holds, and tell when that is done."""
        self._ticket += 1
        self.view = replace(self.view, waits=True, filling="", asked="", filled={})
        self._lanes.do_aside(self._lanes.desk, self._let_go, lambda _answer: then())

    # At the desk, in its lane.

    def _let_go(self) -> None:
        while self._desks:
            self._desks.pop().close()

    def _at_desk(self, call: Callable[[TechnicianDesk], Page]) -> Page:
        if not self._desks:
            self._desks.append(self._make_desk())
        return call(self._desks[-1])

    # In the window's thread.

    def _begin(self) -> None:
        """Show the first page, of a new desk that knows of nobody."""
        self._trail, self._given = [], {}
        self.view = replace(self.view, waits=True, filling="", asked="", filled={})

        def work(desk: TechnicianDesk) -> Page:
            return desk.page(self._first)

        self._lanes.do_aside(self._lanes.desk, self._let_go, _heard)
        self._ask(work, self._answered)

    def _ask(self, call: Callable[[TechnicianDesk], Page], then: Callable[[LaneAnswer], None]) -> None:
        self._ticket += 1
        ticket = self._ticket

        def answered(answer: LaneAnswer) -> None:
            if ticket == self._ticket:  # what was asked before the last touch is nobody's any more
                then(answer)

        self._lanes.do_aside(self._lanes.desk, lambda: self._at_desk(call), answered)

    def _go_back(self) -> None:
        if self.view.filling or self.view.asked:
            self._given = {}
            self.view = replace(self.view, filling="", asked="")
            return
        at_page = bool(self._trail) and self.view.page.word == self._trail[-1]
        way = self._trail[:-1] if at_page else self._trail
        if not way:
            self.leave = Leave.TO_CITIZENS
        elif way[-1] == ENTRY:
            self._begin()
        else:
            self._open(way[-1])

    def _open(self, word: str) -> None:
        self.view = replace(self.view, waits=True)
        self._ask(lambda desk: desk.page(word), self._answered)

    def _touch(self, word: str) -> None:
        act = self.view.page.act(word)
        if act is None:
            _log.warning("an act that is not on the page %s was refused", self.view.page.word)
        elif self.view.asked == word:
            self._carry_out(act, self._given)
        elif act.entries:
            self.view = replace(self.view, filling=word, asked="")
        elif act.asks_again:
            self._given = {}
            self.view = replace(self.view, asked=word)
        else:
            self._carry_out(act, {})

    def _fill(self, word: str, given: Mapping[str, str]) -> None:
        act = self.view.page.act(word)
        if act is None or self.view.filling != word or not _fits(act, given):
            _log.warning("what was filled in on the page %s was refused", self.view.page.word)
        elif act.asks_again:
            self._given = given
            self.view = replace(self.view, filling="", asked=word)
        else:
            self._carry_out(act, given)

    def _carry_out(self, act: Act, given: Mapping[str, str]) -> None:
        self._given = {}
        page, word = self.view.page.word, act.word
        secret = {entry.word for entry in act.entries if entry.kind is EntryKind.HIDDEN}
        kept = {entry: text for entry, text in given.items() if entry not in secret}
        self.view = replace(self.view, waits=True, filling="", asked="", filled=kept)
        if word.startswith(_TO_PAGE):
            self._ask(lambda desk: desk.page(word.removeprefix(_TO_PAGE)), self._answered)
        else:
            self._ask(lambda desk: desk.do(page, word, given), self._answered)

    def _is_due(self, now: float) -> bool:
        view, every_s = self.view, self.view.page.again_after_s
        if every_s is None or self._refreshing or view.filling or view.asked:
            return False
        return now - self._shown_at >= every_s

    def _answered(self, answer: LaneAnswer) -> None:
        """Show what was asked for by a touch."""
        self.touched()
        self._show(answer)

    def _refreshed(self, answer: LaneAnswer) -> None:
        """Show live values: no sign of life, and what came of the last act stays to be read."""
        self._refreshing = False
        before = self.view
        if before.filling or before.asked:
            return
        self._show(answer)
        page = self.view.page
        if page.note is None and page.word == before.page.word:
            page = replace(page, note=before.page.note, note_mark=before.page.note_mark)
            self.view = replace(self.view, page=page, filled=before.filled)

    def _show(self, answer: LaneAnswer) -> None:
        self._refreshing = False
        self._shown_at = self._clock()
        if answer.error is not None:
            _log.error("a technician's page failed: %s", _place_of(answer.error))
            self.view = TechnicianPage(_FAILED)
            return
        page: Page = answer.value
        refused = page.word == self.view.page.word and page.note_mark in {Mark.FAULT, Mark.WARNING}
        self.view = TechnicianPage(page, filled=self.view.filled if refused else {})
        if page.word in self._trail:
            del self._trail[self._trail.index(page.word) + 1 :]
        else:
            self._trail.append(page.word)
        if page.leave is not None:
            self.leave = page.leave


def _heard(_answer: LaneAnswer) -> None:
    """A desk that was let go of has nothing to tell."""


def _fits(act: Act, given: Mapping[str, str]) -> bool:
    entries = {entry.word: entry for entry in act.entries}
    return entries.keys() == given.keys() and all(
        (text or entries[word].optional) and len(text) <= entries[word].longest and _may_hold(entries[word].kind, text)
        for word, text in given.items()
    )


def _may_hold(kind: EntryKind, text: str) -> bool:
    if kind is EntryKind.CHINESE:
        return text.isprintable()
    return _LETTERS[kind].issuperset(text)


def _place_of(error: BaseException) -> str:
    """Which error, and where; not its words, since nobody knows what they quote."""
    trace: Any = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else ""
    return f"{type(error).__name__}{where}"
