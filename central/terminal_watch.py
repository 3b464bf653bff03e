"""Every terminal as whoever watches them sees it: how it stands, what is wrong with it, when something runs out."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.forecast import DAY_MS, Forecast, PaperReading, Reading, forecast, paper_forecast
from central.tables import Terminal, TerminalLedger
from central.telemetry_tables import SupplyReading, TerminalWord
from central.terminal_words import DEVICES, ENDINGS, LINES, closed_by, found, reason
from kiosk.records.telemetry import STALE_S, Standing, Telemetry

SILENT_MS: Final = 15 * 60 * 1000
"""Three words that did not come."""
SOON_DAYS: Final = 3.0
"""Something that runs out so soon is a reason to go there."""
LOW_DISK_BYTES: Final = 512 * 1024 * 1024
"""As the terminal's own doctor has it."""
CLOCK_SLACK_MS: Final = 120_000
CERTIFICATE_DAYS: Final = 14.0
SLOW_MS: Final = 1_000
"""A round of the window that somebody before it notices."""
OLD_QUEUE: Final = 500
"""More than a day of a busy terminal."""


class Grade(IntEnum):
    """How urgent; the greatest comes first."""

    WELL = 0
    UNKNOWN = 1
    """Nothing is known of it, or nothing any more."""
    WATCH = 2
    """It serves, and somebody should come."""
    BROKEN = 3


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say of a terminal."""

    zh: str
    en: str
    grade: Grade = Grade.WELL


class TerminalRow(msgspec.Struct, frozen=True, kw_only=True):
    """One terminal, its notes by column."""

    id: str
    region: str
    state: Note
    why: tuple[Note, ...]
    """Beside the state; empty where it says all."""
    devices: tuple[Note, ...]
    supplies: tuple[Note, ...]
    machine: tuple[Note, ...]
    program: tuple[Note, ...]
    heard_at_ms: int | None
    """When it last told of itself."""
    seen_at_ms: int | None
    """When it last asked anything."""
    is_current: bool
    """Its word is fresh; otherwise all of this is how it was."""

    @property
    def grade(self) -> Grade:
        """The gravest of its state and all that is current of it."""
        notes = (*self.why, *self.devices, *self.supplies, *self.machine, *self.program) if self.is_current else ()
        return max(self.state.grade, *(note.grade for note in notes), Grade.WELL)


@dataclass(frozen=True, slots=True)
class _Known:
    terminal: Terminal
    frozen: str
    word: TerminalWord | None
    readings: list[SupplyReading]


def watched(session: Session, now_ms: int) -> list[TerminalRow]:
    """Every terminal, those first to which somebody should go.

    :param now_ms: the centre's clock.
    """
    rows = [_row(known, now_ms) for known in _known(session)]
    return sorted(rows, key=lambda row: (-row.grade, -row.state.grade, row.id))


def _known(session: Session) -> Iterator[_Known]:
    frozen = {
        ledger.terminal: ledger.frozen_reason or ""
        for ledger in session.scalars(select(TerminalLedger).where(TerminalLedger.frozen_reason.is_not(None)))
    }
    words = {word.terminal: word for word in session.scalars(select(TerminalWord))}
    readings: dict[str, list[SupplyReading]] = defaultdict(list)
    for reading in session.scalars(select(SupplyReading).order_by(SupplyReading.read_at)):
        readings[reading.terminal].append(reading)
    for terminal in session.scalars(select(Terminal)):
        yield _Known(terminal, frozen.get(terminal.id, ""), words.get(terminal.id), readings[terminal.id])


def _row(known: _Known, now_ms: int) -> TerminalRow:
    terminal, word = known.terminal, known.word
    told = None if word is None else _understood(word.told)
    heard_at_ms = None if word is None else word.received_at
    is_current = heard_at_ms is not None and now_ms - heard_at_ms <= SILENT_MS and terminal.revoked_at is None
    state, why = _state(known, told, is_current=is_current)
    return TerminalRow(
        id=terminal.id,
        region=terminal.region,
        state=state,
        why=why,
        devices=() if told is None else tuple(_devices(told)),
        supplies=() if told is None else tuple(_supplies(told, known.readings, now_ms)),
        machine=() if told is None else tuple(_machine(told, now_ms)),
        program=() if told is None else tuple(_program(told)),
        heard_at_ms=heard_at_ms,
        seen_at_ms=terminal.last_seen,
        is_current=is_current,
    )


def _understood(word: str) -> Telemetry | None:
    """What a terminal last told; None where another version of this centre kept it in another form."""
    try:
        return msgspec.json.decode(word, type=Telemetry)
    except msgspec.DecodeError:
        return None


def _state(known: _Known, told: Telemetry | None, *, is_current: bool) -> tuple[Note, tuple[Note, ...]]:
    """How it stands, and what is to be said beside that."""
    if known.terminal.revoked_at is not None:
        return Note(zh="已注销", en="Struck off", grade=Grade.UNKNOWN), ()
    if known.frozen:
        return Note(zh="账本已冻结", en="Ledger frozen", grade=Grade.BROKEN), ()
    if told is None:
        return Note(zh="还没有消息", en="Never told", grade=Grade.UNKNOWN), ()
    if not is_current:
        return Note(zh="没有消息", en="Silent", grade=Grade.UNKNOWN), ()
    return _trouble(told) or _standing(told)


def _trouble(told: Telemetry) -> tuple[Note, tuple[Note, ...]] | None:
    """What it can't say of itself any more, or can't mend."""
    if told.sheet_age_s is None:
        return Note(zh="程序没有启动过", en="Never started", grade=Grade.BROKEN), ()
    if told.sheet_age_s > STALE_S:
        zh, en = _span(told.sheet_age_s * 1000)
        still = Note(zh=f"已有 {zh}", en=f"for {en}", grade=Grade.BROKEN)
        return Note(zh="窗口不动了", en="Stands still", grade=Grade.BROKEN), (still,)
    if told.ailment:
        why = Note(zh="", en=told.ailment, grade=Grade.BROKEN)
        return Note(zh="要重启才会好", en="Wants a restart", grade=Grade.BROKEN), (why,)
    return None


def _standing(told: Telemetry) -> tuple[Note, tuple[Note, ...]]:
    reads_none = (Note(zh="读不了卡", en="reads no cards", grade=Grade.BROKEN),) if told.reads_no_cards else ()
    makes_none = (Note(zh="不能制卡", en="makes no cards", grade=Grade.WATCH),) if told.makes_no_cards else ()
    match told.standing:
        case Standing.CLOSED:
            zh, en = closed_by(told.closed_by)
            why = Note(zh=f"{zh} {told.closed_by}".strip(), en=en, grade=Grade.BROKEN)
            return Note(zh="暂停服务", en="Out of service", grade=Grade.BROKEN), (why,)
        case Standing.TENDED:
            return Note(zh="有人在维护", en="Technician at work"), ()
        case Standing.SERVES:
            return Note(zh="正在办理", en="Serving"), reads_none + makes_none
        case Standing.WAITS:
            return Note(zh="可以办理", en="Ready"), reads_none + makes_none
        case Standing.UNKNOWN:
            return Note(zh="不清楚", en="Not known", grade=Grade.UNKNOWN), ()


def _devices(told: Telemetry) -> Iterator[Note]:
    well = 0
    for one in told.devices:
        if not one.code:
            well += 1
            continue
        name, why = DEVICES.get(one.device, (one.device, one.device)), reason(one.code)
        yield Note(zh=f"{name[0]}{why[0]} {one.code}", en=f"{name[1]} {why[1]}", grade=Grade.BROKEN)
    if well:
        every = "全部" if well == len(told.devices) else "其余"
        yield Note(zh=f"{every} {well} 件正常", en=f"{well} well")


_PAPER: Final = {
    "enough": Note(zh="凭条纸够用", en="paper enough"),
    "low": Note(zh="凭条纸快完了", en="paper low", grade=Grade.WATCH),
    "out": Note(zh="凭条纸用完了", en="no paper", grade=Grade.WATCH),
}


def _supplies(told: Telemetry, readings: list[SupplyReading], now_ms: int) -> Iterator[Note]:
    has = told.supplies
    if has.paper is not None:
        paper = [PaperReading(one.read_at, one.paper) for one in readings if one.paper is not None]
        yield _with(_PAPER[has.paper], paper_forecast(paper, now_ms), "卷", "rolls")
    if has.hopper is not None:
        left = Note(zh=f"白卡 {has.hopper} 张", en=f"{has.hopper} blanks", grade=_empty(has.hopper))
        yield _with(left, _of(readings, "hopper", now_ms), "张", "cards")
    if has.faces_left is not None:
        faces = Note(
            zh=f"色带还能印 {has.faces_left} 面", en=f"ribbon {has.faces_left} faces", grade=_empty(has.faces_left)
        )
        yield _with(faces, _of(readings, "faces_left", now_ms), "面", "faces")
    for zh, en, held, size, name in (
        ("废卡箱", "reject bin", has.reject_bin, has.reject_bin_size, "reject_bin_room"),
        ("回收箱", "retained bin", has.retained_bin, has.retained_bin_size, "retained_bin_room"),
    ):
        if held is not None and size is not None:
            full = Note(zh=f"{zh} {held}/{size}", en=f"{en} {held}/{size}", grade=_empty(size - held))
            yield _with(full, _of(readings, name, now_ms), "张", "cards")


def _empty(left: int) -> Grade:
    return Grade.WATCH if left <= 0 else Grade.WELL


def _of(readings: list[SupplyReading], name: str, now_ms: int) -> Forecast | None:
    told = [Reading(one.read_at, left) for one in readings if (left := getattr(one, name)) is not None]
    return forecast(told, now_ms)


def _with(note: Note, ahead: Forecast | None, unit: str, units: str) -> Note:
    """The note, and in how many days it runs out or is full, with what that rests on."""
    if ahead is None:
        return note
    days, over = _whole(ahead.days), _whole(ahead.over_days)
    return Note(
        zh=f"{note.zh}，约 {days} 天（按 {over} 天用 {ahead.used} {unit}）",
        en=f"{note.en}, about {days} {'day' if days == 1 else 'days'} ({ahead.used} {units} in {over} days)",
        grade=max(note.grade, Grade.WATCH if ahead.days < SOON_DAYS else Grade.WELL),
    )


def _whole(days: float) -> int:
    """Whole days that are certain, never rounded up."""
    return int(days)


def _machine(told: Telemetry, now_ms: int) -> Iterator[Note]:
    if told.disk_free_bytes is not None:
        free = f"{told.disk_free_bytes / 1024**3:.1f} GB"
        low = told.disk_free_bytes < LOW_DISK_BYTES
        yield Note(zh=f"磁盘剩 {free}", en=f"{free} free", grade=Grade.WATCH if low else Grade.WELL)
    off_ms = told.clock_offset_ms
    is_off = abs(off_ms) > CLOCK_SLACK_MS
    zh, en = ("慢", "slow") if off_ms > 0 else ("快", "fast")
    off = Note(zh=f"时钟{zh} {_span(off_ms)[0]}", en=f"clock {_span(off_ms)[1]} {en}", grade=Grade.WATCH)
    yield off if is_off else Note(zh="时钟准", en="clock right")
    if told.certificate_ends_ms is not None:
        days = (told.certificate_ends_ms - now_ms) / DAY_MS
        yield Note(
            zh=f"中心证书还有 {int(days)} 天",
            en=f"certificate {int(days)} days",
            grade=Grade.WATCH if days < CERTIFICATE_DAYS else Grade.WELL,
        )
    if told.queue is not None:
        zh, en = LINES.get(told.queue.line, (told.queue.line, told.queue.line))
        waiting = told.queue.waiting
        halted = told.queue.line == "halted"
        late = waiting > OLD_QUEUE
        yield Note(
            zh=f"{zh}，待传 {waiting} 条" if waiting else zh,
            en=f"{en}, {waiting} wait" if waiting else en,
            grade=Grade.BROKEN if halted else Grade.WATCH if late else Grade.WELL,
        )


def _span(ms: int) -> tuple[str, str]:
    seconds = abs(ms) // 1000
    if seconds < 7200:
        return f"{seconds // 60} 分钟", f"{seconds // 60} min"
    return f"{seconds // 3600} 小时", f"{seconds // 3600} h"


def _self_test(told: Telemetry) -> Iterator[Note]:
    """What it found when it last tested itself; a test that did not come to its end is a finding."""
    tested = told.self_test
    if tested is None:
        return
    if not tested.tried:
        yield Note(zh="自检没有做完", en="self-test broke off", grade=Grade.WATCH)
    elif tested.faults:
        words = [found(word) for word in tested.faults]
        zh, en = "、".join(one[0] for one in words), ", ".join(one[1] for one in words)
        yield Note(zh=f"自检发现：{zh}", en=f"self-test found: {en}", grade=Grade.WATCH)
    else:
        yield Note(zh=f"自检 {tested.tried} 项正常", en=f"self-test: {tested.tried} well")


def _program(told: Telemetry) -> Iterator[Note]:
    yield from _self_test(told)
    if told.version:
        yield Note(zh=f"版本 {told.version}", en=f"version {told.version}")
    if told.starts is not None:
        starts = told.starts
        zh, en = ENDINGS[starts.before]
        unasked = f"，意外 {starts.unasked} 次" if starts.unasked else ""
        of_them = f", {starts.unasked} unasked" if starts.unasked else ""
        yield Note(zh=f"启动 {starts.count} 次{unasked}", en=f"{starts.count} starts{of_them}")
        yield Note(zh=zh, en=en)
    if told.frames is not None:
        slow = told.frames.worst_ms >= SLOW_MS
        yield Note(
            zh=f"画面 {told.frames.median_ms} 毫秒，最慢 {told.frames.worst_ms}",
            en=f"frames {told.frames.median_ms} ms, worst {told.frames.worst_ms}",
            grade=Grade.WATCH if slow else Grade.WELL,
        )
    if told.memory_bytes:
        mib = told.memory_bytes // 1024**2
        yield Note(zh=f"内存 {mib} MB", en=f"memory {mib} MB")
