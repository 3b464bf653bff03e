"""Faults of the two doors: the roster that technicians come in by, and what keeps keys from leading out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from tests.centre import REPOSITORY
from tests.e2e.technician.plants.plant import Plant
from tests.e2e.technician.rosters import DAY_S, lay_roster
from tests.e2e.technician.site import Site

_X11: Final = "/etc/X11"
_OURS: Final = REPOSITORY / "deploy/systemd/xorg.conf.d/10-card-terminal.conf"
_FOREIGN: Final = """# Written by the setup of some other program.
Section "ServerFlags"
    Option "AutoAddDevices" "on"
EndSection
"""


@contextmanager
def _roster_gone(site: Site) -> Iterator[None]:
    kept = site.configuration.roster_path
    with site.kept(kept):
        kept.unlink()
        yield


@contextmanager
def _roster_cut_short(site: Site) -> Iterator[None]:
    """What a disk leaves of a file that it loses."""
    kept = site.configuration.roster_path
    with site.kept(kept):
        kept.write_bytes(kept.read_bytes()[:5])
        yield


@contextmanager
def _roster_good_for(site: Site, good_for_s: float) -> Iterator[None]:
    with site.kept(site.configuration.roster_path):
        lay_roster(site.configuration, site.centre, number=2, good_for_s=good_for_s)
        yield


@contextmanager
def _display_undone(site: Site) -> Iterator[None]:
    """A machine with the terminal's X server, and with a file that nobody of ours has put there."""
    site.machine.run("mount", "-t", "tmpfs", "x11", _X11)
    try:
        site.machine.run("mkdir", f"{_X11}/xorg.conf.d")
        for file, text in ((f"xorg.conf.d/{_OURS.name}", _OURS.read_text("utf-8")), ("xorg.conf", _FOREIGN)):
            site.machine.run("sh", "-c", 'printf %s "$1" > "$2"', "sh", text, f"{_X11}/{file}")
        yield
    finally:
        site.machine.run("umount", _X11)


DOORS: Final[Mapping[str, Plant]] = {
    "roster gone": _roster_gone,
    "roster cut short": _roster_cut_short,
    "roster past everybody's term": lambda site: _roster_good_for(site, -DAY_S),
    "roster near everybody's term": lambda site: _roster_good_for(site, 9 * DAY_S),
    "X server's keys let loose": _display_undone,
}
