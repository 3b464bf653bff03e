"""A technician before the terminal's own screen: let in by a code, they have it look again, and read what it found.

Words are looked for as they would be printed (:mod:`simulators.screen`), signs by their colour; the page knows nothing
of it. A cause is told by its advice: pieces of it that no other cause's advice holds, since lines break anywhere.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self

import numpy as np
import pyotp

from kiosk.technician.causes import Cause
from kiosk.technician.desk.findings import summary
from kiosk.technician.doctor import CHECKS, Check
from kiosk.technician.findings import Finding, State
from simulators.screen import Box, Picture, Screen

Grade = Literal["fault", "warning", "well", "none"]
ENTRY, FORM, HOME, FINDINGS = "维护人员登录", "用一次性口令", "全部检查", "检查结果"
"""What tells the four pages from each other."""
_LABEL, _ADVICE, _BUTTON, _NOTE, _HEADING, _NUMBER, _KEY = 40, 32, 48, 40, 64, 32, 48
"""Sizes of the type, pixels at 1080×1920."""
_HOLD_S: Final = 3.3
"""The terminal's number is held for three seconds."""
_COMES_IN_S: Final = 240.0
_LOOKS_S: Final = 60.0
_BEGINS_S: Final = 3.0
"""So soon a page that was touched says that the desk is at it; what is done sooner may never say so."""
_AT_IT: Final = "正在办，请稍候。"
_STEP_S: Final = 30
_PIECE: Final = 6
_TRIES: Final = 2
_MOST_PARTS: Final = 9
_MOST_TOLD: Final = 5
_LEFT, _RIGHT = 56, 1024
"""Between these lies what a page holds."""
_LABELS_LEFT: Final = 120
_ROW: Final = 480
"""No row is higher."""
_MISSED: Final = 3
"""More checks than a page that is right leaves out: whichever it left out is told, and the next is found."""
_BROKEN: Final = frozenset({"fault", "warning"})
_SIGN: Final = slice(70, 136)
"""Where the sign of a row is, across."""


@dataclass(frozen=True, slots=True)
class SeenRow:
    """One check, as the page of findings shows it."""

    check: str
    grade: Grade
    causes: frozenset[Cause]
    """Whose advice stands below it."""
    part: int


@dataclass(frozen=True, slots=True)
class Seen:
    """The whole page."""

    note: str
    """The sentence above it; empty where it is none that is known."""
    rows: tuple[SeenRow, ...]
    parts: tuple[Picture, ...]


