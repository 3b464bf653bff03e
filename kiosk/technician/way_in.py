"""A running terminal's whole desk: the page that asks who it is, and behind it the pages for whoever came in."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from drivers.card_reader import PcscCardReader
from kiosk.bootstrap import DeskMaker
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.configuration import Configuration
from kiosk.custody.book import StockBook
from kiosk.equipment.card_making import stock_sizes
from kiosk.runtime.journal import DurableJournal
from kiosk.runtime.live_note import LiveNote
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.technician.admission import Admission, Admitted
from kiosk.technician.desk import Desk, Visit
from kiosk.technician.front_desk import Devices, FrontDesk, recorder


def desk_maker(file: Path, configuration: Configuration) -> DeskMaker:
    """What makes this terminal's desk, for :func:`kiosk.bootstrap.run_terminal`.

    :param file: ``kiosk.toml``, which the pages show and change.
    :param configuration: what it says, with the keys where they are.
    """

    def make(*, journal: DurableJournal, viewfinder: Viewfinder, note: LiveNote) -> FrontDesk:
        admission = Admission.of(configuration, journal)
        offset = ClockOffset(configuration.offset_path)

        @contextlib.contextmanager
        def book() -> Iterator[StockBook]:
            region, sizes = configuration.terminal.region, stock_sizes(configuration)
            yield StockBook(journal, region, sizes, clock=time.time, offset_ms=offset.milliseconds)

        def inside(who: Admitted) -> Desk:
            return Desk(
                Visit(
                    file=file,
                    staff=who.staff,
                    role=who.role,
                    record=recorder(admission, who),
                    open_book=book,
                    witness=lambda staff, digits: admission.witness(staff, digits, beside=who.staff),
                    viewfinder=viewfinder,
                    note=note,
                )
            )

        slot = configuration.card_reader.name
        return FrontDesk(admission, Devices.of(configuration, lambda: PcscCardReader(slot)), inside)

    return make
