"""What was installed and the machine under it: files, keys, state, disk, clock, services."""

import os
import shutil
import stat
import subprocess
import time
from pathlib import Path
from typing import Final

from kiosk import bootstrap
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.configuration import ConfigurationError, load_configuration, with_credentials_of
from kiosk.portrait.errors import ModelsMissing
from kiosk.technician.causes import Cause
from kiosk.technician.subject import NotTried, Subject
from kiosk.ui.fonts import FontBook, FontsMissing
from kiosk.ui.language import CatalogueMissing, load_languages

FULL_BYTES: Final = 16 * 1024 * 1024
"""Below it the ledger's log may not grow any more."""
LOW_BYTES: Final = 512 * 1024 * 1024
"""Below it somebody should come: some weeks of logs and records."""
CLOCK_SLACK_S: Final = 120.0
"""A clock that is not kept by a server drifts by seconds a day; two minutes are no drift."""
UNITS: Final = ("card-terminal.service", "card-terminal-uplink.service", "card-terminal-display.service")
STALE_S: Final = 90.0
"""A running terminal writes its sheet three times in this time."""
Verdict = tuple[Cause | None, str]
"""What is wrong, if anything, and what was seen."""


def configuration(subject: Subject) -> Verdict:
    """``kiosk.toml``, whole."""
    try:
        subject.maybe_configuration = load_configuration(subject.file)
    except ConfigurationError as error:
        return Cause.CONFIGURATION_WRONG, str(error)
    return None, str(subject.file)


def region(subject: Subject) -> Verdict:
    """Region pack, handbook, places and holidays."""
    try:
        loaded = bootstrap.load_region(subject.configuration)
        bootstrap.load_region_handbook(subject.configuration, loaded)
        bootstrap.load_country(subject.configuration)
    except ConfigurationError as error:
        return Cause.FILES_MISSING if "can't be read" in str(error) else Cause.CONFIGURATION_WRONG, str(error)
    return None, loaded.pack.name.en


def files(subject: Subject) -> Verdict:
    """Fonts, words, and where there is a camera the models."""
    assets = subject.configuration.paths.assets
    try:
        FontBook(assets / "fonts")
        load_languages(assets / "translations")
        if subject.configuration.camera is not None:
            # OpenCV comes with it: only where there is a camera.
            from kiosk.portrait.models import read_model  # noqa: PLC0415 - see above

            for model in sorted((assets / "models").glob("*.tflite")):
                read_model(assets / "models", model.name)
    except (FontsMissing, CatalogueMissing, ModelsMissing) as error:
        return Cause.FILES_MISSING, str(error)
    return None, str(assets)


def keys(subject: Subject) -> Verdict:
    """The terminal's keys and the centre's; nobody but their owner may read the former."""
    wanted = with_credentials_of(subject.environment, subject.configuration)
    for path in (wanted.terminal_key_path, wanted.storage_key_path):
        try:
            mode = path.stat().st_mode
        except OSError as error:
            return Cause.KEY_MISSING, f"{path}: {error.strerror}"
        if stat.S_IMODE(mode) & 0o077:
            return Cause.KEY_OPEN, f"{path} has the rights {stat.S_IMODE(mode):04o}"
    try:
        bootstrap.uplink_settings(wanted)
        bootstrap.ledger_opener(wanted)
    except ConfigurationError as error:
        return Cause.KEY_MISSING, str(error)
    return None, str(wanted.terminal.credentials)


def close_keys(subject: Subject) -> None:
    """Take from everybody but the owner the right to read the keys.

    :raises OSError: one is not this user's, or is a link: whose rights would be changed nobody knows.
    """
    wanted = with_credentials_of(subject.environment, subject.configuration)
    for path in (wanted.terminal_key_path, wanted.storage_key_path):
        key = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            os.fchmod(key, 0o600)
        finally:
            os.close(key)


def state(subject: Subject) -> Verdict:
    """The folder that everything is written into."""
    folder = subject.configuration.terminal.state
    try:
        flags = os.statvfs(folder).f_flag
    except OSError as error:
        return Cause.STATE_MISSING, f"{folder}: {error.strerror}"
    if flags & os.ST_RDONLY:
        return Cause.DISK_READ_ONLY, f"{folder} is on a read-only disk"
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Cause.STATE_MISSING, f"{folder} is not this user's to read and write"
    return None, str(folder)


def disk(subject: Subject) -> Verdict:
    """Room for what is recorded."""
    free = shutil.disk_usage(subject.configuration.terminal.state).free
    found = f"{free // (1024 * 1024)} MiB free"
    if free < FULL_BYTES:
        return Cause.DISK_FULL, found
    return (Cause.DISK_LOW if free < LOW_BYTES else None), found


def clock(subject: Subject) -> Verdict:
    """This machine's clock beside the centre's, as the last signed answer told it."""
    path = subject.configuration.offset_path
    if not path.exists():
        if subject.signed_in:
            return None, "no further from the centre's than its answer took"
        raise NotTried("the centre has not told its time yet")
    off_s = ClockOffset(path).milliseconds() / 1000
    found = f"{abs(off_s):.0f} s {'behind' if off_s > 0 else 'ahead of'} the centre"
    return (Cause.CLOCK_OFF if abs(off_s) > CLOCK_SLACK_S else None), found


def services(_: Subject) -> Verdict:
    """Our units, where systemd runs them."""
    if not Path("/run/systemd/system").is_dir():
        raise NotTried("no systemd runs here")
    states = {unit: word for unit in UNITS if (word := _unit_state(unit)) != "not-found"}
    if not states:
        raise NotTried("our units are not installed here")
    found = ", ".join(f"{unit} is {word}" for unit, word in states.items())
    return (None if set(states.values()) == {"active"} else Cause.SERVICE_STOPPED), found


def _unit_state(unit: str) -> str:
    asked = ["systemctl", "show", "--property=LoadState,ActiveState", "--value", unit]
    answer = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False).stdout.split()  # noqa: S603 - a fixed command
    return "not-found" if "not-found" in answer or not answer else answer[-1]


def terminal(subject: Subject) -> Verdict:
    """The running terminal, by its own sheet."""
    if subject.in_hand:
        return None, "in its technician's hands"
    if not subject.running:
        raise NotTried("the terminal does not run")
    sheet = subject.sheet
    if sheet is None:
        raise NotTried("the terminal has not told anything of itself yet")
    age_s = time.time() - sheet.written_at_ms / 1000
    if sheet.ailment or age_s > STALE_S:
        return Cause.TERMINAL_HANGS, sheet.ailment or f"its last word is {age_s:.0f} s old"
    return None, sheet.standing
