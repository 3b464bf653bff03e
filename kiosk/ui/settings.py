"""What the window is told when it opens, and what a citizen may change about it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DisplaySettings:
    """Where the window is and from which folders it draws."""

    width: int
    """Pixels; 0 with ``height`` 0 takes the whole screen."""
    height: int
    fullscreen: bool
    assets: Path
    kivy_home: Path
    """A folder of our own for Kivy's droppings; nothing in it is read back."""
    fonts: Path
    """What ``deploy/build_fonts.py`` made."""
    language: str = "zh"
    """The language each session starts in."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """How this citizen wants to see the screens. Each session starts from the defaults."""

    language: str = "zh"
    large: bool = False
    high_contrast: bool = False
    low: bool = False
    """Everything in the lower half, for a citizen in a wheelchair."""
