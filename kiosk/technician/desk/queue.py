"""What waits for its upload, what the centre did not take, and one more try."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

from kiosk import bootstrap
from kiosk.journeys.technician_views import Act, Mark, Page
from kiosk.policy.rule import Text
from kiosk.records.china_time import CHINA
from kiosk.records.technician import ActOutcome
from kiosk.technician.desk.pages import Done, Pages, done, row
from kiosk.technician.desk.visit import Visit
from kiosk.technician.waiting import Tried, plain, try_now, waiting
from kiosk.uplink.receipts import LineState

SHOWN: Final = 50
_TRIED: Final[Mapping[Tried, Done]] = {
    Tried.DELIVERED: done("都传上去了", "delivered: nothing waits"),
    Tried.NOT_YET: Done(
        ActOutcome.FAILED,
        Text(zh="连不上中心：看网络页", en="the centre is not reached: see the network page"),
        Mark.WARNING,
    ),
    Tried.UNFINISHED: Done(
        ActOutcome.DONE,
        Text(zh="两分钟里传上去一部分：再点一次", en="some of it went up within two minutes: once more"),
        Mark.WARNING,
    ),
    Tried.HALTED: Done(
        ActOutcome.FAILED,
        Text(zh="停住了：先照原因处理，见 docs/uplink.md", en="halted: somebody must act first, see docs/uplink.md"),
        Mark.FAULT,
    ),
    Tried.RESTARTED: done("上传服务已重启，正在传", "the uplink was started anew and tries at once"),
    Tried.IN_USE: Done(
        ActOutcome.REFUSED, Text(zh="上传服务在跑，它自己会传", en="the uplink runs and tries by itself"), Mark.NONE
    ),
}


class Queue(Pages):
    """``queue``."""

    titles: ClassVar[Mapping[str, Text]] = {"queue": Text(zh="待传记录", en="what waits for its upload")}

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    def page(self, word: str) -> Page:
        """See :meth:`Pages.page`."""
        found = waiting(bootstrap.uplink_settings(self._visit.configuration))
        standing = found.standing
        rows = [
            row("等着传的", "waiting", found.count, Mark.WELL if not found.count else Mark.NONE),
            row("记录总数", "entries", found.head),
        ]
        if standing is None:
            rows.append(row("上传", "uplink", "从未运行 it has never run", Mark.WARNING))
        else:
            halted = standing.line is LineState.HALTED
            line = f"{standing.line.value} {plain(standing.reason)}".strip()
            rows.append(row("上传", "uplink", line, Mark.FAULT if halted else Mark.NONE))
            rows.append(row("从何时起", "since", _time(standing.since_ms)))
            rows.append(row("最近连上", "last contact", _time(standing.last_contact_ms)))
        rows += [
            row(f"第 {one.sequence} 条", f"entry {one.sequence}", f"{one.verdict.value} {plain(one.reason)}".strip())
            for one in found.for_staff[-SHOWN:]
        ]
        return Page(word, self.titles[word], tuple(rows), (Act("retry", Text(zh="再传一次", en="try once more")),))

    def do(self, word: str, act: str, given: Mapping[str, str]) -> Done:
        """Try once more."""
        return _TRIED[try_now(bootstrap.uplink_settings(self._visit.configuration))]


def _time(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "从未 never"
    return datetime.fromtimestamp(milliseconds / 1000, tz=CHINA).isoformat(sep=" ", timespec="seconds")