class Technician:
    """One who stands before the screen until the end of the block."""

    def __init__(self, screen: Screen, number: str, staff: str, codes: pyotp.TOTP) -> None:
        """
        :param number: the terminal's.
        :param staff: digits.
        :param codes: what makes their one-time codes.
        """
        self.screen, self._number, self._staff, self._codes = screen, number, staff, codes
        self._last_step = self._tried = 0
        self._moment = threading.Event()
        self.looked_s = 0.0
        """How long the last look took, from the touch to the findings."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.screen.close()

    def comes_to_work(self) -> None:
        """Be in, wherever the terminal was begun anew: it lets go of its devices, and the doctor asks them itself."""
        self._come_to_findings()

    def look_again(self) -> None:
        """Have everything examined anew, and see the page of what was found."""
        self._come_to_findings()
        began = time.monotonic()
        self._touch("再查一遍")
        begins = time.monotonic() + _BEGINS_S
        while self.screen.find(_AT_IT, _NOTE, bold=True) is None and time.monotonic() < begins:
            self._moment.wait(0.02)
        self._until_done()
        self.looked_s = time.monotonic() - began

    def seen(self) -> tuple[Picture, ...]:
        """Every part of the page that stands there: first to the nearer end, then to the other.

        :raises TimeoutError: it can't be turned.
        """
        picture = self._picture()
        count, at, box = _part_of(self.screen, picture)
        parts, turns = {at: picture}, 0
        for end in (1, count) if at - 1 <= count - at else (count, 1):
            while at != end:
                turns += 1
                if turns > 3 * _MOST_PARTS:
                    raise TimeoutError(f"part {at} of {count} stays on the screen")
                x = (box.x + box.width + _RIGHT) // 2 if at < end else (_LEFT + box.x) // 2
                self.screen.touch_until_heard(x, box.centre[1])
                self._settle()
                picture = self._picture()
                _, at, box = _part_of(self.screen, picture)
                parts[at] = picture
        return tuple(parts[at] for at in sorted(parts))

    def read(self, parts: tuple[Picture, ...]) -> Seen:
        """What stands on them."""
        rows: list[SeenRow] = []
        unseen = list(CHECKS)
        for number, picture in enumerate(parts):
            rows += _rows_of(self.screen, picture, number, unseen)
        return Seen(_note_of(self.screen, parts[0]), tuple(rows), parts)

    # The way in.

    def _come_to_findings(self) -> None:
        ends = time.monotonic() + _COMES_IN_S
        while self.screen.find(FINDINGS, _HEADING, bold=True) is None:
            if (row := self.screen.find(HOME, _LABEL, bold=False)) is not None:
                self._tried = 0
                self.screen.touch_until_heard(*row.centre)
                self._until_done()
            elif self.screen.find(FORM, _HEADING, bold=True) is not None:
                self._come_in(ends)
            elif self.screen.find(ENTRY, _HEADING, bold=True) is not None:
                self._touch(FORM)
                self._settle()
            elif (number := self.screen.find(self._number, _NUMBER, bold=False)) is not None:
                self.screen.press(*number.centre)
                self._moment.wait(_HOLD_S)
                self.screen.lift()
                self._settle()
            self._wait(ends, "the page of findings")

    def _come_in(self, ends: float) -> None:
        """:raises PermissionError: not let in; five tries, and nobody is for a while."""
        if self._tried == _TRIES:
            raise PermissionError(f"{self._staff} is not let in")
        self._tried += 1
        self._type(self._staff)
        _, field = self._find("六位口令", _ADVICE, bold=False)
        self.screen.touch_until_heard(*field.centre)
        self._settle()  # other keys come with it
        self._type(self._code(ends))
        self._touch("确定")
        self._until_done()

    def _code(self, ends: float) -> str:
        """One that was not used, of this half minute or the next, as the terminal takes it."""
        step = max(int(time.time()) // _STEP_S, self._last_step + 1)
        while int(time.time()) // _STEP_S + 1 < step:
            self._wait(ends, "another code")
        self._last_step = step
        return self._codes.at(step * _STEP_S)

    def _type(self, digits: str) -> None:
        for digit in digits:
            _, key = self._find(digit, _KEY)
            self.screen.touch_until_heard(*key.centre, pause_s=0.0)

    def _touch(self, words: str) -> None:
        _, button = self._find(words, _BUTTON)
        self.screen.touch_until_heard(*button.centre)

    def _find(self, words: str, px: int, *, bold: bool = True) -> tuple[str, Box]:
        ends = time.monotonic() + _LOOKS_S
        while (box := self.screen.find(words, px, bold=bold)) is None:
            self._wait(ends, words)
        return words, box

    def _until_done(self) -> None:
        """While the desk is at it, its page says so, and touches are not heard."""
        self._settle()
        ends = time.monotonic() + _LOOKS_S
        while self.screen.find(_AT_IT, _NOTE, bold=True) is not None:
            self._wait(ends, "what the desk is at")
        self._settle()

    def _settle(self) -> None:
        self.screen.wait_until_still(time.monotonic() + 3.0)

    def _picture(self) -> Picture:
        picture = self.screen.capture()
        assert picture is not None
        return picture

    def _wait(self, ends: float, words: str) -> None:
        """:raises TimeoutError: it is over."""
        if time.monotonic() > ends:
            raise TimeoutError(f"not on the screen: {words}")
        self._moment.wait(0.05)


def differences_on_screen(expected: Mapping[str, tuple[Grade, Cause]], seen: Seen) -> list[str]:
    """Where the page shows something else than these checks, each with its grade and its cause, and nothing more."""
    found = [f"{word} is not on the page" for word in _WORDS if word not in {row.check for row in seen.rows}]
    for row in seen.rows:
        grade, cause = expected.get(row.check, ("well", None))
        causes = frozenset() if cause is None else frozenset({cause})
        if row.grade != grade and not (row.check not in expected and row.grade == "none"):
            found.append(f"{row.check} has the sign of {row.grade}")
        if row.causes != causes:
            shown = ", ".join(sorted(one.value for one in row.causes)) or "nothing"
            found.append(f"{row.check} shows the advice of {shown}")
    grades = [grade for grade, _ in expected.values()]
    note = _note(grades.count("fault"), grades.count("warning"))
    if seen.note != note:
        found.append(f"the page says {seen.note!r}, not {note!r}")
    return found


_WORDS: Final = tuple(check.word for check in CHECKS)


def _note(faults: int, warnings: int) -> str:
    """The page's sentence of so many."""
    check, states = CHECKS[0], [State.FAULT] * faults + [State.WARNING] * warnings
    return summary(tuple(Finding(check.word, check.title, state, "") for state in states))[0].zh


