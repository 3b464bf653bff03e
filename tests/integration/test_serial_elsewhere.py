"""A simulated device that is carried to another machine: a root with pseudo-terminals of its own."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.pin_pad.discovery import open_pin_pad
from simulators.pin_pad import PadSimulator

pytestmark = pytest.mark.stack


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    pts = tmp_path / "dev" / "pts"
    pts.mkdir(parents=True)
    subprocess.run(["mount", "-t", "devpts", "-o", "newinstance,ptmxmode=666", "devpts", pts], check=True)
    yield tmp_path
    subprocess.run(["umount", "--lazy", pts], check=True)


def test_a_pad_answers_on_the_other_machines_own_port_after_each_plugging_in(elsewhere: Path) -> None:
    link = elsewhere / "dev" / "pin-pad"
    with PadSimulator("sunson") as pad:
        pad.carry_to(elsewhere, link)
        for _ in range(2):
            port = link.readlink()
            assert port.parent == Path("/dev/pts"), "as it is called there"
            with contextlib.closing(open_pin_pad(str(elsewhere / port.relative_to("/")), "sunson")) as opened:
                assert opened.identify().dialect == "sunson"
            pad.unplug()
            assert not link.is_symlink()
            pad.replug()
