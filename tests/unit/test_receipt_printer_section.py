"""The printer's section of ``kiosk.toml``: left out, right, wrong, and with the interface's fonts on paper."""

from pathlib import Path

import pytest

from drivers.ports.receipt_printer import Line, Slip
from kiosk.configuration import Configuration, ConfigurationError, load_configuration
from kiosk.equipment import devices
from simulators.receipt_printer import PrinterSimulator
from tests.centre import REPOSITORY

RARE_NAME = "欧阳𠮷㛃 \U0002ebf0"
"""The last character is of extension I, which no packaged font has: its code is printed."""


def configured(folder: Path, section: str, assets: Path = REPOSITORY / "assets") -> Configuration:
    (folder / "kiosk.toml").write_text(
        f"""
[terminal]
id = "zmd-0001"
region = "zhumadian"
state = "state"
credentials = "credentials"
[display]
[card_reader]
name = "reader"
[pin_pad]
port = "pin-pad"
[centre]
url = "https://127.0.0.1:1"
ca = "ca.pem"
keys = "public.json"
[paths]
regions = "regions"
handbook = "handbook"
outlets = "outlets"
assets = "{assets}"
{section}
""",
        encoding="utf-8",
    )
    return load_configuration(folder / "kiosk.toml")


def test_a_terminal_may_have_no_printer(tmp_path: Path) -> None:
    assert devices.open_receipt_printer(configured(tmp_path, "")) is None


def test_a_printer_that_is_named_prints_any_name(tmp_path: Path) -> None:
    with PrinterSimulator(link=tmp_path / "printer") as simulator:
        printer = devices.open_receipt_printer(configured(tmp_path, '[receipt_printer]\nport = "printer"'))
        assert printer is not None
        printer.print_slip(Slip((Line(RARE_NAME),)))
        printer.close()
        assert simulator.cut == 1


@pytest.mark.parametrize("section", ["[receipt_printer]", '[receipt_printer]\nport = "p"\nbaud_rate = 9600'])
def test_a_wrong_section_is_refused_at_start(tmp_path: Path, section: str) -> None:
    with pytest.raises(ConfigurationError, match="receipt_printer"):
        configured(tmp_path, section)


def test_missing_fonts_are_named(tmp_path: Path) -> None:
    configuration = configured(tmp_path, '[receipt_printer]\nport = "printer"', assets=tmp_path)
    with pytest.raises(ConfigurationError, match=r"build_fonts\.py"):
        devices.open_receipt_printer(configuration)