def _pieces() -> dict[Cause, tuple[str, ...]]:
    """Of each cause's advice, what is in no other's."""
    advice = {cause: cause.advice.zh for cause in Cause}
    found = {}
    for cause, words in advice.items():
        cut = [words[at : at + _PIECE] for at in range(0, max(1, len(words) - _PIECE + 1), 2)]
        others = [other for one, other in advice.items() if one is not cause]
        found[cause] = tuple(
            piece for piece in cut if piece == piece.strip() and not any(piece in other for other in others)
        )
        if not found[cause]:
            raise LookupError(f"the advice of {cause.value} can't be told from another's")
    return found


_PIECES: Final = _pieces()


def _part_of(screen: Screen, picture: Picture) -> tuple[int, int, Box]:
    """How many parts the page has, which one this is, and where that stands."""
    top = 1150
    low = picture[top:1480, 380:720]
    for count in range(2, _MOST_PARTS + 1):
        for at in range(1, count + 1):
            box = screen.find(f"{at} / {count}", _LABEL, bold=False, picture=low)
            if box is not None:
                return count, at, Box(box.x + 380, box.y + top, box.width, box.height)
    return 1, 1, Box(0, picture.shape[0] - 500, 0, 0)


def _rows_of(screen: Screen, picture: Picture, part: int, unseen: list[Check]) -> list[SeenRow]:
    """The checks on one part: what is broken, then the others in the doctor's order.

    :param unseen: those of no part before; what is found is taken out.
    """
    _, _, floor = _part_of(screen, picture)
    labels: list[tuple[str, int]] = []
    top, missed = 200, 0

    def below(check: Check) -> Box | None:
        right = _LABELS_LEFT + _LABEL * (len(check.title.zh) + 1)  # a label that ends as this one begins further left
        band = picture[top : min(top + _ROW, floor.y), _LABELS_LEFT:right]
        return screen.find(check.title.zh, _LABEL, bold=False, picture=band)

    broken = True
    while broken:
        there = [(box, check) for check in unseen if (box := below(check)) is not None]
        if not there:
            break
        highest = min(box.y for box, _ in there)
        # A label may stand within another one, of the same row.
        box, check = max((one for one in there if one[0].y < highest + _LABEL // 2), key=lambda one: one[0].width)
        y = top + box.y
        labels.append((check.word, y))
        unseen.remove(check)
        broken = _grade(picture[y : y + _LABEL, _SIGN]) in _BROKEN
        top = y + _LABEL
    for check in tuple(unseen):
        box = below(check)
        if box is None:
            missed += 1
            if missed == _MISSED:  # this part is at its end
                break
            continue
        labels.append((check.word, top + box.y))
        unseen.remove(check)
        top, missed = top + box.y + box.height, 0
    ends = [*(y - 12 for _, y in labels[1:]), floor.y][: len(labels)]
    rows = []
    for (word, y), end in zip(labels, ends, strict=True):
        grade = _grade(picture[y : y + _LABEL, _SIGN])
        causes = _causes(screen, picture[y:end, _LEFT:_RIGHT]) if grade in _BROKEN else frozenset[Cause]()
        rows.append(SeenRow(word, grade, causes, part))
    return rows


def _causes(screen: Screen, row: Picture) -> frozenset[Cause]:
    return frozenset(
        cause
        for cause, pieces in _PIECES.items()
        if any(screen.find(piece, _ADVICE, bold=False, picture=row) is not None for piece in pieces)
    )


def _grade(sign: Picture) -> Grade:
    """By the colour of its sign: green, amber or red on white."""
    blue, green, red = (sign[:, :, channel].astype(np.int32) for channel in range(3))
    strong = (np.maximum(np.maximum(blue, green), red) - np.minimum(np.minimum(blue, green), red)) > 60
    if strong.sum() < 80:
        return "none"
    b, g, r = (float(np.median(channel[strong])) for channel in (blue, green, red))
    if g > r:
        return "well"
    return "warning" if g - b > 30 else "fault"


def _note_of(screen: Screen, picture: Picture) -> str:
    """The sentence above the rows, if it is one that the page has."""
    head = picture[240:360]
    for faults in range(_MOST_TOLD):
        for warnings in range(_MOST_TOLD - faults):
            words = _note(faults, warnings)
            if screen.find(words, _NOTE, picture=head) is not None:  # bold, unless all is well
                return words
    return ""
