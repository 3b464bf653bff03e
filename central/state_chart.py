"""``docs/card-states.svg``: the table of :mod:`central.card_states`, drawn.

Boxes and ways are placed by hand; what stands on them comes from the table, and a way that the table has and this page
has not is an error.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from central.card_states import SIDES, TRANSITIONS, After, By, Event, SideState
from kiosk.records.card import CardState

_WIDTH, _HEIGHT = 1800, 1272
_BOX_WIDTH, _BOX_HEIGHT = 300, 152
_SMALL = ' font-size="17"'
_STATES: Final = {
    CardState.SEALED: ("未启用", "sealed", (180, 470)),
    CardState.NORMAL: ("正常", "normal", (620, 470)),
    CardState.LOCKED: ("社保功能锁定", "locked", (900, 170)),
    CardState.TEMPORARILY_LOST: ("临时挂失", "lost for now", (1180, 470)),
    CardState.LOST: ("正式挂失", "formally lost", (1610, 470)),
    CardState.CANCELLED: ("已注销", "cancelled", (900, 860)),
}
"""Words and the middle of the box."""
_BAR_WIDTH: Final = 1740
"""Of the last state, to which ways lead from everywhere."""
_EVENTS: Final = {
    Event.ACTIVATED: ("启用", "activated"),
    Event.LOCKED: ("锁定", "locked"),
    Event.UNLOCKED: ("解锁", "unlocked"),
    Event.REPORTED: ("临时挂失", "reported lost"),
    Event.LIFTED: ("撤销挂失", "lifted"),
    Event.LAPSED: ("到期自动解除", "term over"),
    Event.FORMALLY_REPORTED: ("正式挂失", "formally reported"),
    Event.REPLACEMENT_ACCEPTED: ("受理补换卡", "replacement accepted"),
    Event.REPLACEMENT_WITHDRAWN: ("撤回补换卡", "replacement withdrawn"),
    Event.REPLACED: ("新卡制成", "replaced"),
    Event.CANCELLED: ("注销", "cancelled"),
}
_BY: Final = {
    By.TERMINAL: ("自助机", "terminal"),
    By.ENTRY: ("断网时记下的", "taken down offline"),
    By.WINDOW: ("窗口", "window"),
    By.TERM: ("到期", "term"),
}
_SIDE_STATES: Final = {
    SideState.NOT_YET: ("还没有", "not yet"),
    SideState.WORKS: ("能用", "works"),
    SideState.LOCKED: ("锁定", "locked"),
    SideState.STOPPED: ("停用", "stopped"),
    SideState.ENDED: ("作废", "ended"),
    SideState.ITS_OWN: ("问银行", "the bank's own"),
    SideState.TO_BE_TOLD: ("另行通知", "to be told"),
}


@dataclass(frozen=True, slots=True)
class _Way:
    """A way between two boxes: an SVG path, and where its words begin or stand in the middle."""

    path: str
    words: tuple[int, int]
    anchor: str = "middle"


_WAYS: Final = {
    (CardState.SEALED, CardState.NORMAL): _Way("M330 470 H464", (398, 432)),
    (CardState.NORMAL, CardState.LOCKED): _Way("M560 394 V170 H744", (550, 290), "end"),
    (CardState.LOCKED, CardState.NORMAL): _Way("M790 246 V330 H640 V388", (650, 320), "start"),
    (CardState.NORMAL, CardState.TEMPORARILY_LOST): _Way("M770 440 H1024", (930, 392)),
    (CardState.TEMPORARILY_LOST, CardState.NORMAL): _Way("M1030 500 H776", (930, 536)),
    (CardState.LOCKED, CardState.TEMPORARILY_LOST): _Way("M1010 246 V330 H1120 V388", (1020, 306), "start"),
    (CardState.TEMPORARILY_LOST, CardState.LOCKED): _Way("M1240 394 V200 H1056", (1250, 270), "start"),
    (CardState.TEMPORARILY_LOST, CardState.LOST): _Way("M1330 510 H1454", (1395, 576)),
    (CardState.LOCKED, CardState.LOST): _Way("M1050 140 H1640 V388", (1630, 130), "end"),
    (CardState.NORMAL, CardState.LOST): _Way("M690 546 V640 H1550 V552", (840, 632), "start"),
    (CardState.SEALED, CardState.CANCELLED): _Way("M180 546 V778", (192, 690), "start"),
    (CardState.NORMAL, CardState.CANCELLED): _Way("M600 546 V778", (590, 690), "end"),
    (CardState.LOCKED, CardState.CANCELLED): _Way("M830 246 V778", (842, 720), "start"),
    (CardState.TEMPORARILY_LOST, CardState.CANCELLED): _Way("M1240 546 V778", (1252, 740), "start"),
    (CardState.LOST, CardState.CANCELLED): _Way("M1640 546 V778", (1630, 690), "end"),
    (CardState.CANCELLED, CardState.CANCELLED): _Way("M60 942 V978 H220 V948", (236, 966), "start"),
}
_HEAD: Final = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" \
font-family="Noto Sans CJK SC, Noto Sans SC, sans-serif" font-size="19" fill="#111827">
<title>社会保障卡的状态 · States of a social security card</title>
<defs><marker id="head" viewBox="0 0 10 10" refX="5" refY="5" markerWidth="8" markerHeight="8" orient="auto">\
<path d="M0 0 L10 5 L0 10 z" fill="#0B4FA3"/></marker></defs>
<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#F3F6FB"/>
<text x="30" y="46" font-size="30" font-weight="bold">社会保障卡的状态 · States of a card</text>
"""


