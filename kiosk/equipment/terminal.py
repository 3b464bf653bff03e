"""All that stands on one terminal."""

from drivers.pin_pad.discovery import open_pin_pad
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.configuration import Configuration
from kiosk.custody.book import StockLedger
from kiosk.equipment.card_making import open_card_maker
from kiosk.equipment.devices import (
    forgotten_cards,
    open_bell,
    open_camera,
    open_capture_unit,
    open_card_reader,
    open_id_reader,
    open_receipt_printer,
)
from kiosk.runtime.surroundings import Devices


def open_devices(configuration: Configuration, ledger: StockLedger, offset: ClockOffset) -> Devices:
    """All that the configuration names. A device that is missing is found missing by whoever first needs it.

    :param ledger: where the book of the blank cards is kept.
    :raises ConfigurationError: something that it names can't be, or wants something that it does not name.
    """
    capture_unit = open_capture_unit(configuration)
    return Devices(
        open_card_reader(configuration.card_reader.name),
        open_pin_pad(str(configuration.pin_pad.port), configuration.pin_pad.dialect),
        open_id_reader(configuration),
        open_receipt_printer(configuration),
        open_camera(configuration),
        open_card_maker(configuration, ledger, offset, capture_unit),
        capture_unit,
        forgotten_cards(configuration),
        open_bell(configuration),
    )
