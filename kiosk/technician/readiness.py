"""The end of setting up: what the doctor found and which devices are there, signed, kept, and handed to the centre."""

import contextlib
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

from kiosk import bootstrap
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.configuration import Configuration
from kiosk.credentials import read_centre_keys, read_terminal_key
from kiosk.records.readiness import CheckTold, DeviceTold, HandInReadiness, ReadinessKept, ReadinessReport
from kiosk.technician.findings import Finding, State
from kiosk.technician.provisioning import DEVICES
from kiosk.technician.scan import Found

JSON: Final = "readiness.json"
PDF: Final = "readiness.pdf"
_ONCE_STARTED: Final = frozenset({"receipts", "queue", "roster", "services", "terminal"})
"""Nothing can be said of these before terminal and uplink run, and setting up ends before they do."""
_MAYBE_UNTOLD: Final = frozenset({"clock", "services", "display"})
"""A clock that is right leaves no offset to be looked at; not every machine has systemd, or an X server of ours."""


def is_ready(findings: Sequence[Finding]) -> bool:
    """Whether citizens can be served: no fault, and nothing left untried but what nothing can be said of yet."""
    runs = any(one.check == "terminal" and one.state is not State.NOT_TRIED for one in findings)
    faults = {one.check for one in findings if one.state is State.FAULT}
    untried = {one.check for one in findings if one.state is State.NOT_TRIED}
    if runs:
        return not faults and untried <= _MAYBE_UNTOLD
    return faults <= _ONCE_STARTED and untried <= _ONCE_STARTED | _MAYBE_UNTOLD


def devices_of(configuration: Configuration, findings: Sequence[Finding]) -> tuple[Found, ...]:
    """The terminal's devices where nobody scanned: as ``kiosk.toml`` names them, with what each told its check."""
    found = {one.check: one.found for one in findings if one.state is not State.ABSENT}
    return tuple(
        Found(kind, str(getattr(section, key)), found.get(kind, ""))
        for kind, key in DEVICES.items()
        if (section := getattr(configuration, kind)) is not None
    )


def report_of(configuration: Configuration, findings: Sequence[Finding], devices: Sequence[Found]) -> ReadinessReport:
    """What was found, dated by the centre's time as far as it is known."""
    offset_ms = ClockOffset(configuration.offset_path).milliseconds()
    return ReadinessReport(
        terminal=configuration.terminal.id,
        region=configuration.terminal.region,
        place=configuration.terminal.place,
        version=_version(),
        made_at_ms=max(int(time.time() * 1000) + offset_ms, 0),
        passed=is_ready(findings),
        checks=tuple(
            CheckTold(
                check=one.check,
                state=one.state.value,
                found=one.found,
                cause=one.cause.value if one.cause is not None else "",
            )
            for one in findings
        ),
        devices=tuple(DeviceTold(kind=one.kind, name=one.name, told=one.told) for one in devices),
    )


def keep(configuration: Configuration, report: ReadinessReport, folder: Path) -> HandInReadiness:
    """Sign the report, and write it as JSON and as PDF.

    :returns: what the centre gets.
    :raises ConfigurationError: the terminal's key or the fonts are not there.
    :raises OSError: it can't be written.
    """
    # Its library brings a font subsetter: only where somebody draws.
    from kiosk.technician.readiness_sheet import draw  # noqa: PLC0415 - see above

    signed = HandInReadiness.signed(report, read_terminal_key(configuration))
    sheet = draw(report, signed, configuration.paths.assets / "fonts")
    for name, data in ((JSON, msgspec.json.format(msgspec.json.encode(signed))), (PDF, sheet)):
        fresh = folder / f"{name}.fresh"
        fresh.write_bytes(data)
        fresh.replace(folder / name)
    return signed


def hand_in(configuration: Configuration, signed: HandInReadiness) -> ReadinessKept:
    """Give the report to the centre; again, it changes nothing.

    :raises kiosk.central_client.errors.CentralError: it is not kept.
    :raises ConfigurationError: the centre's files are missing or wrong.
    """
    connection = bootstrap.connect(
        configuration, read_centre_keys(configuration), ClockOffset(configuration.offset_path)
    )
    with contextlib.closing(connection):
        return connection.ask("/v1/readiness", signed, ReadinessKept)


def _version() -> str:
    try:
        return version("social-security-card-terminal")
    except PackageNotFoundError:
        return "unknown"
