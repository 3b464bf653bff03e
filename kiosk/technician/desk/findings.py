"""The first page, and all that the doctor has to say."""

from typing import ClassVar, Final

from kiosk.journeys.technician_views import Act, Mark, Page, Row
from kiosk.policy.rule import Text
from kiosk.records.technician import ActOutcome
from kiosk.technician.desk.pages import MARKS, Done, Pages, of_finding, opens
from kiosk.technician.desk.visit import Visit
from kiosk.technician.doctor import examine
from kiosk.technician.findings import Finding, State

KEPT_S: Final = 60.0
"""So long the first page shows the last examination; whoever wants to know sooner looks again."""
_SUPPLIES: Final = ("receipt_printer", "card_printer", "stock")
DEVICES: Final = (
    "card_daemon",
    "card_reader",
    "pin_pad",
    "id_reader",
    "receipt_printer",
    "camera",
    "card_printer",
    "capture_unit",
)
_NETWORK: Final = ("link", "address", "name", "reach", "certificate", "clock", "sign_in")
_GROUPS: Final[tuple[tuple[str, str, str, tuple[str, ...]], ...]] = (
    ("devices", "设备", "devices", DEVICES),
    ("supplies", "耗材和白卡", "supplies and blank cards", _SUPPLIES),
    ("queue", "待传记录", "what waits for its upload", ("ledger", "receipts", "queue")),
    ("network", "网络", "network", _NETWORK),
    ("region", "地区规则", "region's rules", ("region",)),
    ("touch", "触摸", "touch", ()),
    ("colours", "屏幕颜色", "colours", ()),
    ("volume", "提示音音量", "volume of the signals", ()),
    ("logs", "日志", "logs", ()),
    ("health", "运行状况", "health", ("disk", "state", "services", "display", "roster")),
    ("terminal", "开放、停止、重启、关机", "open, close, restart, shut down", ("terminal",)),
)
_GRAVITY: Final = {State.FAULT: 0, State.WARNING: 1}
"""What is to be mended stands first, in the doctor's order; nobody turns pages to find it."""
_PAGE_OF: Final = {
    **{word: f"device:{word}" for word in DEVICES if word != "card_daemon"},
    **dict.fromkeys(_NETWORK, "network"),
    "stock": "supplies",
    "queue": "queue",
    "region": "region",
    "disk": "health",
}


class Findings(Pages):
    """``home`` and ``findings``."""

    titles: ClassVar = {
        "home": Text(zh="维护", en="service"),
        "findings": Text(zh="检查结果", en="what was found"),
    }

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._findings: tuple[Finding, ...] = ()
        self._looked_at: float | None = None

    def page(self, word: str) -> Page:
        """See :meth:`Pages.page`."""
        found = self.findings()
        again = Act("look", Text(zh="再查一遍", en="look again"))
        if word == "findings":
            gravest_first = sorted(found, key=lambda one: _GRAVITY.get(one.state, len(_GRAVITY)))
            return Page(word, self.titles[word], tuple(_row(one) for one in gravest_first), (again,))
        note, mark = summary(found)
        everything = Row(
            Text(zh="全部检查", en="all checks"), f"{len(found)}", mark, act=opens("findings", "看", "see")
        )
        groups = tuple(
            Row(Text(zh=zh, en=en), "", worst(found, words), act=opens(page, "看", "see"))
            for page, zh, en, words in _GROUPS
        )
        return Page(word, self.titles[word], (everything, *groups), (again,), note=note, note_mark=mark)

    def do(self, word: str, act: str, given: object) -> Done:
        """See :meth:`Pages.do`."""
        self._looked_at = None
        note, mark = summary(self.findings())
        return Done(ActOutcome.DONE, note, mark)

    def findings(self) -> tuple[Finding, ...]:
        """The last examination, or a new one where it is old."""
        now = self._visit.clock()
        if self._looked_at is None or not 0 <= now - self._looked_at < KEPT_S:
            self._findings = examine(self._visit.file, self._visit.environment, in_hand=True)
            self._looked_at = now
        return self._findings


def summary(found: tuple[Finding, ...]) -> tuple[Text, Mark]:
    """All of it in one sentence."""
    warnings = sum(one.state is State.WARNING for one in found)
    faults = sum(one.state is State.FAULT for one in found)
    if faults:
        return Text(
            zh=f"{faults} 处故障，{warnings} 处要注意：先处理第一处故障",
            en=f"{faults} faults, {warnings} warnings: mend the first fault first",
        ), Mark.FAULT
    if warnings:
        return Text(zh=f"能办业务，{warnings} 处要注意", en=f"it serves, {warnings} warnings"), Mark.WARNING
    return Text(zh="都正常", en="all is well"), Mark.WELL


def worst(found: tuple[Finding, ...], words: tuple[str, ...]) -> Mark:
    """How a group of checks is."""
    states = {one.state for one in found if one.check in words}
    for state in (State.FAULT, State.WARNING, State.WELL):
        if state in states:
            return MARKS[state]
    return Mark.NONE


def _row(one: Finding) -> Row:
    page = _PAGE_OF.get(one.check)
    open_it = opens(page, "看", "see") if page is not None and one.state is not State.ABSENT else None
    return of_finding(one, open_it)
