"""Each device: how it is now, its test, what went over its line, what failed of late."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

from drivers.ports.errors import DeviceError
from drivers.transport.wire_trace import Passage, watched
from kiosk.configuration import Configuration
from kiosk.journeys.technician_views import Act, Mark, Page, Row
from kiosk.policy.rule import Text
from kiosk.records.china_time import CHINA
from kiosk.records.technician import ActOutcome
from kiosk.technician.causes import Cause
from kiosk.technician.desk.live import values
from kiosk.technician.desk.pages import Done, Pages, of_finding, opens, row
from kiosk.technician.desk.visit import Visit
from kiosk.technician.doctor import examine_one, read_sheet
from kiosk.technician.findings import State
from kiosk.technician.logbook import last_lines
from kiosk.technician.trials import Trial, try_by_question, try_card_reader, try_receipt_printer

NOUNS: Final[Mapping[str, Text]] = {
    "card_reader": Text(zh="读卡器", en="card reader"),
    "pin_pad": Text(zh="密码键盘", en="PIN pad"),
    "id_reader": Text(zh="身份证读卡器", en="ID reader"),
    "receipt_printer": Text(zh="凭条打印机", en="receipt printer"),
    "camera": Text(zh="摄像头", en="camera"),
    "card_printer": Text(zh="制卡机", en="card printer"),
    "capture_unit": Text(zh="吞卡机构", en="capture unit"),
}
AGAIN_S: Final = 3.0
"""Often enough to see a cover close, seldom enough to leave a slow printer in peace."""
FAILURES_SHOWN: Final = 8
_SEARCHED: Final = 2000
"""Lines of the log that are searched for what failed."""
_NO_ANSWER: Final = frozenset(
    {Cause.DEVICE_MISSING, Cause.DEVICE_SILENT, Cause.DEVICE_GARBLED, Cause.DEVICE_HELD, Cause.WRONG_DIALECT}
)
"""Where it has not answered a moment ago, it is not asked for more."""
_FAILURE: Final = re.compile(r" (?:WARNING|ERROR|CRITICAL) ")
_TESTS: Final[Mapping[str, Text]] = {
    "card_reader": Text(zh="测试：15 秒内插入任意一张卡", en="test: put any card in within 15 s"),
    "receipt_printer": Text(zh="测试：打印一张", en="test: print a slip"),
}
_TEST: Final = Text(zh="测试", en="test")


class Devices(Pages):
    """``devices``, ``device:<noun>`` and ``trace:<noun>``."""

    titles: ClassVar[Mapping[str, Text]] = {
        "devices": Text(zh="设备", en="devices"),
        **{f"device:{noun}": title for noun, title in NOUNS.items()},
        **{
            f"trace:{noun}": Text(zh=f"{title.zh}：线路记录", en=f"{title.en}: what went over the line")
            for noun, title in NOUNS.items()
        },
    }

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._traces: dict[str, tuple[Passage, ...]] = {}
        self._trials: dict[str, Trial] = {}

    def page(self, word: str) -> Page:
        """See :meth:`Pages.page`."""
        if word == "devices":
            configuration = self._visit.configuration
            return Page(word, self.titles[word], tuple(self._line(noun, configuration) for noun in NOUNS))
        kind, _, noun = word.partition(":")
        return self._device(noun) if kind == "device" else self._trace(noun)

    def do(self, word: str, act: str, given: Mapping[str, str]) -> Done:
        """Test the device, and keep what goes over its line meanwhile."""
        noun = word.partition(":")[2]
        with watched(self._visit.clock) as trace:
            try:
                trial = self._tried(noun)
            except DeviceError as error:
                trial = Trial(False, error.what)
            finally:
                self._traces[noun] = trace.passages()
        self._trials[noun] = trial
        if trial.passed:
            return Done(ActOutcome.DONE, Text(zh=f"通过：{trial.told}", en=f"passed: {trial.told}"), Mark.WELL)
        return Done(ActOutcome.FAILED, Text(zh=f"没通过：{trial.told}", en=f"not passed: {trial.told}"), Mark.FAULT)

    def _tried(self, noun: str) -> Trial:
        match noun:
            case "card_reader":
                return try_card_reader(self._visit.configuration)
            case "receipt_printer":
                return try_receipt_printer(self._visit.configuration)
        return try_by_question(noun, self._visit.file, self._visit.environment)

    def _line(self, noun: str, configuration: Configuration) -> Row:
        if not _is_there(configuration, noun):
            return row(NOUNS[noun].zh, NOUNS[noun].en, "没有 none here")
        tried = self._trials.get(noun)
        mark = Mark.NONE if tried is None else Mark.WELL if tried.passed else Mark.FAULT
        return Row(NOUNS[noun], "" if tried is None else tried.told, mark, act=opens(f"device:{noun}", "看", "see"))

    def _device(self, noun: str) -> Page:
        configuration = self._visit.configuration
        rows = [*self._now(noun, configuration), row("配置", "configured", _configured(configuration, noun))]
        tried = self._trials.get(noun)
        if tried is not None:
            rows.append(row("最近一次测试", "last test", tried.told, Mark.WELL if tried.passed else Mark.FAULT))
        rows += self._failures(noun, configuration)
        acts = [Act("test", _TESTS.get(noun, _TEST)), opens(f"trace:{noun}", "线路记录", "what went over the line")]
        if noun in _FURTHER:
            acts.append(_FURTHER[noun])
        return Page(f"device:{noun}", NOUNS[noun], tuple(rows), tuple(acts), again_after_s=AGAIN_S)

    def _now(self, noun: str, configuration: Configuration) -> tuple[Row, ...]:
        if noun == "camera":
            # Nobody is looked at because a page stands: whether its picture lives its test tells.
            return values(noun, configuration)
        found = examine_one(noun, self._visit.file, self._visit.environment, in_hand=True)
        if found.state is State.NOT_TRIED or found.cause in _NO_ANSWER:
            return (of_finding(found),)
        return (of_finding(found), *values(noun, configuration))

    def _failures(self, noun: str, configuration: Configuration) -> list[Row]:
        """What the terminal's own sheet and its log have of it."""
        found: list[Row] = []
        sheet = read_sheet(configuration)
        for told in sheet.devices if sheet is not None else ():
            if told.device == noun and told.code:
                since = datetime.fromtimestamp(told.since_ms / 1000, tz=CHINA).isoformat(sep=" ", timespec="minutes")
                found.append(row("终端遇到过", "the terminal met", f"{since} {told.code} {told.found}", Mark.WARNING))
        lines = last_lines(_SEARCHED, self._visit.run, self._visit.logs)
        named = [line for line in lines if noun in line and _FAILURE.search(line)]
        found += [row("日志", "log", line) for line in named[-FAILURES_SHOWN:]]
        return found

    def _trace(self, noun: str) -> Page:
        word = f"trace:{noun}"
        passages = self._traces.get(noun)
        if passages is None:
            note = Text(zh="先做一次测试，再看这里", en="test it first, then look here")
            return Page(word, self.titles[word], note=note)
        note = Text(
            zh="只有状态和身份的内容会显示；其余只有命令、长度和应答",
            en="bytes are shown of status and identity alone; of all else command, length and answer",
        )
        begin = passages[0].at_s if passages else 0.0
        return Page(word, self.titles[word], tuple(_passage(one, begin) for one in passages), note=note)


_FURTHER: Final = {
    "pin_pad": opens("pad-keys", "试按键", "try its keys"),
    "camera": opens("camera", "对准和光线", "aim and light"),
}


def _passage(one: Passage, begin: float) -> Row:
    zh, en = ("发", "sent") if one.outward else ("收", "came")
    length = "?" if one.length is None else str(one.length)
    octets = f": {one.shown.hex(' ').upper()}" if one.shown else ""
    return row(zh, en, f"{(one.at_s - begin) * 1000:6.0f} ms {one.what} ({length} B){octets}")


def _is_there(configuration: Configuration, noun: str) -> bool:
    return getattr(configuration, noun) is not None


def _configured(configuration: Configuration, noun: str) -> str:
    """What ``kiosk.toml`` says of it, shortly."""
    section = getattr(configuration, noun)
    named = (
        (key, getattr(section, key)) for key in ("name", "port", "line", "source", "dialect") if hasattr(section, key)
    )
    return ", ".join(f"{key} = {value}" for key, value in named)
