"""The eye and the finger: what a citizen does with the screen, done from outside the application.

The eye takes the pixels of an X display (MIT shared memory where the server has it) and looks for words as they would
be printed with the interface font. The finger is the X test extension. The application needs no door for either.
"""

import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import cv2
import mss
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from Xlib import X, display, error
from Xlib.ext import xtest

Picture = NDArray[np.uint8]
"""Height × width × 4, blue green red and one unused byte."""

TYPES: Final = (
    (64, True),
    (48, True),
    (40, False),
    (56, True),
    (32, False),
    (88, True),
    (40, True),
    (32, True),
    (56, False),
    (48, False),
)
"""Size in pixels, bold or not, of the interface's text at 1080×1920 (docs/ux-rules.md rule 1), likeliest first."""

LIKENESS: Final = 0.90
"""Least correlation of every single character with what is on the screen; docs/demo.md has the measurement."""

_WHOLE: Final = 0.75
"""Least correlation of the words as a whole, where each character may still sit a few pixels off (kerning)."""
_COARSE: Final = 0.55
_SLACK: Final = 6
"""How far a character may sit from where Pillow would put it, pixels."""
_PLACES: Final = 4
"""So many places that look alike from afar are looked at closely, so that a label in a list is told from its like."""
_LOOK_S: Final = 0.03
"""Time between two looks, seconds."""
HAND_BACK_S: Final = 0.45
"""A tap within 0.4 s of another is not heard (docs/ux-rules.md rule 2): nobody's finger is back sooner than this."""
_CLOSELY_EVERY_S: Final = 1.0
"""While a screen moves, words that have been seen are looked for in their own type alone, ten times as quickly; in all
types once it stands still, and so often where it never does."""
_SETTLES_S: Final = 2.0
"""A screen that still moves after so long moves as long as it stands, a spinner for one."""
_NOTHING_CAME_S: Final = 3.0
"""After so long without any change on the screen a person touches again. A terminal that waits says so after 1 s."""
_TOUCHES: Final = 3
_FONTS: Final = {False: "interface.otf", True: "interface-bold.otf"}


class NotSeen(Exception):
    """Words that were waited for did not come on the screen."""

    def __init__(self, words: Sequence[str], seconds: float) -> None:
        super().__init__(f"not on the screen within {seconds:.0f} s: {' / '.join(words)}")
        self.words = tuple(words)


class StillSeen(Exception):
    """Words that should have gone stayed on the screen."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the screen, pixels from the left top."""

    x: int
    y: int
    width: int
    height: int

    @property
    def centre(self) -> tuple[int, int]:
        """Where a finger goes."""
        return self.x + self.width // 2, self.y + self.height // 2


