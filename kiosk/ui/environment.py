"""Kivy's surroundings, set once before its first import.

Kivy reads its environment and its configuration while it is being imported, and its defaults are a desktop's: Esc ends
the program, F1 opens a settings panel, every input device is probed and answers twice.
"""

import logging
import os

from kiosk.ui.settings import DisplaySettings
from kiosk.ui.whole_screen import screen_size


def prepare_kivy(settings: DisplaySettings) -> None:
    """Make Kivy a kiosk's. Must run before anything imports Kivy's window."""
    os.environ.update(
        KIVY_HOME=str(settings.kivy_home),
        KIVY_NO_ARGS="1",  # the command line is ours
        KIVY_NO_CONFIG="1",  # no file on the disk changes what is set below
        KIVY_NO_ENV_CONFIG="1",
        KIVY_NO_FILELOG="1",
        KIVY_NO_CONSOLELOG="1",
        KIVY_LOG_MODE="PYTHON",  # otherwise Kivy takes sys.stderr, and our own tracebacks vanish
        KIVY_WINDOW="sdl2",
        KIVY_TEXT="sdl2",
        KIVY_IMAGE="sdl2",
        KIVY_AUDIO="sdl2",
    )
    settings.kivy_home.mkdir(parents=True, exist_ok=True)

    logging.getLogger("kivy").setLevel(logging.WARNING)
    from kivy.config import Config  # noqa: PLC0415 - reads the environment set above

    whole_screen = settings.width == 0 or settings.height == 0
    size = screen_size() if whole_screen else (settings.width, settings.height)
    wanted: dict[str, dict[str, int | str]] = {
        "kivy": {
            "exit_on_escape": 0,
            "desktop": 0,
            "kivy_clock": "interrupt",  # wake() ends the frame's sleep
            "pause_on_minimize": 0,
            "keyboard_mode": "",
        },
        "graphics": {
            "multisamples": 0,  # half the start, 80 MB less; our edges are smoothed by the shapes themselves
            "maxfps": 30,
            "fullscreen": "auto" if settings.fullscreen or whole_screen else 0,
            "borderless": 1 if settings.fullscreen or whole_screen else 0,
            "resizable": 0,
            "allow_screensaver": 0,
            "custom_titlebar": 0,
            "min_state_time": 0,
        },
    }
    if size is not None:
        wanted["graphics"] |= {"width": size[0], "height": size[1]}
    for section, options in wanted.items():
        for option, value in options.items():
            Config.set(section, option, str(value))
    for section in ("input", "modules"):
        Config.remove_section(section)
        Config.add_section(section)
    Config.set("input", "mouse", "mouse,disable_multitouch")
