"""Faults of the two doors: the roster that technicians come in by, and what keeps keys from leading out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.centre import REPOSITORY
from tests.e2e.technician.plants.plant import Plant
from tests.e2e.technician.rosters import DAY_S, lay_roster
from tests.e2e.technician.site import Site

_X11: Final = Path("/etc/X11")
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
    foreign = site.machine.folder / "xorg.conf"
    foreign.write_text(_FOREIGN, encoding="ascii")
    with site.machine.disk_over(_X11, 8):
        site.machine.run("mkdir", "-p", f"{_X11}/xorg.conf.d")
        site.machine.run("cp", str(_OURS), f"{_X11}/xorg.conf.d")
        site.machine.run("cp", str(foreign), str(_X11))
        yield


DOORS: Final[Mapping[str, Plant]] = {
    "roster gone": _roster_gone,
    "roster cut short": _roster_cut_short,
    "roster past everybody's term": lambda site: _roster_good_for(site, -DAY_S),
    "roster near everybody's term": lambda site: _roster_good_for(site, 9 * DAY_S),
    "X server's keys let loose": _display_undone,
}