def drawn() -> str:
    """The picture as SVG text.

    :raises KeyError: the table has a state, an event or a way that nobody has placed yet.
    """
    ways = dict(sorted(_ways().items(), key=lambda item: (item[0][0].value, item[0][1].value)))
    parts = [_HEAD]
    parts += (_line(_WAYS[between]) for between in ways)
    parts += (_box(state) for state in _STATES)
    parts += (_words(_WAYS[between], events) for between, events in ways.items())
    parts += _notes()
    return "".join(parts) + "</svg>\n"


def _ways() -> dict[tuple[CardState, CardState], list[Event]]:
    """Which events lead from which state to which; those that leave a card as it is have none."""
    found: dict[tuple[CardState, CardState], list[Event]] = {}
    for row in TRANSITIONS:
        for source in row.sources:
            for target in _targets(row.to):
                found.setdefault((source, target), []).append(row.event)
    return found


def _targets(to: CardState | After) -> tuple[CardState, ...]:
    match to:
        case After.BEFORE_LOSS:
            return next(row.sources for row in TRANSITIONS if row.event is Event.REPORTED)
        case After.AS_IT_IS:
            return ()
        case state:
            return (state,)


def _box(state: CardState) -> str:
    zh, en, (x, y) = _STATES[state]
    width = _BAR_WIDTH if state is CardState.CANCELLED else _BOX_WIDTH
    left, top = x - width // 2, y - _BOX_HEIGHT // 2
    sides = SIDES[state]
    lines = [
        f"{name} {_SIDE_STATES[side][0]} · {_SIDE_STATES[side][1]}"
        for name, side in (("社保", sides.social), ("银行", sides.bank), ("电子卡", sides.e_card))
        if side is not None
    ]
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{_BOX_HEIGHT}" rx="14" fill="#FFFFFF" stroke="#111827" '
        f'stroke-width="3"/>\n'
        + _text(x, top + 40, f"{state.value} {zh} · {en}", ' text-anchor="middle" font-size="22" font-weight="bold"')
        + "".join(
            _text(x, top + 74 + 29 * number, line, ' text-anchor="middle" font-size="18"')
            for number, line in enumerate(lines)
        )
    )


def _line(way: _Way) -> str:
    return f'<path d="{way.path}" fill="none" stroke="#0B4FA3" stroke-width="3" marker-end="url(#head)"/>\n'


def _words(way: _Way, events: list[Event]) -> str:
    x, y = way.words
    said = (
        [word for event in events for word in _EVENTS[event]]
        if way.anchor == "middle"
        else [" ".join(_EVENTS[event]) for event in events]
    )
    look = f' text-anchor="{way.anchor}" fill="#0B4FA3"'
    return "".join(_text(x, y + 25 * number, line, look) for number, line in enumerate(said))


def _notes() -> Iterator[str]:
    """Who brings each event about, in two columns, and below them what the arrows don't say."""
    for number, row in enumerate(TRANSITIONS):
        column, line = divmod(number, -(-len(TRANSITIONS) // 2))
        said = f"{' '.join(_EVENTS[row.event])}：{'、'.join(_BY[by][0] for by in row.by)} · "
        yield _text(40 + 900 * column, 1014 + 28 * line, said + ", ".join(_BY[by][1] for by in row.by), _SMALL)
    still = [" ".join(_EVENTS[row.event]) for row in TRANSITIONS if row.to is After.AS_IT_IS]
    leaves = (
        "卡不变；地区规定受理即作废的，受理后随即注销 · "
        "leave the card as it is; where the region says so, acceptance cancels it"
    )
    resumes = (
        "撤回以后：作废的卡不恢复，临时挂失的期限照原来的算 · "
        "Once withdrawn: no ended card comes back, and a report's term runs as before"
    )
    e_card = (
        "电子卡：手册写明随实体卡停用的地区才算 · E-card: where the region's handbook says that it goes with the card"
    )
    notes = (f"{'、'.join(still)}：{leaves}", resumes, e_card)
    for line, note in enumerate(notes):
        yield _text(40, 1192 + 28 * line, note, _SMALL)


def _text(x: int, y: int, text: str, look: str) -> str:
    return f'<text x="{x}" y="{y}"{look}>{escape(text)}</text>\n'
