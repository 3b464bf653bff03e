"""The card printer's section of ``kiosk.toml``: left out, right, wrong; the centre's key and clock behind it."""

import base64
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.ports.card_printer import IssuanceRefused, IssuanceToken, Media, Position, Refusal
from drivers.ports.errors import NotConnected
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.configuration import ConfigurationError
from kiosk.equipment import card_making, devices
from simulators.capture_unit import CaptureUnitSimulator
from simulators.card_printer import CardPrinterSimulator
from tests.blanks import blank
from tests.contract.test_card_printer import CENTRE
from tests.unit.test_receipt_printer_section import configured

SECTION = '[card_printer]\ncontact_station = "Slot 00 01"\nline = '


def keys_of_the_centre(folder: Path) -> None:
    raw = base64.b64encode(CENTRE.public_key().public_bytes_raw()).decode()
    keys = {"key_id": "centre", "signing_key": raw, "opening_key": raw}
    (folder / "public.json").write_text(json.dumps(keys), encoding="ascii")


def token(lives_ms: int) -> IssuanceToken:
    unsigned = IssuanceToken("5e4d3c2b" * 4, "zmd-0001", int(time.time() * 1000) + lives_ms, b"")
    return replace(unsigned, signature=CENTRE.sign(unsigned.signed_bytes))


def test_a_terminal_may_have_no_card_printer(tmp_path: Path) -> None:
    configuration = configured(tmp_path, "")
    assert card_making.open_card_printer(configuration, ClockOffset(tmp_path / "offset")) is None
    assert card_making.open_card_encoder(configuration) is None
    assert devices.open_capture_unit(configuration) is None


def test_a_slots_motor_is_looked_for_where_it_is_named(tmp_path: Path) -> None:
    with CaptureUnitSimulator(tmp_path / "slot", link=tmp_path / "motor"):
        unit = devices.open_capture_unit(configured(tmp_path, '[capture_unit]\nport = "motor"'))
        assert unit is not None
        assert unit.status().media is Media.NOT_PRESENT
        unit.close()
    with pytest.raises(ConfigurationError, match="capture_unit"):
        configured(tmp_path, "[capture_unit]")


def test_a_printer_that_is_named_feeds_for_this_terminal_by_the_centres_clock(tmp_path: Path) -> None:
    keys_of_the_centre(tmp_path)
    offset = ClockOffset(tmp_path / "offset")
    with CardPrinterSimulator(tmp_path / "printer") as simulator:
        simulator.load_blanks([blank()])
        simulator.change_ribbon()
        configuration = configured(tmp_path, f'{SECTION}"127.0.0.1:{simulator.port}"')
        printer = card_making.open_card_printer(configuration, offset)
        assert printer is not None
        offset.learn(time.time() + 600, time.time())
        with pytest.raises(IssuanceRefused) as refused:
            printer.feed(token(300_000))
        assert refused.value.why is Refusal.EXPIRED
        printer.feed(token(900_000))
        assert printer.status().position is Position.CONTACT_STATION
        printer.close()
    encoder = card_making.open_card_encoder(configuration)
    assert encoder is not None
    encoder.close()


def test_a_device_file_is_looked_for_where_it_is_named(tmp_path: Path) -> None:
    keys_of_the_centre(tmp_path)
    configuration = configured(tmp_path, f'{SECTION}"{tmp_path}/lp0"')
    printer = card_making.open_card_printer(configuration, ClockOffset(tmp_path / "offset"))
    assert printer is not None
    with pytest.raises(NotConnected, match="lp0"):
        printer.status()


def test_without_the_centres_key_no_token_could_be_believed(tmp_path: Path) -> None:
    configuration = configured(tmp_path, f'{SECTION}"127.0.0.1:9100"')
    with pytest.raises(ConfigurationError, match=r"public\.json"):
        card_making.open_card_printer(configuration, ClockOffset(tmp_path / "offset"))


def test_a_port_that_no_line_has_is_refused_at_start(tmp_path: Path) -> None:
    configuration = configured(tmp_path, f'{SECTION}"127.0.0.1:99999"')
    with pytest.raises(ConfigurationError, match=r"card_printer\.line"):
        card_making.open_card_printer(configuration, ClockOffset(tmp_path / "offset"))


@pytest.mark.parametrize(
    "section",
    [
        "[card_printer]",
        f"{SECTION}9100",
        f'{SECTION}"192.168.7.20"',
        f'{SECTION}"lp0"',
        '[card_printer]\nline = "/dev/x"',
    ],
)
def test_a_wrong_card_printer_section_is_refused_at_start(tmp_path: Path, section: str) -> None:
    with pytest.raises(ConfigurationError, match="card_printer"):
        configured(tmp_path, section)
