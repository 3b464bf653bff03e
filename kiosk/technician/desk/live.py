"""What each device says of itself at this moment, field by field."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Final

from drivers.pin_pad.discovery import open_pin_pad
from drivers.transport.pcsc import PcscContext
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.configuration import Configuration
from kiosk.equipment.card_making import open_card_printer
from kiosk.equipment.devices import (
    open_camera,
    open_capture_unit,
    open_card_reader,
    open_id_reader,
    open_receipt_printer,
)
from kiosk.journeys.technician_views import Row
from kiosk.technician.desk.pages import row, yes


def values(noun: str, configuration: Configuration) -> tuple[Row, ...]:
    """All that one device tells; nothing where the terminal has none.

    :raises DeviceError: it does not answer.
    """
    return _TOLD[noun](configuration)


def _card_reader(configuration: Configuration) -> tuple[Row, ...]:
    context = PcscContext("card_reader")
    try:
        names = context.readers()
    finally:
        context.release()
    with contextlib.closing(open_card_reader(configuration.card_reader.name)) as reader:
        present = reader.card_present()
    return (
        row("系统里的读卡器", "readers of the daemon", ", ".join(names)),
        row("卡在里面", "a card is in it", yes(present)),
    )


def _pin_pad(configuration: Configuration) -> tuple[Row, ...]:
    section = configuration.pin_pad
    with contextlib.closing(open_pin_pad(str(section.port), section.dialect)) as pad:
        identity = pad.identify()
    return (
        row("协议", "dialect", identity.dialect),
        row("版本", "version", identity.version),
        row("序列号", "serial number", identity.serial),
    )


def _id_reader(configuration: Configuration) -> tuple[Row, ...]:
    reader = open_id_reader(configuration)
    if reader is None:
        return ()
    with contextlib.closing(reader):
        return (row("模块号", "module's number", reader.identify().sam_id),)


def _receipt_printer(configuration: Configuration) -> tuple[Row, ...]:
    printer = open_receipt_printer(configuration)
    if printer is None:
        return ()
    with contextlib.closing(printer):
        status = printer.status()
    return (
        row("纸", "paper", status.paper.value),
        row("盖子开着", "cover is open", yes(status.cover_open)),
        row("卡纸或切刀停了", "jammed", yes(status.jammed)),
        row("脱机", "offline", yes(status.offline)),
    )


def _camera(configuration: Configuration) -> tuple[Row, ...]:
    camera = open_camera(configuration)
    if camera is None:
        return ()
    with contextlib.closing(camera):
        return (row("名称", "name", camera.identify().name),)


def _card_printer(configuration: Configuration) -> tuple[Row, ...]:
    printer = open_card_printer(configuration, ClockOffset(configuration.offset_path))
    if printer is None:
        return ()
    with contextlib.closing(printer):
        status = printer.status()
    return (
        row("卡的状态", "card", status.media.value),
        row("卡的位置", "position", status.position.value),
        row("卡箱", "hopper", status.hopper.value),
        row("废卡箱", "reject bin", status.reject_bin.value),
        row("回收箱", "retained bin", status.retained_bin.value),
        row("色带", "ribbon", status.ribbon.kind),
        row("还能印几面", "faces left", status.ribbon.faces_left),
        row("盖子开着", "cover is open", yes(status.cover_open)),
    )


def _capture_unit(configuration: Configuration) -> tuple[Row, ...]:
    unit = open_capture_unit(configuration)
    if unit is None:
        return ()
    with contextlib.closing(unit):
        status = unit.status()
    return (row("卡的状态", "card", status.media.value), row("箱", "bin", status.bin.value))


_TOLD: Final[Mapping[str, Callable[[Configuration], tuple[Row, ...]]]] = {
    "card_reader": _card_reader,
    "pin_pad": _pin_pad,
    "id_reader": _id_reader,
    "receipt_printer": _receipt_printer,
    "camera": _camera,
    "card_printer": _card_printer,
    "capture_unit": _capture_unit,
}
