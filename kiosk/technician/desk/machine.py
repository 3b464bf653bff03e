"""The machine and the terminal on it: logs, health, opened, closed, started anew, shut down."""

import os
import platform
import shutil
from collections.abc import Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import ClassVar, Final

from kiosk.central_client.clock_offset import ClockOffset
from kiosk.journeys.technician_views import Act, Leave, Mark, Page, Row
from kiosk.policy.rule import Text
from kiosk.records.china_time import CHINA
from kiosk.records.technician import ActOutcome, Role
from kiosk.technician.desk.pages import Done, Pages, row
from kiosk.technician.desk.visit import Visit
from kiosk.technician.doctor import read_sheet
from kiosk.technician.logbook import last_lines
from kiosk.technician.machine import CLOCK_SLACK_S, FULL_BYTES, LOW_BYTES, UNITS

LINES: Final = 100
_MIB: Final = 1024 * 1024
_UPTIME: Final = Path("/proc/uptime")
_MEMORY: Final = Path("/proc/meminfo")
_LEAVES: Final = {
    "open": (Leave.OPEN_TERMINAL, Text(zh="离开维护后开放服务", en="citizens are served once you have left")),
    "close": (Leave.CLOSE_TERMINAL, Text(zh="已停止服务，重启后仍停", en="closed, over restarts too")),
    "restart": (Leave.RESTART, Text(zh="程序重启", en="the application starts anew")),
    "restart-machine": (Leave.START_MACHINE, Text(zh="机器重启", en="the machine starts anew")),
    "shut-down": (Leave.SHUT_DOWN, Text(zh="关机", en="the machine shuts down")),
}


class Machine(Pages):
    """``logs``, ``terminal`` and ``health``."""

    titles: ClassVar[Mapping[str, Text]] = {
        "logs": Text(zh="日志", en="logs"),
        "terminal": Text(zh="开放、停止、重启、关机", en="open, close, restart, shut down"),
        "health": Text(zh="运行状况", en="health"),
    }

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    def page(self, word: str) -> Page:
        """See :meth:`Pages.page`."""
        match word:
            case "logs":
                lines = last_lines(LINES, self._visit.run, self._visit.logs)
                note = Text(
                    zh="像公民号码的都抹掉了；完整的用 kiosk support-bundle",
                    en="what looks like a citizen's number is taken out; the whole by kiosk support-bundle",
                )
                return Page(word, self.titles[word], tuple(_line(one) for one in reversed(lines)), note=note)
            case "terminal":
                return Page(word, self.titles[word], acts=_TERMINAL_ACTS)
        return Page(word, self.titles[word], tuple(self._health()))

    def do(self, word: str, act: str, given: Mapping[str, str]) -> Done:
        """Say what is wanted of the terminal; the runtime carries it out."""
        leave, note = _LEAVES[act]
        return Done(ActOutcome.DONE, note, leave=leave)

    def _health(self) -> list[Row]:
        configuration = self._visit.configuration
        rows = [
            row("程序版本", "version", metadata.version("social-security-card-terminal")),
            row("终端号", "terminal", configuration.terminal.id),
            row("系统", "system", f"{platform.freedesktop_os_release().get('PRETTY_NAME', '')}, {platform.release()}"),
            row("Python", "Python", platform.python_version()),
            row("开机时间", "up for", _span(float(_UPTIME.read_text("ascii").split()[0]))),
            row("一分钟负载", "load", f"{os.getloadavg()[0]:.2f} / {os.cpu_count()}"),
            _memory(),
            _disk(configuration.terminal.state),
        ]
        if configuration.offset_path.exists():
            off_s = ClockOffset(configuration.offset_path).milliseconds() / 1000
            mark = Mark.WARNING if abs(off_s) > CLOCK_SLACK_S else Mark.WELL
            rows.append(row("时钟：中心减本机", "clock: centre minus this one", f"{off_s:+.1f} s", mark))
        now = datetime.fromtimestamp(self._visit.clock(), tz=CHINA)
        rows.append(row("现在", "now", now.isoformat(sep=" ", timespec="seconds")))
        sheet = read_sheet(configuration)
        if sheet is not None:
            started = datetime.fromtimestamp(sheet.started_at_ms / 1000, tz=CHINA)
            rows.append(row("程序启动于", "started", started.isoformat(sep=" ", timespec="seconds")))
        rows += self._restarts()
        return rows

    def _restarts(self) -> list[Row]:
        """How often systemd has started our services anew since the machine came up."""
        found: list[Row] = []
        for unit in UNITS:
            told = self._visit.run(["systemctl", "show", "--property=NRestarts", "--value", unit])
            count = told.told.strip()
            if told.code == 0 and count.isdigit():
                mark = Mark.WARNING if int(count) else Mark.WELL
                found.append(row(f"重启次数 {unit}", f"restarts of {unit}", count, mark))
        return found


_TERMINAL_ACTS: Final = (
    Act("open", Text(zh="开放服务", en="open"), Role.SUPPLIES, asks_again=True),
    Act("close", Text(zh="停止服务", en="close"), Role.SUPPLIES, asks_again=True),
    Act("restart", Text(zh="重启程序", en="restart the application"), Role.FULL, asks_again=True),
    Act("restart-machine", Text(zh="重启机器", en="restart the machine"), Role.FULL, asks_again=True),
    Act("shut-down", Text(zh="关机", en="shut down"), Role.FULL, asks_again=True),
)


def _line(line: str) -> Row:
    faulty = any(word in line for word in (" ERROR ", " CRITICAL "))
    return row("·", "·", line, Mark.FAULT if faulty else Mark.WARNING if " WARNING " in line else Mark.NONE)


def _span(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86400)
    return f"{days} d {rest // 3600} h {rest % 3600 // 60} min"


def _memory() -> Row:
    told = dict(line.split(":", 1) for line in _MEMORY.read_text("ascii").splitlines())
    free, whole = (int(told[name].split()[0]) // 1024 for name in ("MemAvailable", "MemTotal"))
    return row("内存可用", "memory free", f"{free} / {whole} MiB", Mark.WELL if free * 10 > whole else Mark.WARNING)


def _disk(state: Path) -> Row:
    usage = shutil.disk_usage(state)
    mark = Mark.FAULT if usage.free < FULL_BYTES else Mark.WARNING if usage.free < LOW_BYTES else Mark.WELL
    return row("磁盘可用", "disk free", f"{usage.free // _MIB} / {usage.total // _MIB} MiB", mark)
