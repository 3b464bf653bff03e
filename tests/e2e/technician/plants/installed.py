"""Faults of what was installed and of the machine under it: files, keys, disk, clock, services, a hanging terminal."""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kiosk import bootstrap
from kiosk.runtime.health_keeper import HealthKeeper
from tests.e2e.technician.plants.plant import Plant
from tests.e2e.technician.site import Site
from tests.terminal import RunningTerminal

_SYSTEMCTL: Final = """#!/bin/sh
# What systemd says of the terminal's units, in the words of its own systemctl.
for word; do unit=$word; done
cat "{states}/$unit" 2>/dev/null || printf 'not-found\\ninactive\\n'
"""


@contextmanager
def _wrong_width(site: Site) -> Iterator[None]:
    with site.edited("width = 540", 'width = "wide"'):
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
    """Another folder of what was installed, in which all is but this."""
    installed, short = site.configuration.paths.assets, site.folder.directory / "assets"
    shutil.copytree(installed, short, copy_function=os.symlink)
    for file in short.glob(missing):
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
    with site.machine.disk_over(site.state, 64):
        site.machine.run("mount", "-o", "remount,ro", str(site.state))
        yield


@contextmanager
def _disk_full(site: Site) -> Iterator[None]:
    """A small disk of its own under the state, filled to the brim."""
    with site.machine.disk_over(site.state, 24):
        site.machine.run("dd", "if=/dev/zero", f"of={site.state}/film", "bs=1M", "count=20")
        yield


@contextmanager
def _disk_low(site: Site) -> Iterator[None]:
    with site.machine.disk_over(site.state, 200):
        yield


@contextmanager
def _day_off(site: Site) -> Iterator[None]:
    """Seen from the terminal, which can't tell who of the two is wrong, it is the centre's clock that is turned."""
    site.centre.clock.offset_s = 86_400.0
    yield
    site.centre.clock.offset_s = 0.0


@contextmanager
def _uplink_failed(site: Site) -> Iterator[None]:
    with _systemd(site, {"card-terminal": "active", "card-terminal-uplink": "failed"}):
        yield


@contextmanager
def _systemd(site: Site, states: Mapping[str, str]) -> Iterator[None]:
    """A machine on which systemd runs, as far as anybody can tell who asks it through ``systemctl``."""
    folder = site.machine.folder / "systemd"
    (folder / "states").mkdir(parents=True, exist_ok=True)
    for name, state in states.items():
        (folder / "states" / f"{name}.service").write_text(f"loaded\n{state}\n", encoding="ascii")
    program = folder / "systemctl"
    program.write_text(_SYSTEMCTL.replace("{states}", str(folder / "states")), encoding="ascii")
    program.chmod(0o755)
    at = site.machine.run("sh", "-c", "command -v systemctl").strip()
    run = Path("/run")
    with site.machine.disk_over(run, 8):
        site.machine.run("mkdir", "-p", "/run/systemd/system")
        site.machine.run("mount", "--bind", str(program), at)
        try:
            yield
        finally:
            site.machine.run("umount", at)


@contextmanager
def _hangs(site: Site) -> Iterator[None]:
    """A terminal that runs, and whose window's loop has written nothing for a hundred seconds."""
    site.pad.unplug()
    site.id_reader.unplug()
    configuration = site.configuration
    with bootstrap.reserved_state(configuration), RunningTerminal(site.folder, site.slot) as terminal:
        terminal.until(lambda: len(terminal.conductor.device_health) >= 3, "every device was heard of")
        HealthKeeper(
            configuration.health_path, site.folder.id, terminal.conductor, lambda: int((time.time() - 100) * 1000)
        ).keep()
        yield
    configuration.health_path.unlink()
    site.pad.replug()
    site.id_reader.replug()


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
