"""``python -m central terminals``: every terminal and what is wrong with it, for a console or for programs."""

from datetime import datetime

import msgspec

from central.terminal_watch import Grade, Note, TerminalRow
from kiosk.records.china_time import CHINA

_MARKS = {Grade.WELL: "✓", Grade.UNKNOWN: "?", Grade.WATCH: "!", Grade.BROKEN: "✗"}


def as_json(rows: list[TerminalRow]) -> str:
    """All of it; grades are 0 well, 1 not known, 2 somebody should come, 3 broken."""
    shown = [{"grade": int(row.grade), **msgspec.to_builtins(row)} for row in rows]
    return msgspec.json.format(msgspec.json.encode(shown)).decode()


def as_text(rows: list[TerminalRow]) -> str:
    """One block a terminal, the gravest first; what is well of it in one line."""
    return "\n".join(line for row in rows for line in _block(row)) or "没有终端 no terminal is enrolled"


def _block(row: TerminalRow) -> list[str]:
    heard = (
        "–" if row.heard_at_ms is None else f"{datetime.fromtimestamp(row.heard_at_ms / 1000, tz=CHINA):%m-%d %H:%M}"
    )
    told = f"最近消息 last word {heard}"
    first = f"{_MARKS[row.grade]} {row.id} {row.region}  {row.state.zh} {row.state.en}  {told}"
    notes = (*row.why, *row.devices, *row.supplies, *row.machine, *row.program)
    bad = [f"    {_MARKS[note.grade]} {_both(note)}" for note in notes if note.grade is not Grade.WELL]
    well = " · ".join(note.en for note in notes if note.grade is Grade.WELL)
    return [first, *bad, *([f"    {well}"] if well else [])]


def _both(note: Note) -> str:
    return f"{note.zh} {note.en}".strip()
