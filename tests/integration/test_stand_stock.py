"""The blanks of a terminal of the stand: in its book from the first day on, and once."""

from pathlib import Path

import msgspec
import pytest

from kiosk import bootstrap
from kiosk.configuration import load_configuration
from kiosk.custody.book import read_history, read_stock
from kiosk.custody.stock import obstacle
from kiosk.equipment.card_making import stock_sizes
from simulators.card_printer import CardPrinterSimulator
from simulators.card_printer.blanks import BlankMaker
from simulators.card_printer.body import tally
from simulators.stand.terminals import TerminalPlace, Wiring
from tests.centre import REPOSITORY, RunningCentre


@pytest.fixture
def wiring(tmp_path: Path, centre: RunningCentre) -> Wiring:
    (tmp_path / "public.json").write_bytes(msgspec.json.encode(centre.public))
    return Wiring(
        regions=REPOSITORY / "config" / "regions",
        handbook=REPOSITORY / "config" / "handbook",
        outlets=REPOSITORY / "config" / "outlets",
        card_faces=REPOSITORY / "config" / "card_faces",
        assets=REPOSITORY / "assets",
        holidays=REPOSITORY / "config" / "holidays" / "china.toml",
        width=540,
        height=960,
        reader="reader",
        contact_station="station",
        id_reader=tmp_path / "id-reader",
        camera="http://127.0.0.1:1/camera.mjpg",
        centre_url=centre.url,
        centre_ca=centre.ca_file,
        centre_keys=tmp_path / "public.json",
        environment={},
    )


def test_hopper_and_book_agree_from_the_first_day_on_and_nothing_is_handed_over_twice(
    tmp_path: Path, wiring: Wiring
) -> None:
    place = TerminalPlace("zmd-0001", "zhumadian", tmp_path / "zmd-0001")
    log = tmp_path / "log"
    blanks = BlankMaker(place.card_printer_folder, "4117", "3.00", None, "示例银行")
    with CardPrinterSimulator(place.card_printer_folder) as printer:
        printer.load_blanks(blanks.make(20))
    for motor in (None, tmp_path / "motor"):
        place.furnish(wiring, "127.0.0.1:9100", motor)
        place.make_pad("00000042")
        if motor is None:
            place.enrol(wiring, log)
        place.stock_up(tally(place.card_printer_folder).hopper, wiring, log)
        configuration = load_configuration(place.config)
        bootstrap.check_start(configuration)
        with bootstrap.open_kept(configuration) as kept:
            stock = read_stock(kept.kept)
            assert (stock.movements, stock.balance.hopper) == (1, 20)
            (first,) = read_history(kept.kept)
            assert first.movement.by != first.movement.and_by
            assert obstacle(stock, stock_sizes(configuration)) is None
    with CardPrinterSimulator(place.card_printer_folder) as printer:
        printer.load_blanks(blanks.make(10))
    place.close_out(tally(place.card_printer_folder), wiring, log)
    with bootstrap.open_kept(load_configuration(place.config)) as kept:
        assert read_stock(kept.kept).balance.hopper == 30