class Screen(AbstractContextManager["Screen"]):
    """One X display, or one window of it."""

    def __init__(self, display_name: str, fonts: Path, *, window_of: int | None = None) -> None:
        """
        :param display_name: ``:99``.
        :param fonts: directory of the interface fonts, as ``deploy/build_fonts.py`` makes them.
        :param window_of: process whose window is meant, on a display that others use too; None = the whole display.
        """
        self.display_name = display_name
        self._fonts = fonts
        self._lock = threading.Lock()
        self._finger = display.Display(display_name)
        self._eye = mss.MSS(display=display_name)
        self._window_of = window_of
        self._seen_as: dict[str, tuple[int, bool]] = {}
        self._last_touch = -HAND_BACK_S

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def close(self) -> None:
        """Let the display go."""
        with self._lock:
            self._eye.close()
            self._finger.close()

    def look_at(self, process: int | None) -> None:
        """Follow another process's window."""
        self._window_of = process

    def area(self) -> Box | None:
        """Where the watched window lies on the display; None while it is not there."""
        with self._lock:
            return self._area()

    def capture(self) -> Picture | None:
        """What the watched window shows now; None while it is not there."""
        with self._lock:
            area = self._area()
            if area is None:
                return None
            shot = self._eye.grab({"left": area.x, "top": area.y, "width": area.width, "height": area.height})
            return np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)

    def touch(self, x: int, y: int) -> None:
        """Put a finger down at a point of the watched window and lift it."""
        self.press(x, y)
        self.lift()
        self._last_touch = time.monotonic()

    def touch_until_heard(self, x: int, y: int, *, pause_s: float = HAND_BACK_S) -> bool:
        """Touch at a person's pace, and again where nothing on the screen changes; whether anything did.

        :param pause_s: least time since the last touch; 0 for typing keys, which take quicker fingers.
        """
        for _ in range(_TOUCHES):
            time.sleep(max(0.0, self._last_touch + pause_s - time.monotonic()))
            before = self.capture()
            self.touch(x, y)
            if self.wait_until_changed(before, self._last_touch + _NOTHING_CAME_S):
                return True
        return False

    def press(self, x: int, y: int) -> None:
        """Put the finger down."""
        with self._lock:
            area = self._area() or Box(0, 0, 0, 0)
            xtest.fake_input(self._finger, X.MotionNotify, x=area.x + x, y=area.y + y)
            xtest.fake_input(self._finger, X.ButtonPress, 1)
            self._finger.sync()

    def drag(self, x: int, y: int) -> None:
        """Move the finger that is down."""
        with self._lock:
            area = self._area() or Box(0, 0, 0, 0)
            xtest.fake_input(self._finger, X.MotionNotify, x=area.x + x, y=area.y + y)
            self._finger.sync()

    def lift(self) -> None:
        """Lift the finger."""
        with self._lock:
            xtest.fake_input(self._finger, X.ButtonRelease, 1)
            self._finger.sync()

    def find(
        self, text: str, px: int | None = None, *, bold: bool | None = None, picture: Picture | None = None
    ) -> Box | None:
        """Where these words stand on the screen, dark on light or light on dark; None when they don't.

        :param px: size of the type; None tries all of the interface's.
        :param bold: None tries both weights.
        :param picture: look here instead of at the screen.
        """
        seen = self.capture() if picture is None else picture
        if seen is None:
            return None
        grey = cv2.cvtColor(seen, cv2.COLOR_BGRA2GRAY)
        return self._find(text, grey, px, bold)

    def wait_for(self, *texts: str, timeout_s: float = 10.0, still: bool = True) -> tuple[str, Box]:
        """Wait until any of these words is on the screen; which, and where.

        :param still: wait also until the picture no longer changes, so that a touch meets what was seen; where
            something on it moves on and on, until the words keep their place.
        :raises NotSeen: none within the time.
        """
        deadline = time.monotonic() + timeout_s
        before: Picture | None = None
        looked_closely_at = time.monotonic()
        closely = False
        while True:
            picture = self.capture()
            changed = picture is not None and (before is None or not _same(before, picture))
            if picture is not None and (changed or not closely):
                closely = not changed or time.monotonic() - looked_closely_at >= _CLOSELY_EVERY_S
                grey = cv2.cvtColor(picture, cv2.COLOR_BGRA2GRAY)
                for text in texts:
                    box = self._find(text, grey, *((None, None) if closely else self._seen_as.get(text, (None, None))))
                    if box is None:
                        continue
                    if not still or self.wait_until_still(min(deadline, time.monotonic() + _SETTLES_S)):
                        return text, box
                    if self.find(text) == box:
                        return text, box
                before = picture
                if closely:
                    looked_closely_at = time.monotonic()
            if time.monotonic() > deadline:
                raise NotSeen(texts, timeout_s)
            time.sleep(_LOOK_S)

    def wait_until_gone(self, text: str, *, timeout_s: float = 10.0) -> None:
        """Wait until these words are no longer on the screen.

        :raises StillSeen: they stay.
        """
        deadline = time.monotonic() + timeout_s
        while self.find(text) is not None:
            if time.monotonic() > deadline:
                raise StillSeen(f"still on the screen after {timeout_s:.0f} s: {text}")
            time.sleep(_LOOK_S)

    def wait_until_changed(self, before: Picture | None, deadline: float) -> bool:
        """Wait until the screen shows something else than ``before``; False when the deadline (monotonic) passes."""
        while time.monotonic() < deadline:
            picture = self.capture()
            if picture is not None and (before is None or not _same(before, picture)):
                return True
            time.sleep(_LOOK_S)
        return False

    def wait_until_still(self, deadline: float, quiet_s: float = 0.12) -> bool:
        """Wait until nothing has moved for ``quiet_s``; False when the deadline (monotonic) passes first."""
        last = self.capture()
        since = time.monotonic()
        while (now := time.monotonic()) < deadline:
            time.sleep(_LOOK_S)
            picture = self.capture()
            if last is not None and picture is not None and _same(last, picture):
                if now - since >= quiet_s:
                    return True
            else:
                last, since = picture, now
        return False

    def _find(self, text: str, grey: Picture, px: int | None, bold: bool | None) -> Box | None:
        half = _halved(grey)
        for size, weight in self._candidates(text, px, bold):
            box = _match(grey, half, _print(self._fonts / _FONTS[weight], size, text))
            if box is not None:
                self._seen_as[text] = (size, weight)
                return box
        return None

    def _candidates(self, text: str, px: int | None, bold: bool | None) -> list[tuple[int, bool]]:
        fitting = [(size, weight) for size, weight in TYPES if px in (None, size) and (bold is None or bold == weight)]
        if px is not None and not fitting:
            fitting = [(px, weight) for weight in ((True, False) if bold is None else (bold,))]
        known = self._seen_as.get(text)
        return sorted(fitting, key=lambda one: one != known)

    def _area(self) -> Box | None:
        root = self._finger.screen().root
        if self._window_of is None:
            geometry = root.get_geometry()
            return Box(0, 0, geometry.width, geometry.height)
        name = self._finger.intern_atom("_NET_WM_PID")
        for window in _tree(root):
            try:
                owner = window.get_full_property(name, X.AnyPropertyType)
                if owner is None or owner.value[0] != self._window_of:
                    continue
                if window.get_attributes().map_state != X.IsViewable:
                    continue
                geometry = window.get_geometry()
                corner = window.translate_coords(root, 0, 0)
            except (error.BadWindow, error.BadDrawable):
                continue  # closed between being listed and being asked
            return Box(-corner.x, -corner.y, geometry.width, geometry.height)
        return None


