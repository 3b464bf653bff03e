"""Faults of what was installed and of the machine under it: files, keys, disk, clock, services, a hanging terminal."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from tests.e2e.technician.plants.plant import Plant
from tests.e2e.technician.site import Site


@contextmanager
def _wrong_width(site: Site) -> Iterator[None]:
    with site.edited("width = ", 'width = "wide" # '):
        yield


@contextmanager
def _no_such_region(site: Site) -> Iterator[None]:
    with site.edited('region = "zhumadian"', 'region = "atlantis"'):
        yield


@contextmanager
def _no_fonts(site: Site) -> Iterator[None]:
    """An installation that broke off: the folder of fonts is empty."""
    with _assets_without(site, "fonts/*"):
        yield


@contextmanager
def _no_words(site: Site) -> Iterator[None]:
    with _assets_without(site, "input/pinyin.txt"):
        yield


@contextmanager
def _assets_without(site: Site, missing: str) -> Iterator[None]:
    """Another folder of what was installed, in which all is but this; it lies beside ``kiosk.toml``."""
    installed, short = site.configuration.paths.assets, site.file.parent / "assets"
    site.machine.run("cp", "-rs", f"{installed}/", site.as_there(short))
    for file in (short / missing).parent.iterdir():  # links that may lead nowhere from here
        if file.match(missing):
            file.unlink()
    with site.edited(f'assets = "{installed}"', 'assets = "assets"'):
        yield
    shutil.rmtree(short)


@contextmanager
def _key_gone(site: Site) -> Iterator[None]:
    key = site.configuration.storage_key_path
    with site.kept(key):
        key.unlink()
        yield


@contextmanager
def _key_open(site: Site) -> Iterator[None]:
    key = site.configuration.terminal_key_path
    key.chmod(0o644)
    yield
    key.chmod(0o600)


@contextmanager
def _state_gone(site: Site) -> Iterator[None]:
    away = site.state.with_name("away")
    site.state.rename(away)
    yield
    away.rename(site.state)


@contextmanager
def _read_only(site: Site) -> Iterator[None]:
    with site.machine.state_read_only():
        yield


@contextmanager
def _disk_full(site: Site) -> Iterator[None]:
    with site.machine.state_with_room(8):
        yield


@contextmanager
def _disk_low(site: Site) -> Iterator[None]:
    with site.machine.state_with_room(200):
        yield


@contextmanager
def _day_off(site: Site) -> Iterator[None]:
    """Seen from the terminal, which can't tell who of the two is wrong, it is the centre's clock that is turned."""
    site.centre.clock.offset_s = 86_400.0
    yield
    site.centre.clock.offset_s = 0.0


@contextmanager
def _uplink_failed(site: Site) -> Iterator[None]:
    with site.uplink_failed():
        yield


@contextmanager
def _hangs(site: Site) -> Iterator[None]:
    with site.hanging():
        yield


INSTALLED: Final[Mapping[str, Plant]] = {
    "configuration wrong": _wrong_width,
    "region unknown": _no_such_region,
    "fonts missing": _no_fonts,
    "word list missing": _no_words,
    "key gone": _key_gone,
    "key open": _key_open,
    "state gone": _state_gone,
    "disk read-only": _read_only,
    "disk full": _disk_full,
    "disk low": _disk_low,
    "clock a day off": _day_off,
    "uplink's service failed": _uplink_failed,
    "terminal hangs": _hangs,
}
