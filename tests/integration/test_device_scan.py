"""``kiosk devices`` before real lines: every device is found at its port and none is taken for another."""

import json
import os
import subprocess
import sys
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.__main__ import main
from kiosk.technician.scan import at_port
from simulators.capture_unit import CaptureUnitSimulator
from simulators.id_reader import IdReaderSimulator
from simulators.pcscd import READER_NAME
from simulators.pin_pad import PadSimulator
from simulators.receipt_printer import PrinterSimulator

pytestmark = pytest.mark.stack


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[dict[str, str]]:
    devices = {
        "id_reader": IdReaderSimulator(link=tmp_path / "a"),
        "sunson": PadSimulator("sunson", link=tmp_path / "b"),
        "szzt": PadSimulator("szzt", link=tmp_path / "c"),
        "receipt_printer": PrinterSimulator(link=tmp_path / "d"),
    }
    with CaptureUnitSimulator(tmp_path / "slot", link=tmp_path / "e"):
        yield {name: str(device.path) for name, device in devices.items()} | {"capture_unit": str(tmp_path / "e")}
    for device in devices.values():
        device.close()


@pytest.mark.parametrize(
    ("device", "kind", "told"),
    [
        ("id_reader", "id_reader", "module "),
        ("sunson", "pin_pad", "sunson "),
        ("szzt", "pin_pad", "szzt "),
        ("receipt_printer", "receipt_printer", "at 115200 baud, paper enough"),
        ("capture_unit", "capture_unit", "not_present"),
    ],
)
def test_each_device_is_known_by_its_answer(ports: dict[str, str], device: str, kind: str, told: str) -> None:
    found = at_port(ports[device])
    assert (found.kind, found.name) == (kind, ports[device])
    assert found.told.startswith(told)
    assert found.section == f'[{kind}]\nport = "{ports[device]}"'


def test_a_silent_port_and_one_that_is_none(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    try:
        silent = at_port(os.ttyname(theirs))
    finally:
        os.close(ours)
        os.close(theirs)
    for found in (silent, at_port(str(tmp_path / "nothing"))):
        assert (found.kind, found.section) == ("", "")
        assert found.told.startswith("nobody answers")


def test_a_port_in_another_process_s_hands_is_told_so(ports: dict[str, str]) -> None:
    thief = (
        "import serial, sys, time; p = serial.Serial(sys.argv[1], exclusive=True); print(1, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", thief, ports["sunson"]], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "1\n"
            assert "held by another process" in at_port(ports["sunson"]).told
        finally:
            process.kill()


def test_the_command_lists_readers_and_ports(
    slot: object, ports: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices", "--json", "--port", ports["szzt"]]) == 0
    found = {one["kind"]: one for one in json.loads(capsys.readouterr().out)["devices"]}
    assert found["card_reader"]["name"].startswith(READER_NAME)
    assert found["pin_pad"]["name"] == ports["szzt"]
    assert main(["devices", "--port", ports["id_reader"]]) == 0
    assert f'[id_reader]\n    port = "{ports["id_reader"]}"' in capsys.readouterr().out
