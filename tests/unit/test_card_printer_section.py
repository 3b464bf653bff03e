"""The card printer's section of ``kiosk.toml``: left out, right, wrong; the centre's key and clock behind it."""

import base64
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.card_printer import evolis
from drivers.ports.card_printer import SELF_SERVICE, IssuanceRefused, IssuanceToken, Media, Position, Refusal
from drivers.ports.errors import NotConnected
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.configuration import Configuration, ConfigurationError
from kiosk.equipment import card_making, devices
from kiosk.runtime.surroundings import ForgottenCards
from simulators.capture_unit import CaptureUnitSimulator
from simulators.card_printer import CardPrinterSimulator
from tests.blanks import blank
from tests.centre import REPOSITORY
from tests.contract.test_card_printer import CENTRE
from tests.ledgers import create
from tests.unit.test_receipt_printer_section import configured

CARD_FACES = REPOSITORY / "config" / "card_faces"
STOCK = """
[stock]
hopper = 100
hopper_low = 10
reject_bin = 30
reject_bin_high = 24
retained_bin = 30
retained_bin_high = 24
"""
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
    keys_of_the_centre(tmp_path)
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
        f'{SECTION}"/dev/usb/lp0"\ndriver = "zebra"',
        f'{SECTION}"/dev/usb/lp0"\ndriver = "ipp"',
        f'{SECTION}"ipps://localhost/printers/cards"\ndriver = "ipp"',
        f'{SECTION}"192.168.7.20:9100"\ndriver = "evolis"',
    ],
)
def test_a_wrong_card_printer_section_is_refused_at_start(tmp_path: Path, section: str) -> None:
    with pytest.raises(ConfigurationError, match="card_printer"):
        configured(tmp_path, section)


def test_a_queue_is_a_printer_that_makes_no_cards_for_citizens(tmp_path: Path) -> None:
    keys_of_the_centre(tmp_path)
    configuration = configured(tmp_path, f'{SECTION}"ipp://localhost:9/printers/cards"\ndriver = "ipp"')
    offset = ClockOffset(tmp_path / "offset")
    printer = card_making.open_card_printer(configuration, offset)
    assert printer is not None
    with pytest.raises(NotConnected):
        printer.status()
    with pytest.raises(ConfigurationError, match="no bins, contact_station, exit"):
        card_making.check_card_making(configuration, offset)
    with create(tmp_path / "ledger") as ledger, pytest.raises(ConfigurationError, match=r"card_printer\.driver"):
        card_making.open_card_maker(configuration, ledger, offset)
    unlike = configured(tmp_path, f'{SECTION}"ipp://:1/printers/cards"\ndriver = "ipp"')
    with pytest.raises(ConfigurationError, match=r"card_printer\.line"):
        card_making.open_card_printer(unlike, offset)


def test_a_makers_library_is_looked_for_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys_of_the_centre(tmp_path)
    configuration = configured(tmp_path, f'{SECTION}"Evolis KC200B"\ndriver = "evolis"')
    offset = ClockOffset(tmp_path / "offset")
    monkeypatch.setattr(evolis, "is_installed", lambda: True)
    printer = card_making.open_card_printer(configuration, offset)
    assert printer is not None
    assert printer.abilities == SELF_SERVICE
    monkeypatch.setattr(evolis, "is_installed", lambda: False)
    with pytest.raises(ConfigurationError, match=r"extra \[evolis\]"):
        card_making.open_card_printer(configuration, offset)


def test_a_slot_with_a_motor_keeps_a_forgotten_card_after_the_time_that_is_set(tmp_path: Path) -> None:
    assert devices.forgotten_cards(configured(tmp_path, "")) is None
    usual = devices.forgotten_cards(configured(tmp_path, '[capture_unit]\nport = "motor"'))
    assert usual == ForgottenCards(90)
    section = '[capture_unit]\nport = "motor"\nretain_after_s = {}\ngives_back_at = "大厅服务台"'
    assert devices.forgotten_cards(configured(tmp_path, section.format(60))) == ForgottenCards(60, "大厅服务台")
    with pytest.raises(ConfigurationError, match="retain_after_s"):
        configured(tmp_path, section.format(5))


def with_a_maker(folder: Path, *, stock: str = STOCK, faces: str = f'card_faces = "{CARD_FACES}"') -> Configuration:
    keys_of_the_centre(folder)
    # [paths] is the last table of the file, so its further key comes first.
    return configured(folder, f'{faces}\n{SECTION}"127.0.0.1:9100"\nusual_minutes = 3\n{stock}')


def test_what_cards_are_made_with_is_put_together(tmp_path: Path) -> None:
    configuration = with_a_maker(tmp_path)
    offset = ClockOffset(tmp_path / "offset")
    card_making.check_card_making(configuration, offset)
    with create(tmp_path / "ledger") as ledger:
        maker = card_making.open_card_maker(configuration, ledger, offset)
        assert maker is not None
        assert (maker.usual_minutes, maker.slot, maker.book.sizes.hopper) == (3, None, 100)
        maker.book.hand_over(2, by="A", and_by="B")
        assert maker.book.stock().balance.hopper == 2
        with pytest.raises(NotConnected):  # nothing listens there: found by whoever asks, not at the start
            maker.printer.status()


def test_where_there_is_no_printer_nothing_is_made(tmp_path: Path) -> None:
    configuration = configured(tmp_path, "")
    offset = ClockOffset(tmp_path / "offset")
    card_making.check_card_making(configuration, offset)
    with create(tmp_path / "ledger") as ledger:
        assert card_making.open_card_maker(configuration, ledger, offset) is None


@pytest.mark.parametrize(
    ("lacking", "told"),
    [
        ({"stock": ""}, r"^stock: the section is missing; \[card_printer\] wants"),
        ({"faces": ""}, r"^paths\.card_faces: missing"),
        ({"faces": 'card_faces = "nowhere"'}, r"^paths\.card_faces: .*nowhere/national\.toml: can't be read"),
    ],
)
def test_what_the_making_of_cards_lacks_is_told_at_start(tmp_path: Path, lacking: dict[str, str], told: str) -> None:
    configuration = with_a_maker(tmp_path, **lacking)
    with pytest.raises(ConfigurationError, match=told):
        card_making.check_card_making(configuration, ClockOffset(tmp_path / "offset"))


def test_a_wrong_layout_is_told_with_file_and_line(tmp_path: Path) -> None:
    text = (CARD_FACES / "national.toml").read_text(encoding="utf-8")
    (tmp_path / "national.toml").write_text(text.replace('ground = "', 'ground = "red or '), encoding="utf-8")
    configuration = with_a_maker(tmp_path, faces=f'card_faces = "{tmp_path}"')
    with pytest.raises(ConfigurationError, match=r"^paths\.card_faces: .*national\.toml:\d+: ground: .*wanted is"):
        card_making.check_card_making(configuration, ClockOffset(tmp_path / "offset"))


@pytest.mark.parametrize("minutes", ["0", "61", '"three"'])
def test_a_time_that_no_card_takes_is_refused(tmp_path: Path, minutes: str) -> None:
    with pytest.raises(ConfigurationError, match="usual_minutes"):
        configured(tmp_path, f'{SECTION}"127.0.0.1:9100"\nusual_minutes = {minutes}')
