"""Two doors: the roster, by which technicians come in, and the X server's settings, by which no key leads out."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kiosk.central_client.clock_offset import ClockOffset
from kiosk.configuration import with_credentials_of
from kiosk.records.china_time import minute_of
from kiosk.records.roster import Roster
from kiosk.technician.causes import Cause
from kiosk.technician.machine import Verdict
from kiosk.technician.roster import NoRoster, RosterKeeper
from kiosk.technician.subject import NotTried, Subject

SOON_MS: Final = 14 * 86_400_000
"""Time for somebody at the centre to enter them anew, and for a stick where there is no line."""
OURS: Final = Path("/etc/X11/xorg.conf.d/10-card-terminal.conf")
"""What the installer lays down (deploy/systemd/xorg.conf.d)."""
_WHOLE: Final = (Path("/etc/X11/xorg.conf"), Path("/etc/xorg.conf"))
"""A ``ServerFlags`` in one of these takes the place of ours (docs/lockdown.md)."""
_FOLDERS: Final = (Path("/etc/X11/xorg.conf.d"), Path("/usr/share/X11/xorg.conf.d"))
_KEPT: Final = ("dontvtswitch", "dontzap")
_FLAGS: Final = re.compile(r'^\s*section\s+"serverflags"(.*?)^\s*endsection', re.IGNORECASE | re.MULTILINE | re.DOTALL)
_OPTION: Final = re.compile(r'^\s*option\s+"([^"]+)"(?:\s+"([^"]*)")?', re.IGNORECASE | re.MULTILINE)
_ON: Final = frozenset({"", "on", "true", "yes", "1"})


def roster(subject: Subject) -> Verdict:
    """Who would be let in at the screen. Nothing that has arrived is taken in by looking."""
    configuration = with_credentials_of(subject.environment, subject.configuration)
    keeper = RosterKeeper.of(configuration)
    try:
        found = keeper.looked_at()
    except NoRoster as error:
        if subject.is_stranger:
            raise NotTried("the centre does not know this terminal: a roster comes with its enrolment") from error
        return Cause.ROSTER_UNREADABLE, f"{keeper.kept}: {error}"
    if found is None and not configuration.receipts_path.exists():
        raise NotTried("the uplink has not asked for a roster yet")
    if found is None:
        return Cause.ROSTER_MISSING, f"there is no {keeper.kept}"
    return let_in(found, int(time.time() * 1000) + ClockOffset(configuration.offset_path).milliseconds())


def let_in(found: Roster, now_ms: int) -> Verdict:
    """How many of a roster's technicians may come in at this moment, and for how long."""
    ends = [one.valid_until_ms for one in found.technicians if not one.revoked and one.valid_until_ms > now_ms]
    if not ends:
        return Cause.ROSTER_OVER, f"roster {found.number}: none of {len(found.technicians)} may come in"
    told = f"roster {found.number}: {len(ends)} may come in, the last until {minute_of(max(ends))}"
    return (Cause.ROSTER_ENDS_SOON if max(ends) - now_ms < SOON_MS else None), told


def display(_: Subject) -> Verdict:
    """That no other file undoes what keeps keys from ending the X server or leaving it."""
    if not OURS.exists():
        raise NotTried("no X server of the terminal's is set up here")
    if not all(_flags(OURS).get(name) for name in _KEPT):
        return Cause.DISPLAY_OPEN, f"{OURS} does not set DontVTSwitch and DontZap"
    for file in _WHOLE:
        if file.exists() and _has_flags(file):
            return Cause.DISPLAY_OPEN, f"{file} has a ServerFlags section"
    for file in _others():
        if any(_flags(file).get(name) is False for name in _KEPT):
            return Cause.DISPLAY_OPEN, f"{file} switches DontVTSwitch or DontZap off"
    return None, str(OURS)


def _others() -> Iterator[Path]:
    for folder in _FOLDERS:
        if folder.is_dir():
            yield from (file for file in sorted(folder.glob("*.conf")) if file != OURS)


def _text(file: Path) -> str:
    """Without its comments."""
    return re.sub(r"#.*", "", file.read_text(encoding="utf-8", errors="replace"))


def _has_flags(file: Path) -> bool:
    return _FLAGS.search(_text(file)) is not None


def _flags(file: Path) -> dict[str, bool]:
    """The options of its ``ServerFlags``, by names as the server compares them: without case, space and underscore."""
    return {
        re.sub(r"[\s_]", "", name).lower(): value.lower() in _ON
        for section in _FLAGS.findall(_text(file))
        for name, value in _OPTION.findall(section)
    }