def _tree(window: Any) -> list[Any]:
    try:
        children = window.query_tree().children
    except error.BadWindow:
        return []
    return [window, *(below for child in children for below in _tree(child))]


@dataclass(frozen=True, slots=True)
class _Print:
    """Words in white on black, cut to their ink, and each character of them by itself."""

    words: Picture
    characters: tuple[tuple[int, int, Picture], ...]
    """Left, top within ``words``, and the character's own ink."""


@lru_cache(maxsize=512)
def _print(font: Path, px: int, text: str) -> _Print:
    face = ImageFont.truetype(str(font), px)
    left, top, _, _ = face.getbbox(text)
    characters = []
    for index, character in enumerate(text):
        if character.isspace():
            continue
        ink_left, ink_top, _, _ = face.getbbox(character)
        before = face.getlength(text[:index])
        characters.append((round(before + ink_left - left), round(ink_top - top), _ink(face, character)))
    return _Print(_ink(face, text), tuple(characters))


def _ink(face: ImageFont.FreeTypeFont, text: str) -> Picture:
    left, top, right, bottom = face.getbbox(text)
    image = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(image).text((2 - left, 2 - top), text, font=face, fill=255)
    return np.asarray(image)


def _same(one: Picture, other: Picture) -> bool:
    """Whether every pixel is the same. As whole pixels: byte by byte it takes three times as long."""
    return np.array_equal(one.view(np.uint32), other.view(np.uint32))


def _halved(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def _match(grey: Picture, half: Picture, wanted: _Print) -> Box | None:
    """Look at half the size first, then exactly around the best places, then at every character by itself."""
    height, width = wanted.words.shape
    if height > grey.shape[0] or width > grey.shape[1]:
        return None
    coarse = _likeness(half, _halved(wanted.words))
    for _ in range(_PLACES):
        _, best, _, (x, y) = cv2.minMaxLoc(coarse)
        if best < _COARSE:
            return None
        box = _settle(grey, wanted, max(0, 2 * x - 4), max(0, 2 * y - 4))
        if box is not None:
            return box
        coarse[max(0, y - height // 4) : y + height // 4 + 1, max(0, x - width // 4) : x + width // 4 + 1] = 0.0
    return None


def _settle(grey: Picture, wanted: _Print, left: int, top: int) -> Box | None:
    height, width = wanted.words.shape
    around = grey[top : top + height + 10, left : left + width + 10]
    if around.shape[0] < height or around.shape[1] < width:
        return None
    _, best, _, (dx, dy) = cv2.minMaxLoc(_likeness(around, wanted.words))
    if best < _WHOLE:
        return None
    box = Box(left + dx, top + dy, width, height)
    return box if all(_is_there(grey, box, *character) for character in wanted.characters) else None


def _is_there(grey: Picture, box: Box, left: int, top: int, ink: Picture) -> bool:
    height, width = ink.shape
    x, y = max(0, box.x + left - _SLACK), max(0, box.y + top - 2)
    around = grey[y : y + height + 4, x : x + width + 2 * _SLACK]
    if around.shape[0] < height or around.shape[1] < width:
        return False
    return bool(_likeness(around, ink).max() >= LIKENESS)


def _likeness(picture: Picture, words: Picture) -> NDArray[np.float32]:
    found = np.abs(cv2.matchTemplate(picture, words, cv2.TM_CCOEFF_NORMED))
    found[~(found <= 1.001)] = 0.0  # a flat background divides by nothing
    return np.asarray(found, np.float32)
